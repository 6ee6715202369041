package observe_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube/kubetest"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

func setUp(t *testing.T) (*kubetest.Server, *observe.Observer, context.Context) {
	t.Helper()
	server := kubetest.New()
	o, err := observe.New(server.Config(), "learn-heal", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(func() {
		cancel()
		server.Close()
	})
	return server, o, ctx
}

func queries(t *testing.T, texts ...string) []snapshot.Query {
	t.Helper()
	var all []snapshot.Query
	for _, text := range texts {
		q, err := snapshot.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	}
	return all
}

func pod(name, label string) string {
	return "{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", namespace: learn-heal, labels: {app: " + label + "}}}"
}

func names(s *snapshot.Snapshot) string {
	var all []string
	for _, o := range s.Objects {
		all = append(all, o.GetKind()+"/"+o.GetName())
	}
	return strings.Join(all, " ")
}

// until reads snapshots until one fits.
func until(t *testing.T, ctx context.Context, from <-chan *snapshot.Snapshot, what string, fits func(*snapshot.Snapshot) bool) *snapshot.Snapshot {
	t.Helper()
	for {
		select {
		case s, ok := <-from:
			if !ok {
				t.Fatalf("%s: the channel was closed", what)
			}
			if fits(s) {
				return s
			}
		case <-ctx.Done():
			t.Fatalf("%s: it never came", what)
		}
	}
}

func TestSnapshotHoldsWhatTheQueriesName(t *testing.T) {
	server, o, ctx := setUp(t)
	server.Put(pod("web-1", "web"))
	server.Put(pod("db-1", "db"))
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: elsewhere, namespace: default, labels: {app: web}}}")
	server.Put("{apiVersion: v1, kind: Node, metadata: {name: worker-1}}")
	server.Put("{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: worker-1, namespace: kube-node-lease}}")
	s := o.Snapshot(ctx, queries(t, "pods?app=web", "pod/db-1", "nodes", "leases"))
	if got, want := names(s), "Lease/worker-1 Node/worker-1 Pod/db-1 Pod/web-1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(s.Errors) != 0 {
		t.Errorf("errors %v", s.Errors)
	}
}

func TestSnapshotKeepsWhatCouldNotBeRead(t *testing.T) {
	server, o, ctx := setUp(t)
	server.Put(pod("web-1", "web"))
	server.Fail("services", 403)
	s := o.Snapshot(ctx, queries(t, "pods", "services"))
	if !strings.Contains(s.Errors["services"], "services can't be listed") {
		t.Errorf("errors are %v, want the API's own words about services", s.Errors)
	}
	if names(s) != "Pod/web-1" {
		t.Errorf("got %s", names(s))
	}
}

func TestWatchFollowsChanges(t *testing.T) {
	server, o, ctx := setUp(t)
	server.Put(pod("web-1", "web"))
	watched, err := o.Watch(ctx, queries(t, "pods?app=web", "services"))
	if err != nil {
		t.Fatal(err)
	}
	first := <-watched
	if names(first) != "Pod/web-1" {
		t.Errorf("the first snapshot holds %s", names(first))
	}
	server.Put(pod("web-2", "web"))
	until(t, ctx, watched, "a new Pod", func(s *snapshot.Snapshot) bool { return names(s) == "Pod/web-1 Pod/web-2" })
	server.Put(pod("web-1", "debug")) // relabelled: the query names it no longer
	until(t, ctx, watched, "a Pod without the label", func(s *snapshot.Snapshot) bool { return names(s) == "Pod/web-2" })
	server.Remove("pods", "learn-heal", "web-2")
	until(t, ctx, watched, "no Pods", func(s *snapshot.Snapshot) bool { return names(s) == "" })
}

func TestWatchIsPrompt(t *testing.T) {
	server, o, ctx := setUp(t)
	watched, err := o.Watch(ctx, queries(t, "pods"))
	if err != nil {
		t.Fatal(err)
	}
	<-watched
	const prompt = 100 * time.Millisecond
	best := time.Hour
	for start := time.Now(); best > prompt; { // other work may hold up some, but not all
		if time.Since(start) > 15*time.Second {
			t.Fatalf("a change was shown after %v at best, want at most %v", best, prompt)
		}
		begin := time.Now()
		made := server.Put(pod("web", begin.Format("05.000000000")))
		until(t, ctx, watched, "the change", func(s *snapshot.Snapshot) bool {
			return len(s.Objects) == 1 && s.Objects[0].GetResourceVersion() == made.GetResourceVersion()
		})
		best = min(best, time.Since(begin))
	}
}

func TestWatchGoesOnAfterABrokenConnection(t *testing.T) {
	server, o, ctx := setUp(t)
	watched, err := o.Watch(ctx, queries(t, "pods"))
	if err != nil {
		t.Fatal(err)
	}
	<-watched
	server.Stop()
	until(t, ctx, watched, "an error while the server is down", func(s *snapshot.Snapshot) bool { return s.Errors["pods"] != "" })
	server.Put(pod("web-1", "web"))
	server.Start()
	until(t, ctx, watched, "what happened meanwhile", func(s *snapshot.Snapshot) bool {
		return names(s) == "Pod/web-1" && len(s.Errors) == 0
	})
}

