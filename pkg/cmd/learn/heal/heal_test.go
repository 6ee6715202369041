package heal

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube/kubetest"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// options are those of a command that was typed, with what it says on standard error.
func options(kill explain.Kill) (*Options, *bytes.Buffer) {
	said := &bytes.Buffer{}
	streams := genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &bytes.Buffer{}, ErrOut: said}
	return &Options{Looking: cmd.NewLooking(cmd.NewApp(streams, cmd.Deps{Now: time.Now}), false), Kill: string(kill), Times: 1}, said
}

func target(t *testing.T, text string) snapshot.Query {
	t.Helper()
	q, err := snapshot.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Who may not do all of it is told so before anything is waited for or killed: who, and what.
func TestWhoMayNotIsToldAtOnce(t *testing.T) {
	t.Parallel()
	server := kubetest.New()
	t.Cleanup(server.Close)
	client, err := kube.New(server.Config(), "shop", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &cmd.Sight{Client: client, Namespace: "shop", As: "guest"}
	for name, c := range map[string]struct {
		kill    explain.Kill
		forbids func(kube.Act) bool
		want    string
	}{
		"all is allowed": {explain.KillPod, func(kube.Act) bool { return false }, ""},
		"may look":       {explain.KillPod, func(a kube.Act) bool { return a.Verb == "delete" }, "in namespace shop guest may not delete pods. Nothing was killed"},
		"may list":       {explain.KillPod, func(a kube.Act) bool { return a.Verb == "watch" && a.Resource == "pods" }, "guest may not watch pods."},
		"sees no Deployments": {
			explain.KillContainer, func(a kube.Act) bool { return a.Group == "apps" },
			"guest may not list deployments, watch deployments, list replicasets, watch replicasets.",
		},
		"sees no nodes":       {explain.KillNode, func(a kube.Act) bool { return a.Resource == "nodes" && a.Namespace == "" }, "list nodes, watch nodes."},
		"needs no nodes":      {explain.KillPod, func(a kube.Act) bool { return a.Resource == "nodes" }, ""},
		"deletes no such Pod": {explain.KillNode, func(a kube.Act) bool { return a.Verb == "delete" }, ""},
	} {
		server.Forbid(c.forbids)
		o, _ := options(c.kill)
		err := o.allowed(t.Context(), s, target(t, "deployment/web"))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if writes := slices.DeleteFunc(server.Requests(), func(r string) bool { return strings.Contains(r, "/selfsubject") }); len(writes) > 0 {
		t.Errorf("it did more than ask: %v", writes)
	}
}

// What could not be read is the reason, and not that there is too little of it.
func TestWhatIsWaitedForInVain(t *testing.T) {
	t.Parallel()
	o, _ := options(explain.KillPod)
	o.Timeout = time.Millisecond
	web := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web", "uid": "d"}, "spec": map[string]any{"replicas": int64(1)},
	}}
	for want, failed := range map[string]map[string]string{
		"still waiting for what could not be read: pods is forbidden": {"pods": "pods is forbidden", "events": "not asked for"},
		"still waiting for deployment/web, 0 of 1 Pod ready":          {"events": "not asked for"},
	} {
		now := &snapshot.Snapshot{Errors: failed, Objects: []*unstructured.Unstructured{web}}
		r := &runner{Options: o, sight: &cmd.Sight{}, target: target(t, "deployment/web"), live: o.Live(), following: &cmd.Following{News: make(chan *snapshot.Snapshot)}, last: now}
		if err := r.waitWhole(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// The question before a node is stopped says how much of the target is there.
func TestTheQuestionBeforeANodeIsStopped(t *testing.T) {
	t.Parallel()
	for want, pods := range map[string][]string{
		"Stop node worker-1, on which are 3 Pods of deployment/web?": {"a", "b", "c"},
		"Stop node worker-1, on which is Pod a of deployment/web?":   {"a"},
	} {
		o, said := options(explain.KillNode)
		o.Yes = true
		r := &runner{Options: o, target: target(t, "deployment/web")}
		s := explain.Struck{Kill: explain.KillNode, Node: "worker-1", Pod: "a", Owner: "ReplicaSet/web-1", Pods: pods}
		ask, more := r.question(s, &snapshot.Snapshot{})
		if ask != want || !strings.Contains(more, "everything on it stops, Pods of others too") {
			t.Errorf("it asks %q: %s", ask, more)
		}
		// Without a question the same is said; piped it has lines that can be read, too.
		if err := r.agreed(t.Context(), s, &snapshot.Snapshot{}); err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(said.String()) {
			if render.Width(strings.TrimSuffix(l, "\n")) > render.DefaultWidth {
				t.Errorf("a line is too long: %s", l)
			}
		}
	}
}

// Somebody else's rights don't count outside the API.
func TestNobodyElseStopsANode(t *testing.T) {
	t.Parallel()
	for _, kill := range []string{"node", "container"} {
		o, said := options(explain.Kill(kill))
		c := New(o.App)
		c.SilenceUsage, c.SilenceErrors = true, true
		c.SetArgs([]string{"deployment/web", "--kill", kill, "--as", "guest", "--yes"})
		if err := c.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "--as goes with --kill pod") || said.Len() > 0 {
			t.Errorf("--kill %s: %v; %s", kill, err, said)
		}
	}
}

// Several runs come to who noticed it, and when.
func TestStats(t *testing.T) {
	t.Parallel()
	run := func(healed bool, ms int64, first string, after int64) Run {
		return Run{Healing: &explain.Healing{Healed: healed, HealedMS: ms, First: first, FirstMS: after}}
	}
	s := stats([]Run{run(true, 400, "kubelet", 30), run(true, 100, "kubelet", 10), run(true, 300, "endpoints", 50), run(false, 0, "", 0)})
	if s == nil || s.Healed != 3 || s.MinMS != 100 || s.MedianMS != 300 || s.MaxMS != 400 || s.noticed() != "by the kubelet or the endpoints, after 30 ms (median)" {
		t.Errorf("%+v, %s", s, s.noticed())
	}
	if s := stats([]Run{run(false, 0, "", 0), run(false, 0, "", 0)}); s != nil {
		t.Errorf("of nothing that healed: %+v", s)
	}
	broken := run(false, 0, "", 0)
	broken.Healing.BrokenOffMS = 1500
	if got := outcome(broken); got != "broken off after 1.5 s" {
		t.Errorf("it is told as %q", got)
	}
}
