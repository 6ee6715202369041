package current

import (
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

func settings(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name},
	}}
}

// later is when no answer of the cluster counts any more.
func later() { time.Sleep(trusted + 50*time.Millisecond) }

// A process lives on while somebody makes the namespace anew.
func TestTheGuardNoticesANamespaceMadeAnew(t *testing.T) {
	s := newStand(t)
	h := s.adopt("")
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	s.server.Remove("namespaces", "", space)
	s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: " + space + "}}")
	s.server.Put("{apiVersion: v1, kind: Pod, metadata: {name: theirs, namespace: " + space + "}}")
	mark := len(s.server.Requests())
	if err := h.ClearNamespace(s.ctx, space); err == nil || !strings.Contains(err.Error(), "another one than the lesson's") {
		t.Errorf("to clear it gave %v", err)
	}
	// what was decided to be deleted a moment before
	if err := h.client.Clear(s.ctx, space, keepEquipment); err == nil {
		t.Error("it was cleared")
	}
	later()
	if _, err := h.client.In(space).Apply(s.ctx, "deploy", settings("x")); err == nil {
		t.Error("it was written to")
	}
	s.ok(h.DeleteNamespace(s.ctx, space))
	if wrote := s.wrote(mark); len(wrote) > 0 {
		t.Errorf("it wrote %v", wrote)
	}
	if s.server.Get("pods", space, "theirs") == nil {
		t.Error("what is somebody else's is gone")
	}
}

// A process lives on while its context comes to lead elsewhere.
func TestTheGuardNoticesAnotherCluster(t *testing.T) {
	s := newStand(t)
	h := s.adopt("")
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	s.server.Remove("namespaces", "", "kube-system")
	s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}")
	mark := len(s.server.Requests())
	if err := h.DeleteNamespace(s.ctx, space); err == nil {
		t.Error("it deleted")
	}
	later()
	if _, err := h.client.In(space).Apply(s.ctx, "deploy", settings("x")); err == nil || !strings.Contains(err.Error(), "another cluster") {
		t.Errorf("to write gave %v", err)
	}
	if wrote := s.wrote(mark); len(wrote) > 0 {
		t.Errorf("it wrote %v", wrote)
	}
}

// A process lives on while another takes the yes back, or gives it to something else.
func TestTheGuardNoticesThatTheYesIsGone(t *testing.T) {
	for _, again := range []string{"", "adopted again"} {
		t.Run(again, func(t *testing.T) {
			s := newStand(t)
			h := s.adopt("")
			s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
			s.ok(s.provider.Forget(s.ctx, "mine", cluster.ForgetOptions{}, silent{}))
			if again != "" {
				s.adopt("")
			}
			mark := len(s.server.Requests())
			if err := h.MakeNamespace(s.ctx, "deploy", silent{}); err == nil {
				t.Error("a namespace was made without a yes")
			}
			if err := h.ledger.add(s.ctx, receipt{Namespace: space, Stage: making}); err == nil {
				t.Error("a receipt was kept without a yes")
			}
			if _, err := h.client.In(space).Apply(s.ctx, "deploy", settings("x")); err == nil {
				t.Error("it was written to")
			}
			if wrote := s.wrote(mark); len(wrote) > 0 {
				t.Errorf("it wrote %v", wrote)
			}
			_, err := s.provider.Open(s.ctx, "mine", silent{})
			if (err == nil) != (again != "") {
				t.Errorf("to open it gave %v", err)
			}
		})
	}
}

// Each deletion is held against the namespace as it is then.
func TestADeletionAsksAnew(t *testing.T) {
	s := newStand(t)
	h := s.adopt("")
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	s.server.Put("{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: " + space + "}}")
	s.ok(h.ClearNamespace(s.ctx, space))
	all := s.server.Requests()
	i := slices.IndexFunc(all, func(r string) bool { return strings.HasPrefix(r, "DELETE ") })
	if i < 1 || all[i-1] != "GET /api/v1/namespaces/"+space {
		t.Errorf("before it deleted, it asked %v", all[max(i-2, 0):i+1])
	}
}
