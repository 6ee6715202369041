package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// printed runs the program and returns what it printed as its result; the exit code may be any of those given.
func (l learn) printed(t *testing.T, codes []int, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var out, complaint bytes.Buffer
	cmd := l.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	_ = cmd.Run()
	if cmd.ProcessState == nil || !slices.Contains(codes, cmd.ProcessState.ExitCode()) {
		t.Fatalf("kubectl learn %s: %v\n%s%s", strings.Join(args, " "), cmd.ProcessState, out.String(), complaint.String())
	}
	return out.Bytes()
}

func decode[T any](t *testing.T, raw []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return v
}

// traced is what trace -o json prints, as far as the tests look at it.
type traced struct {
	Steps []struct {
		Actor, User, Write, Object string
		Cause                      int
	}
	Rows           []tracedRow
	Path           []string
	Outcome, Times string
}

type tracedRow struct {
	Actor, What string
	Cause       int
}

// request is a line of an audit log, as far as the tests look at it.
type request struct {
	Stage, Verb string
	User        struct{ Username string }
	ObjectRef   struct{ Resource, Subresource, Namespace string }
	Response    struct{ Code int } `json:"responseStatus"`
	Received    time.Time          `json:"requestReceivedTimestamp"`
	URI         string             `json:"requestURI"`
}

// audited reads the audit log by itself: the writes in a namespace to what a trace of a Deployment tells of, in the order
// in which the API server got them.
func (s space) audited(t *testing.T) []request {
	t.Helper()
	var logs []string
	for _, place := range []string{"logs/audit.log", "audit.log"} { // of the sandbox, of kind
		found, _ := filepath.Glob(filepath.Join(s.home, "*", "*", filepath.FromSlash(place)))
		logs = append(logs, found...)
	}
	if len(logs) != 1 {
		t.Fatalf("not one audit log is in this cluster's folder: %v", logs)
	}
	f, err := os.Open(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var found []request
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		r := decode[request](t, line)
		told := slices.Contains([]string{"deployments", "replicasets", "pods", "endpointslices"}, r.ObjectRef.Resource)
		writes := slices.Contains([]string{"create", "update", "patch", "delete"}, r.Verb)
		if r.Stage == "ResponseComplete" && r.ObjectRef.Namespace == s.name && told && writes && r.Response.Code < 300 && !strings.Contains(r.URI, "dryRun=") {
			found = append(found, r)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Received.Before(found[j].Received) })
	return found
}

func (r request) write() string {
	if r.ObjectRef.Subresource == "" {
		return r.Verb + " " + r.ObjectRef.Resource
	}
	return r.Verb + " " + r.ObjectRef.Resource + "/" + r.ObjectRef.Subresource
}

// who is the actor behind a user, as this test knows it.
func who(user string) string {
	for suffix, actor := range map[string]string{
		"deployment-controller": "Deployment", "replicaset-controller": "ReplicaSet", "endpointslice-controller": "endpoints",
		"kube-scheduler": "scheduler", "generic-garbage-collector": "garbage collector",
	} {
		if strings.HasSuffix(user, suffix) {
			return actor
		}
	}
	switch {
	case strings.HasPrefix(user, "system:node:"):
		return "kubelet"
	case user == learner():
		return "you"
	}
	return user
}

// learner is whom the API server takes the learner for.
func learner() string {
	if provider() == "kind" {
		return "kubernetes-admin"
	}
	return "learner"
}

// TestTraceIsTheAuditLog traces kubectl scale, and holds each step against the audit log, which it reads itself.
func TestTraceIsTheAuditLog(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, web)
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	tr := decode[traced](t, s.printed(t, []int{0}, "trace", "-n", s.name, "-o", "json", "--", "kubectl", "scale", "deployment", "web", "--replicas=5"))
	all := s.audited(t)
	first := slices.IndexFunc(all, func(r request) bool { return who(r.User.Username) == "you" && r.write() == "patch deployments/scale" })
	if first < 0 {
		t.Fatal("the audit log does not tell that the learner scaled it")
	}
	all = all[first:]
	n := 0
	for i, step := range tr.Steps {
		if step.Cause >= i {
			t.Errorf("step %d has cause %d", i, step.Cause)
		}
		if step.Write == "" {
			continue
		}
		if n >= len(all) {
			t.Fatalf("step %d, %s %s, is not in the audit log", i, step.Actor, step.Write)
		}
		if r := all[n]; r.User.Username != step.User || who(r.User.Username) != step.Actor || r.write() != step.Write {
			t.Errorf("step %d is %s, %s by %s; the audit log has %s by %s", i, step.Actor, step.Write, step.User, r.write(), r.User.Username)
		}
		n++
	}
	if n < 10 || len(all)-n > 3 { // what came after the trace was over may be in the log
		t.Errorf("%d writes are traced, of %d in the audit log", n, len(all))
	}
	if path := strings.Join(tr.Path, " "); !strings.HasPrefix(path, "you Deployment ReplicaSet scheduler kubelet runtime kubelet") || tr.Outcome != "reached" {
		t.Errorf("the path is %s, the outcome %s", path, tr.Outcome)
	}
	if !strings.Contains(tr.Times, "audit log") {
		t.Errorf("%s", tr.Times)
	}
}

