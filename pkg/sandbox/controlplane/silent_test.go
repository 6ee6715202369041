package controlplane

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	api "k8s.io/kubernetes/pkg/apis/core"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pulse"
)

func node(ready api.ConditionStatus) *api.Node {
	return &api.Node{Status: api.NodeStatus{Conditions: []api.NodeCondition{{Type: api.NodeReady, Status: ready}}}}
}

func TestSilentNodes(t *testing.T) {
	l := sandbox.Layout{Dir: t.TempDir()}
	alive, err := sandbox.ClaimAlive(t.Context(), l, "alive")
	if err != nil {
		t.Fatal(err)
	}
	var steady time.Duration
	p := pulse.New(func() (time.Duration, time.Time) { return steady, time.Unix(0, 0).Add(steady) })
	s := silent{l, pulse.NewPatience(p, patience)}
	refused := func(name, who, sub string, from, to api.ConditionStatus) bool {
		kind, resource := api.Kind("Node").WithVersion("v1"), schema.GroupVersionResource{Version: "v1", Resource: "nodes"}
		a := admission.NewAttributesRecord(node(to), node(from), kind, "", name, resource, sub, admission.Update, nil, false, &user.DefaultInfo{Name: who})
		return s.Validate(t.Context(), a, nil) != nil
	}
	for _, tc := range []struct {
		what, name, who, sub string
		from, to             api.ConditionStatus
		want                 bool
	}{
		{"a node whose process lives", "alive", nodeController, "status", api.ConditionTrue, api.ConditionUnknown, true},
		{"one whose process is gone", "dead", nodeController, "status", api.ConditionTrue, api.ConditionUnknown, false},
		{"what a kubelet says of itself", "alive", "system:node:alive", "status", api.ConditionTrue, api.ConditionFalse, false},
		{"what a learner does by hand", "alive", "learner", "status", api.ConditionTrue, api.ConditionUnknown, false},
		{"a node that is unknown already", "alive", nodeController, "status", api.ConditionUnknown, api.ConditionUnknown, false},
		{"a taint", "alive", nodeController, "", api.ConditionTrue, api.ConditionUnknown, false},
	} {
		if got := refused(tc.name, tc.who, tc.sub, tc.from, tc.to); got != tc.want {
			t.Errorf("%s: refused = %v, want %v", tc.what, got, tc.want)
		}
	}
	judged := func() bool {
		return !refused("alive", nodeController, "status", api.ConditionTrue, api.ConditionUnknown)
	}
	for began := steady; steady-began < patience-time.Second; steady += time.Second {
		if judged() {
			t.Fatalf("a living node is given up after %v", steady-began)
		}
	}
	steady += time.Hour // the control plane slept
	if judged() {
		t.Error("the control plane's own sleep is held against a node")
	}
	for range 3 {
		steady += time.Second
		judged()
	}
	if !judged() {
		t.Errorf("a node that is silent for more than %v is not given up", patience)
	}
	if err := alive.Close(); err != nil {
		t.Fatal(err)
	}
}
