package observe_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// noon is when the made-up requests of these tests begin.
func noon() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

// request is one line of an audit log, n ms after noon. Parts replace what a plain update of a Pod has.
func request(n int, verb, uri, ref, code, response string) string {
	at := noon().Add(time.Duration(n) * time.Millisecond).Format("2006-01-02T15:04:05.000000Z")
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","stage":"ResponseComplete","requestURI":%q,"verb":%q,`+
		`"user":{"username":"learner"},"userAgent":"kubectl/v1.37.2","objectRef":%s,"responseStatus":{"metadata":{},"code":%s},"responseObject":%s,`+
		`"requestReceivedTimestamp":%q,"stageTimestamp":%q}`, uri, verb, ref, code, response, at, at) + "\n"
}

const (
	podURI = "/api/v1/namespaces/learn-heal/pods/web-1"
	podRef = `{"resource":"pods","namespace":"learn-heal","name":"web-1","apiVersion":"v1"}`
)

// object is a Pod web-1 of a version, with more metadata.
func object(version int, metadata string) string {
	return fmt.Sprintf(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1","namespace":"learn-heal","uid":"u1","resourceVersion":"%d"%s}}`, version, metadata)
}

func write(t *testing.T, dir string, lines ...string) string {
	t.Helper()
	path := filepath.Join(dir, "audit.log")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string, since time.Time) *snapshot.Timeline {
	t.Helper()
	tl, err := observe.ReadAudit(path, since, "learn-heal")
	if err != nil {
		t.Fatal(err)
	}
	return tl
}

// told writes the changes since a timeline's start in short.
func told(tl *snapshot.Timeline) string {
	var all []string
	for _, c := range tl.Changes {
		if !c.At.Before(tl.Start) {
			all = append(all, short(c))
		}
	}
	return strings.Join(all, ", ")
}

func short(c snapshot.Change) string {
	text := fmt.Sprintf("%s %s %s", c.Type, c.Verb, c.Name)
	if c.Subresource != "" {
		text += "/" + c.Subresource
	}
	if c.Object != nil {
		text += " " + c.Object.GetKind() + c.Object.GetResourceVersion()
	}
	return strings.TrimSpace(text)
}

// What a real API server wrote while a Pod was deleted and another took its place.
func TestReadAuditOfARealCluster(t *testing.T) {
	path := filepath.Join("testdata", "delete-pod.audit.log")
	whole := read(t, path, time.Time{})
	var since time.Time
	for _, c := range whole.Changes {
		if c.Verb == "delete" && c.User == "learner" && strings.HasPrefix(c.UserAgent, "kubectl/") && c.Resource == "pods" {
			since = c.At
			if c.Type != snapshot.Modified || c.Object.GetDeletionTimestamp() == nil || c.Source != snapshot.FromAudit {
				t.Errorf("a deletion with a grace period is %s of %v", c.Type, c.Object)
			}
		}
	}
	if since.IsZero() {
		t.Fatal("the learner's deletion was not found")
	}
	tl := read(t, path, since)
	found := map[string]int{}
	before := 0
	for i, c := range tl.Changes {
		if i > 0 && c.At.Before(tl.Changes[i-1].At) {
			t.Errorf("change %d is older than the one before it", i)
		}
		if c.At.Before(since) {
			before++
			continue
		}
		user := c.User[strings.LastIndexByte(c.User, ':')+1:]
		found[user+" "+c.Verb+" "+c.Resource+" "+c.Subresource+" "+string(c.Type)]++
	}
	for _, want := range []string{
		"replicaset-controller create pods  ADDED",
		"kube-scheduler create pods binding MODIFIED",
		"worker-2 patch pods status MODIFIED",
		"endpointslice-controller update endpointslices  MODIFIED",
	} {
		if found[want] == 0 {
			t.Errorf("no %q among %v", want, found)
		}
	}
	ended := 0
	for k, n := range found {
		if strings.Contains(k, "delete pods  DELETED") && strings.HasPrefix(k, "worker-") {
			ended += n
		}
	}
	if ended != 1 {
		t.Errorf("%d kubelets' final deletions, want 1: %v", ended, found)
	}
	if before == 0 {
		t.Error("nothing tells of the state before")
	}
}

func TestReadAudit(t *testing.T) {
	mark := `,"deletionTimestamp":"2026-05-04T12:00:30Z","deletionGracePeriodSeconds":`
	status := `{"kind":"Status","apiVersion":"v1","status":"Success","details":{"name":"web-1","uid":"u1"}}`
	sub := func(name string) string { return strings.Replace(podRef, "}", `,"subresource":"`+name+`"}`, 1) }
	for _, c := range []struct{ name, line, want string }{
		{"update", request(1, "update", podURI, podRef, "200", object(2, "")), "MODIFIED update web-1 Pod2"},
		{"apply that makes", request(1, "patch", podURI+"?fieldManager=x", podRef, "201", object(2, "")), "ADDED patch web-1 Pod2"},
		{"made-up name", request(1, "create", "/api/v1/namespaces/learn-heal/pods", `{"resource":"pods","namespace":"learn-heal"}`, "201", object(2, "")), "ADDED create web-1 Pod2"},
		{"graceful deletion", request(1, "delete", podURI, podRef, "200", object(2, mark+"30")), "MODIFIED delete web-1 Pod2"},
		{"final deletion", request(1, "delete", podURI, podRef, "200", object(2, mark+"0")), "DELETED delete web-1 Pod2"},
		{"deletion held by a finalizer", request(1, "delete", podURI, podRef, "200", object(2, mark+`0,"finalizers":["x"]`)), "MODIFIED delete web-1 Pod2"},
		{"last finalizer gone", request(1, "patch", podURI, podRef, "200", object(3, mark+"0")), "DELETED patch web-1 Pod3"},
		{"last finalizer gone, answered with metadata", request(1, "patch", podURI, podRef, "200", strings.Replace(object(3, mark+"0"), `"kind":"Pod"`, `"kind":"PartialObjectMetadata"`, 1)), "DELETED patch web-1 PartialObjectMetadata3"},
		{"deletion answered with a status", request(1, "delete", podURI, podRef, "200", status), "DELETED delete web-1"},
		{"status", request(1, "patch", podURI+"/status", sub("status"), "200", object(2, "")), "MODIFIED patch web-1/status Pod2"},
		{"binding", strings.Replace(request(1, "create", podURI+"/binding", sub("binding"), "201", status), `"responseObject"`,
			`"requestObject":{"kind":"Binding","apiVersion":"v1","metadata":{"name":"web-1"},"target":{"name":"worker-1"}},"responseObject"`, 1), "MODIFIED create web-1/binding Binding"},
		{"collection", request(1, "deletecollection", "/api/v1/namespaces/learn-heal/pods", `{"resource":"pods","namespace":"learn-heal"}`, "200",
			`{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a","namespace":"learn-heal","uid":"ua"}},{"metadata":{"name":"b","namespace":"learn-heal","uid":"ub"}}]}`),
			"DELETED deletecollection a Pod, DELETED deletecollection b Pod"},
		{"exec", request(1, "get", podURI+`/exec?command=kill&command=1`, sub("exec"), "101", "null"), "create web-1/exec PodExecOptions"},
		{"refused", request(1, "create", podURI, podRef, "403", `{"kind":"Status","apiVersion":"v1","code":403}`), "create web-1 Status"},
		{"conflict", request(1, "update", podURI, podRef, "409", status), ""},
		{"not found", request(1, "delete", podURI, podRef, "404", status), ""},
		{"read", request(1, "get", podURI, podRef, "200", object(2, "")), ""},
		{"dry run", request(1, "delete", podURI+"?dryRun=All", podRef, "200", object(2, "")), ""},
		{"another namespace", strings.ReplaceAll(request(1, "update", podURI, podRef, "200", object(2, "")), "learn-heal", "learn-heal2"), ""},
		{"a cluster role", request(1, "update", "/apis/rbac/v1/clusterroles/x", `{"resource":"clusterroles","name":"x"}`, "200", `{"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1"}`), ""},
		{"a node", request(1, "update", "/api/v1/nodes/n", `{"resource":"nodes","name":"n"}`, "200", `{"kind":"Node","apiVersion":"v1","metadata":{"name":"n"}}`), "MODIFIED update n Node"},
		{"not the last stage", strings.Replace(request(1, "update", podURI, podRef, "200", object(2, "")), "ResponseComplete", "RequestReceived", 1), ""},
		{"impersonated", strings.Replace(request(1, "update", podURI, podRef, "200", object(2, "")), `"userAgent"`, `"impersonatedUser":{"username":"eve"},"userAgent"`, 1), "MODIFIED update web-1 Pod2"},
		{"damaged", "{\"kind\":\"Ev\n", ""},
		{"torn", strings.TrimSuffix(request(1, "update", podURI, podRef, "200", object(2, "")), "\n")[:300], ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tl := read(t, write(t, t.TempDir(), c.line), noon())
			if got := told(tl); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.name == "impersonated" && tl.Changes[0].User != "eve" {
				t.Errorf("the user is %s, want whom the request was made for", tl.Changes[0].User)
			}
		})
	}
}