// TestTraceOfOthers traces what happens elsewhere, what happened already, what fails and what changes nothing.
func TestTraceOfOthers(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, web)
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	text := s.run(t, "trace", "-n", s.name, "--evidence", "--", "kubectl", "delete", "pod", "-l", "app=web", "--wait=false")
	for _, want := range []string{"deleted 3 Pods", "audit: delete by " + learner(), "audit: create pods/binding", "← 1", "the API server's audit log", "→ ReplicaSet → scheduler →"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	if out := unwrapped(s.run(t, "trace", "-n", s.name, "--", "kubectl", "scale", "deployment", "web", "--replicas=3")); !strings.Contains(out, "you asked web for 3 Pods, and nothing changed") || !strings.Contains(out, "Nothing was changed.") {
		t.Errorf("a command that asks for what is there:\n%s", out)
	}
	s.kubectl(t, "create", "role", "looker", "--verb=get,list,watch", "--resource=pods,deployments.apps,replicasets.apps")
	s.kubectl(t, "create", "rolebinding", "looker", "--role=looker", "--user=guest")
	out := unwrapped(s.run(t, "trace", "-n", s.name, "deployment/web", "--since", "5m", "--as", "guest", "--evidence"))
	if !strings.Contains(out, "the audit log was left alone, since it tells more than guest may see") || strings.Contains(out, "audit: ") || !strings.Contains(out, "could not be read: configmaps") {
		t.Errorf("guest is told\n%s", out)
	}
	if out := s.fails(t, 2, "trace", "-n", s.name, "deployment/web", "--since", "5m", "--as", "nobody"); !strings.Contains(unwrapped(out), "forbidden") {
		t.Errorf("nobody is told\n%s", out)
	}
	svg := s.printed(t, []int{0}, "trace", "-n", s.name, "deployment/web", "--since", "5m", "-o", "svg")
	if err := xml.Unmarshal(svg, new(struct {
		XMLName xml.Name `xml:"svg"`
	})); err != nil {
		t.Errorf("%v in\n%s", err, svg)
	}
	if out := s.printed(t, []int{0}, "trace", "-n", s.name, "deployment/web", "--since", "5m", "-o", "mermaid"); !bytes.HasPrefix(out, []byte("sequenceDiagram\n")) {
		t.Errorf("mermaid is\n%s", out)
	}
	if out := s.fails(t, 1, "trace", "-n", s.name, "--", "kubectl", "scale", "deployment", "nope", "--replicas=2"); !strings.Contains(out, "not found") || !strings.Contains(out, "nothing to trace") {
		t.Errorf("a command that fails:\n%s", out)
	}
	if out := s.run(t, "trace", "-n", s.name, "--", "kubectl", "get", "pods"); !strings.Contains(out, "changed nothing") {
		t.Errorf("a command that changes nothing:\n%s", out)
	}
	if out := s.fails(t, 2, "trace", "-n", s.name, "deployment/nope"); !strings.Contains(out, "nothing of that name") {
		t.Errorf("an unknown target:\n%s", out)
	}
	if out := s.fails(t, 2, "trace", "kubectl", "scale", "deployment", "web", "--replicas=2"); !strings.Contains(out, "write -- before") {
		t.Errorf("without --:\n%s", out)
	}
}

// TestTraceByWatching looks at the cluster as at one that shows no audit log, and sees the same actors.
func TestTraceByWatching(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, web)
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	kubeconfigs, _ := filepath.Glob(filepath.Join(s.home, map[string]string{"kind": "kind", "sandbox": "clusters"}[provider()], "*", "kubeconfig"))
	if len(kubeconfigs) != 1 {
		t.Fatalf("not one kubeconfig to look through: %v", kubeconfigs)
	}
	cmd, lines, out := s.started(t, "trace", "-n", s.name, "--kubeconfig", kubeconfigs[0], "deployment/web", "-o", "json")
	for lines.Scan() && !strings.Contains(lines.Text(), "Waiting for a change of deployment/web") {
	}
	s.kubectl(t, "scale", "deployment", "web", "--replicas=4")
	for lines.Scan() {
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	tr := decode[traced](t, out.Bytes())
	var actors []string
	for _, r := range tr.Rows {
		if !slices.Contains(actors, r.Actor) {
			actors = append(actors, r.Actor)
		}
	}
	// Objects of each kind are watched by themselves: which news of the same moment comes first is nobody's promise.
	for _, want := range []string{"Deployment", "ReplicaSet", "scheduler", "kubelet", "runtime"} {
		if !slices.Contains(actors, want) {
			t.Errorf("the actors are %s, without %s:\n%s", actors, want, out)
		}
	}
	if slices.Contains(actors, "you") {
		t.Errorf("the actors are %s", actors)
	}
	if !strings.Contains(tr.Times, "no audit log") || len(tr.Rows) < 8 || !strings.Contains(tr.Rows[0].What, "4 Pods") {
		t.Errorf("%s; it begins with %+v", tr.Times, tr.Rows[0])
	}
}