func TestWatchListsAgainWhenTheServerForgot(t *testing.T) {
	server, o, ctx := setUp(t)
	server.Put(pod("web-1", "web"))
	server.Put(pod("web-2", "web"))
	recorder := &observe.Recorder{}
	watched, err := o.Watch(ctx, queries(t, "pods"), recorder)
	if err != nil {
		t.Fatal(err)
	}
	<-watched
	since := time.Now()
	server.Stop()
	server.Remove("pods", "learn-heal", "web-1")
	server.Put(pod("web-3", "web"))
	server.Expire()
	server.Start()
	until(t, ctx, watched, "the new state", func(s *snapshot.Snapshot) bool { return names(s) == "Pod/web-2 Pod/web-3" })
	var told []string
	for _, c := range recorder.Timeline(since, time.Time{}).Changes {
		if !c.At.Before(since) {
			told = append(told, string(c.Type)+" "+c.Name)
		}
	}
	if got, want := strings.Join(told, ", "), "DELETED web-1, ADDED web-3"; got != want {
		t.Errorf("the recorder has %s, want %s", got, want)
	}
}

func TestWatchTellsOfWhatCantBeRead(t *testing.T) {
	server, o, ctx := setUp(t)
	server.Put(pod("web-1", "web"))
	server.Fail("services", 403)
	watched, err := o.Watch(ctx, queries(t, "pods", "services"))
	if err != nil {
		t.Fatal(err)
	}
	first := <-watched
	if first.Errors["services"] == "" || names(first) != "Pod/web-1" {
		t.Errorf("first: %s, errors %v", names(first), first.Errors)
	}
	server.Fail("services", 0)
	until(t, ctx, watched, "services that can be read", func(s *snapshot.Snapshot) bool { return len(s.Errors) == 0 })
}

func TestWatchClosesWithItsContext(t *testing.T) {
	_, o, _ := setUp(t)
	ctx, cancel := context.WithCancel(context.Background())
	watched, err := o.Watch(ctx, queries(t, "pods"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range watched { // ends when the channel is closed; the test's own limit catches one that is not
	}
	if _, err := o.Watch(context.Background(), nil); err == nil {
		t.Error("watching nothing gave no error")
	}
}

func TestRecorderKnowsTheStateBefore(t *testing.T) {
	server, o, ctx := setUp(t)
	server.Put(pod("web-1", "web"))
	server.Put(pod("web-2", "web"))
	recorder := &observe.Recorder{}
	watched, err := o.Watch(ctx, queries(t, "pods"), recorder)
	if err != nil {
		t.Fatal(err)
	}
	<-watched
	since := time.Now()
	server.Put(pod("web-1", "other"))
	server.Remove("pods", "learn-heal", "web-2")
	until(t, ctx, watched, "one Pod", func(s *snapshot.Snapshot) bool { return names(s) == "Pod/web-1" })
	tl := recorder.Timeline(since, time.Time{})
	var before, after []string
	for _, c := range tl.Changes {
		text := string(c.Type) + " " + c.Name + " " + c.Object.GetLabels()["app"]
		if c.At.Before(tl.Start) {
			before = append(before, text)
		} else {
			after = append(after, text)
		}
		if c.Source != snapshot.FromWatch {
			t.Errorf("source %s", c.Source)
		}
	}
	if got, want := strings.Join(before, ", "), "ADDED web-1 web, ADDED web-2 web"; got != want {
		t.Errorf("before: %s, want %s", got, want)
	}
	if got, want := strings.Join(after, ", "), "MODIFIED web-1 other, DELETED web-2 web"; got != want {
		t.Errorf("after: %s, want %s", got, want)
	}
}

// A kubelet that says that it lives is no change; one that says that its node is not ready is.
func TestHeartbeatsAreNoChanges(t *testing.T) {
	server, o, ctx := setUp(t)
	beat := func(second, ready string) {
		server.Put("{apiVersion: v1, kind: Node, metadata: {name: worker-1}, status: {conditions: [{type: Ready, status: \"" + ready +
			"\", lastHeartbeatTime: \"2026-01-01T00:00:0" + second + "Z\"}]}}")
	}
	beat("1", "True")
	recorder := &observe.Recorder{}
	watched, err := o.Watch(ctx, queries(t, "pods", "nodes"), recorder)
	if err != nil {
		t.Fatal(err)
	}
	<-watched
	since := time.Now()
	beat("2", "True")
	beat("3", "True")
	beat("4", "Unknown")
	beat("5", "Unknown")
	server.Remove("nodes", "", "worker-1")
	until(t, ctx, watched, "no node", func(s *snapshot.Snapshot) bool { return names(s) == "" })
	var told []string
	for _, c := range recorder.Timeline(since, time.Time{}).Changes {
		if !c.At.Before(since) {
			at, _, _ := unstructured.NestedSlice(c.Object.Object, "status", "conditions")
			told = append(told, string(c.Type)+" "+at[0].(map[string]any)["lastHeartbeatTime"].(string)[17:19])
		}
	}
	if got, want := strings.Join(told, ", "), "MODIFIED 04, DELETED 05"; got != want {
		t.Errorf("told: %s, want %s", got, want)
	}
}