func TestReadAuditKnowsTheStateBefore(t *testing.T) {
	path := write(t, t.TempDir(),
		request(-900, "create", "/api/v1/namespaces/learn-heal/pods", podRef, "201", object(1, "")),
		request(-800, "patch", podURI+"/status", strings.Replace(podRef, "}", `,"subresource":"status"}`, 1), "200", object(2, "")),
		request(-700, "update", podURI, podRef, "200", object(3, "")),
		request(-600, "update", podURI, podRef, "409", `{"kind":"Status","apiVersion":"v1"}`),
		strings.ReplaceAll(request(-500, "create", "/api/v1/namespaces/learn-heal/pods", podRef, "201", object(4, "")), "web-1", "web-2"),
		strings.ReplaceAll(request(-400, "delete", podURI, podRef, "200", `{"kind":"Status","apiVersion":"v1"}`), "web-1", "web-2"),
		request(5, "delete", podURI, podRef, "200", `{"kind":"Status","apiVersion":"v1"}`),
	)
	tl := read(t, path, noon())
	var all []string
	for _, c := range tl.Changes {
		all = append(all, short(c))
	}
	if got, want := strings.Join(all, ", "), "MODIFIED update web-1 Pod3, DELETED delete web-1 Pod3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !tl.Start.Equal(noon()) || !tl.End.Equal(noon().Add(5*time.Millisecond)) {
		t.Errorf("from %v to %v", tl.Start, tl.End)
	}
}

