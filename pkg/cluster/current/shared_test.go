package current

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

// furnished is a namespace that somebody gave to a learner, with what such a namespace has in it.
func furnished(t *testing.T) *stand {
	t.Helper()
	s := newStand(t)
	s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: ann, labels: {team: workshop}}}")
	s.server.Put("{apiVersion: v1, kind: ResourceQuota, metadata: {name: theirs, namespace: ann}}")
	s.server.Put("{apiVersion: v1, kind: Secret, metadata: {name: pull, namespace: ann}}")
	s.server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: ann}}")
	return s
}

func manager(name string) string {
	return "managedFields: [{manager: " + name + ", operation: Update, apiVersion: v1}]"
}

func TestLessonsInANamespaceThatWasThere(t *testing.T) {
	s := furnished(t)
	h := s.adopt("ann")
	before := s.server.Get("namespaces", "", "ann").GetResourceVersion()
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	if got := h.Namespace("heal"); got != "ann" {
		t.Errorf("a lesson lives in %s", got)
	}
	put := func(kind, name, more string) {
		s.server.Put("{apiVersion: v1, kind: " + kind + ", metadata: {name: " + name + ", namespace: ann, " + more + "}}")
	}
	put("Pod", "by-hand", manager("kubectl-run"))
	put("Secret", "by-hand", manager("kubectl-create"))
	put("Pod", "by-operator", manager("operator"))
	put("Pod", "half-theirs", "managedFields: [{manager: kubectl, operation: Update, apiVersion: v1}, {manager: helm, operation: Update, apiVersion: v1}]")
	put("Pod", "by-nobody", "labels: {a: b}")
	owner := s.server.Get("pods", "ann", "by-hand").GetUID()
	put("Pod", "owned", "ownerReferences: [{apiVersion: v1, kind: Pod, name: by-hand, controller: true, uid: "+string(owner)+"}]")
	put("Pod", "owned-by-theirs", "ownerReferences: [{apiVersion: v1, kind: Pod, name: x, controller: true, uid: x}]")

	s.ok(s.open().DeleteNamespace(s.ctx, "ann"))
	for _, gone := range []string{"pods/by-hand", "secrets/by-hand", "pods/owned", "serviceaccounts/learner", "rolebindings/learner"} {
		resource, name, _ := strings.Cut(gone, "/")
		if s.server.Get(resource, "ann", name) != nil {
			t.Errorf("%s was left behind", gone)
		}
	}
	for _, kept := range []string{
		"resourcequotas/theirs", "secrets/pull", "configmaps/settings", "pods/by-operator", "pods/half-theirs", "pods/by-nobody", "pods/owned-by-theirs",
	} {
		resource, name, _ := strings.Cut(kept, "/")
		if s.server.Get(resource, "ann", name) == nil {
			t.Errorf("%s is somebody else's, and gone", kept)
		}
	}
	ns := s.server.Get("namespaces", "", "ann")
	if ns == nil || ns.GetResourceVersion() != before {
		t.Error("the namespace itself was changed")
	}
}

func TestANamespaceThatIsInUse(t *testing.T) {
	s := furnished(t)
	s.server.Put("{apiVersion: v1, kind: Service, metadata: {name: web, namespace: ann}}")
	if _, err := s.try("ann"); err == nil || !strings.Contains(err.Error(), "service/web") || !strings.Contains(err.Error(), "empty") {
		t.Errorf("it gave %v", err)
	}
	s.server.Remove("services", "ann", "web")
	h := s.adopt("ann")
	s.server.Put("{apiVersion: v1, kind: Pod, metadata: {name: theirs, namespace: ann}}")
	if err := h.MakeNamespace(s.ctx, "deploy", silent{}); err == nil || !strings.Contains(err.Error(), "pod/theirs") {
		t.Errorf("a lesson began beside somebody's work: %v", err)
	}
	if _, err := s.provider.Survey(s.ctx, s.options("nowhere")); err != nil {
		t.Fatal(err)
	}
	s.ok(s.provider.Forget(s.ctx, "mine", cluster.ForgetOptions{}, silent{}))
	if _, err := s.try("nowhere"); err == nil || !strings.Contains(err.Error(), "there is no namespace nowhere") {
		t.Errorf("it gave %v", err)
	}
}

// A lesson's objects never take the place of what was there.
func TestNamesThatAreTaken(t *testing.T) {
	s := furnished(t)
	h := s.adopt("ann")
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	settings := func(name string) []*unstructured.Unstructured {
		return []*unstructured.Unstructured{{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}}}}
	}
	if err := h.MayApply(s.ctx, "ann", settings("settings")); !errors.Is(err, kube.ErrNotOurs) {
		t.Errorf("it gave %v", err)
	}
	s.ok(h.MayApply(s.ctx, "ann", settings("page")))
}