func TestReadAuditReadsWhatWasPutAside(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, request(20, "update", podURI, podRef, "200", object(3, "")))
	aside := func(name string, line string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	aside("audit-2026-05-04T12-00-00.015.log", request(10, "update", podURI, podRef, "200", object(2, "")))
	aside("audit-2026-05-04T11-59-00.000.log", request(5, "update", podURI, podRef, "200", object(1, ""))) // too old to hold anything of interest
	aside("audit-notes.log", request(6, "update", podURI, podRef, "200", object(1, "")))
	if got, want := told(read(t, path, noon())), "MODIFIED update web-1 Pod2, MODIFIED update web-1 Pod3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := observe.ReadAudit(filepath.Join(dir, "none.log"), noon(), ""); err != nil {
		t.Errorf("a log that is not there yet gave %v", err)
	}
}

func TestFollowAudit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	changes, err := observe.FollowAudit(ctx, path, noon(), "learn-heal")
	if err != nil {
		t.Fatal(err)
	}
	next := func(want string) {
		t.Helper()
		select {
		case c, ok := <-changes:
			if got := short(c); !ok || got != want {
				t.Fatalf("got %q (%v), want %q", got, ok, want)
			}
		case <-ctx.Done():
			t.Fatalf("%q never came", want)
		}
	}
	appendTo := func(text string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(request(-5, "update", podURI, podRef, "200", object(1, "")) + request(1, "update", podURI, podRef, "200", object(2, "")))
	next("MODIFIED update web-1 Pod2")
	line := request(2, "update", podURI, podRef, "200", object(3, ""))
	appendTo(line[:200]) // torn in the middle
	appendTo(line[200:] + request(3, "update", podURI, podRef, "200", object(4, "")))
	next("MODIFIED update web-1 Pod3")
	next("MODIFIED update web-1 Pod4")
	if err := os.Rename(path, filepath.Join(dir, "audit-2026-05-04T12-00-01.000.log")); err != nil {
		t.Fatal(err)
	}
	appendTo(request(4, "update", podURI, podRef, "200", object(5, "")))
	next("MODIFIED update web-1 Pod5")
	cancel()
	for range changes { // ends when the channel is closed
	}
}

func TestMergeCountsEachWriteOnce(t *testing.T) {
	audit := read(t, write(t, t.TempDir(),
		request(1, "update", podURI, podRef, "200", object(2, "")),
		request(5, "delete", podURI, podRef, "200", object(3, `,"deletionTimestamp":"2026-05-04T12:00:30Z","deletionGracePeriodSeconds":0`)),
	), noon())
	watched := &snapshot.Timeline{Start: noon().Add(-time.Second), End: noon().Add(time.Second)}
	for i, c := range audit.Changes {
		w := snapshot.Change{At: c.At.Add(time.Millisecond), Source: snapshot.FromWatch, Type: c.Type, Object: c.Object, Resource: "pods", Name: c.Name}
		if c.Type == snapshot.Deleted {
			w.Object = c.Object.DeepCopy()
			w.Object.SetResourceVersion("99") // a watch gives the version of the deletion
		}
		watched.Changes = append(watched.Changes, w)
		if i == 0 {
			other := w
			other.Object = c.Object.DeepCopy()
			other.Object.SetUID("u2")
			watched.Changes = append(watched.Changes, other) // only the watch saw this one
		}
	}
	merged := observe.Merge(watched, audit, nil)
	var sources []string
	for _, c := range merged.Changes {
		sources = append(sources, string(c.Source)+" "+string(c.Object.GetUID()))
	}
	if got, want := strings.Join(sources, ", "), "audit u1, watch u2, audit u1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !merged.Start.Equal(watched.Start) || !merged.End.Equal(watched.End) {
		t.Errorf("from %v to %v", merged.Start, merged.End)
	}
}

// Package explain knows the engine's requests by this name and can't import package kube.
func TestTheEnginesName(t *testing.T) {
	if kube.UserAgent != "kubectl-learn-lesson" || kube.HealAgent != "kubectl-learn-heal" {
		t.Errorf("the engine calls itself %q and %q; package explain looks for kubectl-learn-lesson and kubectl-learn-heal", kube.UserAgent, kube.HealAgent)
	}
}
