package current

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube/kubetest"
)

// stand is a cluster of somebody's, their kubeconfig, and a home that adopts it.
type stand struct {
	t          *testing.T
	server     *kubetest.Server
	provider   *Provider
	home       string
	kubeconfig string
	ctx        context.Context
}

func newStand(t *testing.T) *stand {
	t.Helper()
	server := kubetest.New()
	t.Cleanup(server.Close)
	server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}")
	server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: till, namespace: shop}}")
	server.Put("{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: 'True'}]}}")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	s := &stand{t: t, server: server, home: t.TempDir(), kubeconfig: filepath.Join(t.TempDir(), "config"), ctx: ctx}
	s.provider = New(s.home, time.Now)
	s.point(server.Config().Host, "secret")
	return s
}

// point writes the user's kubeconfig.
func (s *stand) point(server, token string) {
	s.t.Helper()
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q}}, {name: other, cluster: {server: http://other}}]\n"+
		"contexts: [{name: mine, context: {cluster: c, user: u}}, {name: other, context: {cluster: other, user: o}}]\n"+
		"current-context: other\nusers: [{name: u, user: {token: %s}}, {name: o, user: {token: other-secret}}]\n", server, token)
	if err := os.WriteFile(s.kubeconfig, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) options(namespace string) cluster.AdoptOptions {
	return cluster.AdoptOptions{Name: "mine", Files: []string{s.kubeconfig}, Context: "mine", Namespace: namespace, Learner: "ann"}
}

func (s *stand) try(namespace string) (*Handle, error) {
	o := s.options(namespace)
	survey, err := s.provider.Survey(s.ctx, o)
	if err != nil {
		return nil, err
	}
	h, err := s.provider.Adopt(s.ctx, o, survey)
	if err != nil {
		return nil, err
	}
	return h.(*Handle), nil
}

func (s *stand) adopt(namespace string) *Handle {
	s.t.Helper()
	h, err := s.try(namespace)
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

// open is another process.
func (s *stand) open() *Handle {
	s.t.Helper()
	h, err := s.provider.Open(s.ctx, "mine", silent{})
	if err != nil {
		s.t.Fatal(err)
	}
	return h.(*Handle)
}

func (s *stand) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// wrote are the requests that change something, since a mark.
func (s *stand) wrote(since int) []string {
	return slices.DeleteFunc(s.server.Requests()[since:], func(r string) bool {
		return strings.HasPrefix(r, "GET ") || strings.HasPrefix(r, "POST /apis/auth")
	})
}

type silent struct{}

func (silent) Stage(string) func(error) { return func(error) {} }
func (silent) Note(string, ...any)      {}

const space = "learn-deploy-ann"

func TestALessonsLifeOnACluster(t *testing.T) {
	s := newStand(t)
	h := s.adopt("")
	if wrote := s.wrote(0); len(wrote) > 0 {
		t.Fatalf("to adopt a cluster changed it: %v", wrote)
	}
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	ns := s.server.Get("namespaces", "", space)
	if ns == nil {
		t.Fatal("the lesson has no namespace")
	}
	for label, want := range map[string]string{
		kube.ManagedByLabel: kube.ManagedByValue, kube.LessonLabel: "deploy", learnerLabel: "ann", "pod-security.kubernetes.io/enforce": "baseline",
	} {
		if got := ns.GetLabels()[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
	for _, made := range []string{"resourcequotas/kubectl-learn", "limitranges/kubectl-learn", "serviceaccounts/learner", "rolebindings/learner"} {
		resource, name, _ := strings.Cut(made, "/")
		if s.server.Get(resource, space, name) == nil {
			t.Errorf("%s is not there", made)
		}
	}
	s.server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: by-hand, namespace: " + space + "}}")
	s.ok(s.open().ClearNamespace(s.ctx, space))
	if s.server.Get("configmaps", space, "by-hand") != nil || s.server.Get("resourcequotas", space, "kubectl-learn") == nil {
		t.Error("to clear took too little, or too much")
	}
	s.ok(s.open().MakeNamespace(s.ctx, "deploy", silent{}))
	if names, err := s.open().Namespaces(s.ctx); err != nil || !slices.Equal(names, []string{space}) {
		t.Errorf("lessons are in %v, %v", names, err)
	}
	s.ok(s.open().DeleteNamespace(s.ctx, space))
	if s.server.Get("namespaces", "", space) != nil || s.server.Get("pods", "shop", "till") == nil {
		t.Error("it is still there, or more went")
	}
	for _, w := range s.wrote(0) {
		if !strings.Contains(w, "/namespaces/"+space) && !strings.HasPrefix(w, "POST /api/v1/namespaces?") {
			t.Errorf("it wrote %s", w)
		}
	}
	s.ok(s.open().DeleteNamespace(s.ctx, space))
}

func TestTheFilesAreTheUsersAlone(t *testing.T) {
	s := newStand(t)
	before, err := os.ReadFile(s.kubeconfig)
	s.ok(err)
	h := s.adopt("")
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	_, err = h.LearnerKubeconfig(s.ctx, space)
	s.ok(err)
	after, err := os.ReadFile(s.kubeconfig)
	s.ok(err)
	if string(before) != string(after) {
		t.Error("the user's kubeconfig was changed")
	}
	copied, err := os.ReadFile(h.Kubeconfig())
	s.ok(err)
	if strings.Contains(string(copied), "other") || !strings.Contains(string(copied), "secret") {
		t.Errorf("the copy is not of the one context:\n%s", copied)
	}
	s.ok(filepath.WalkDir(filepath.Join(s.home, "adopted"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	}))
	s.point(s.server.Config().Host, "fresh")
	if copied, err = os.ReadFile(s.open().Kubeconfig()); err != nil || !strings.Contains(string(copied), "token: fresh") {
		t.Errorf("new credentials are not taken: %v\n%s", err, copied)
	}
}

func TestAnotherClusterIsRefused(t *testing.T) {
	s := newStand(t)
	agreed := string(s.server.Get("namespaces", "", "kube-system").GetUID())
	s.ok(s.adopt("").MakeNamespace(s.ctx, "deploy", silent{}))
	// somebody points the context elsewhere, where a namespace of the same name is
	s.server.Remove("namespaces", "", "kube-system")
	other := string(s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}").GetUID())
	h := s.open()
	mark := len(s.server.Requests())
	_, applied := h.client.In(space).Apply(s.ctx, "deploy", &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "x"},
	}})
	_, lent := h.LearnerKubeconfig(s.ctx, space)
	for what, err := range map[string]error{
		"apply": applied, "lend rights": lent, "make": h.MakeNamespace(s.ctx, "deploy", silent{}), "delete": h.DeleteNamespace(s.ctx, space),
		"clear": h.ClearNamespace(s.ctx, space), "forget": s.provider.Forget(s.ctx, "mine", cluster.ForgetOptions{}, silent{}),
	} {
		if err == nil || !strings.Contains(err.Error(), agreed) || !strings.Contains(err.Error(), other) {
			t.Errorf("%s gave %v, want an error that names %s and %s", what, err, agreed, other)
		}
	}
	if wrote := s.wrote(mark); len(wrote) > 0 {
		t.Errorf("it wrote %v", wrote)
	}
	s.ok(s.provider.Forget(s.ctx, "mine", cluster.ForgetOptions{LeaveBehind: true}, silent{}))
	if _, err := s.provider.Open(s.ctx, "mine", silent{}); !errors.Is(err, cluster.ErrNotFound) {
		t.Errorf("it was not forgotten: %v", err)
	}
}

func TestANamespaceOfSomebodyElse(t *testing.T) {
	for name, tc := range map[string]struct{ labels, says string }{
		"another learner's":  {"app.kubernetes.io/managed-by: kubectl-learn, kubectl-learn.dev/learner: ann", "a learner called ann"},
		"not one of lessons": {"team: shop", "not one of kubectl learn's"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			h := s.adopt("")
			s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: " + space + ", labels: {" + tc.labels + "}}}")
			err := h.MakeNamespace(s.ctx, "deploy", silent{})
			if !errors.Is(err, kube.ErrNotOurs) || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), "--learner") {
				t.Errorf("it gave %v", err)
			}
			s.ok(h.DeleteNamespace(s.ctx, space))
			if s.server.Get("namespaces", "", space) == nil {
				t.Error("it was deleted")
			}
			if err := h.ClearNamespace(s.ctx, space); !errors.Is(err, kube.ErrNotOurs) {
				t.Errorf("to clear it gave %v", err)
			}
		})
	}
}

// A namespace that took the name of a lesson's is left alone, whatever its labels say.
func TestANamespaceThatTookTheName(t *testing.T) {
	s := newStand(t)
	h := s.adopt("")
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	labels := "labels: {app.kubernetes.io/managed-by: kubectl-learn, kubectl-learn.dev/learner: ann}"
	s.server.Remove("namespaces", "", space)
	s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: " + space + ", " + labels + "}}")
	s.server.Put("{apiVersion: v1, kind: Pod, metadata: {name: theirs, namespace: " + space + ", " + labels + "}}")
	h = s.open()
	if err := h.ClearNamespace(s.ctx, space); err == nil {
		t.Error("it was cleared")
	}
	if err := h.MakeNamespace(s.ctx, "deploy", silent{}); !errors.Is(err, kube.ErrNotOurs) {
		t.Errorf("to use it gave %v", err)
	}
	s.ok(h.DeleteNamespace(s.ctx, space))
	if s.server.Get("namespaces", "", space) == nil || s.server.Get("pods", space, "theirs") == nil {
		t.Error("what is somebody else's is gone")
	}
}

// A kill may come between making a namespace and writing down its UID.
func TestAKillBeforeTheReceipt(t *testing.T) {
	for _, then := range []string{"go on", "forget"} {
		t.Run(then, func(t *testing.T) {
			s := newStand(t)
			h := s.adopt("")
			r := receipt{Stage: making, Namespace: space, Lesson: "deploy", Nonce: "abc"}
			s.ok(h.ledger.add(s.ctx, r))
			s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: " + space + ", annotations: {kubectl-learn.dev/receipt: abc}, labels: {app.kubernetes.io/managed-by: kubectl-learn}}}")
			f, err := os.OpenFile(h.folder.receipts(), os.O_APPEND|os.O_WRONLY, 0o600)
			s.ok(err)
			_, err = f.WriteString(`{"stage":"made","namespace":"` + space)
			s.ok(errors.Join(err, f.Close()))
			if then == "go on" {
				s.ok(s.open().MakeNamespace(s.ctx, "deploy", silent{}))
				s.ok(s.open().DeleteNamespace(s.ctx, space))
			} else {
				s.ok(s.provider.Forget(s.ctx, "mine", cluster.ForgetOptions{}, silent{}))
			}
			if s.server.Get("namespaces", "", space) != nil {
				t.Error("the namespace was left behind")
			}
		})
	}
}

func TestThePermit(t *testing.T) {
	s := newStand(t)
	h := s.adopt("")
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	for name, tc := range map[string]struct {
		w    kube.Write
		pass bool
	}{
		"a Pod of the lesson":         {kube.Write{Method: "POST", Namespace: space, Resource: "pods"}, true},
		"exec in one":                 {kube.Write{Method: "GET", Namespace: space, Resource: "pods", Name: "x", Subresource: "exec"}, true},
		"a Pod of others":             {kube.Write{Method: "DELETE", Namespace: "shop", Resource: "pods", Name: "till"}, false},
		"through a Service of others": {kube.Write{Method: "GET", Namespace: "shop", Resource: "services", Name: "web:80", Subresource: "proxy"}, false},
		"kube-system":                 {kube.Write{Method: "POST", Namespace: "kube-system", Resource: "pods"}, false},
		"a namespace that was never":  {kube.Write{Method: "POST", Namespace: "learn-heal-ann", Resource: "pods"}, false},
		"a node":                      {kube.Write{Method: "PATCH", Resource: "nodes", Name: "n1"}, false},
		"a cluster role":              {kube.Write{Method: "POST", Group: rbac, Resource: "clusterroles"}, false},
		"the lesson's namespace":      {kube.Write{Method: "PATCH", Resource: "namespaces", Name: space}, false},
		"its end, without its UID":    {kube.Write{Method: "DELETE", Resource: "namespaces", Name: space}, false},
		"its finalizers":              {kube.Write{Method: "PUT", Resource: "namespaces", Name: space, Subresource: "finalize"}, false},
		"another namespace":           {kube.Write{Method: "DELETE", Resource: "namespaces", Name: "shop"}, false},
		"all namespaces":              {kube.Write{Method: "DELETE", Resource: "namespaces"}, false},
		"no path of an object":        {kube.Write{Method: "POST", Path: "/"}, false},
	} {
		if err := h.Permit().Allow(s.ctx, tc.w); (err == nil) != tc.pass {
			t.Errorf("%s: %v, want pass %v", name, err, tc.pass)
		}
	}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "learn-heal-ann"}}}
	if _, err := h.client.Make(s.ctx, "heal", o); err == nil {
		t.Error("a namespace was made without a receipt")
	}
}

func TestWhatALearnerGets(t *testing.T) {
	s := newStand(t)
	h := s.adopt("")
	token := func() string {
		path, err := h.LearnerKubeconfig(s.ctx, space)
		s.ok(err)
		data, err := os.ReadFile(path)
		s.ok(err)
		if strings.Contains(string(data), "secret") {
			t.Error("the learner got the user's credentials")
		}
		_, after, _ := strings.Cut(string(data), "token: ")
		return strings.TrimSpace(after)
	}
	if got := token(); got != noLesson {
		t.Errorf("before a lesson it is %q", got)
	}
	s.ok(h.MakeNamespace(s.ctx, "deploy", silent{}))
	if got := token(); got != "token-of-learner" {
		t.Errorf("in a lesson it is %q", got)
	}
	s.ok(h.DeleteNamespace(s.ctx, space))
	if got := token(); got != noLesson {
		t.Errorf("after it it is %q", got)
	}
}

func TestWithoutTheRightToConfine(t *testing.T) {
	s := newStand(t)
	s.server.Forbid(func(a kube.Act) bool { return a.Resource == "rolebindings" })
	survey, err := s.provider.Survey(s.ctx, s.options(""))
	s.ok(err)
	if len(survey.Lacking) != 1 || !strings.Contains(survey.Lacking[0], "create rolebindings") {
		t.Errorf("it lacks %v", survey.Lacking)
	}
}

func TestRightsThatLessonsNeed(t *testing.T) {
	s := newStand(t)
	s.server.Forbid(func(a kube.Act) bool {
		return a.Resource == "namespaces" && a.Verb == "create" || a.Resource == "nodes"
	})
	_, err := s.try("")
	if err == nil || !strings.Contains(err.Error(), "create namespaces") || !strings.Contains(err.Error(), "--namespace") {
		t.Errorf("it gave %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(s.home, "adopted")); len(left) > 0 {
		t.Errorf("it kept %v", left)
	}
	s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: ann}}")
	h := s.adopt("ann")
	if c := h.Capabilities(); c.Nodes != 1 || c.ReadNodes || c.SeeNodes || c.CordonNodes || c.StopNode || !c.Exec {
		t.Errorf("it offers %+v", c)
	}
}

func TestWhoMayNotReadKubeSystem(t *testing.T) {
	s := newStand(t)
	hidden := map[string]bool{"kube-system": true}
	s.server.Hide(func(namespace string) bool { return hidden[namespace] })
	if _, err := s.try(""); err == nil || !strings.Contains(err.Error(), "the right to get namespace kube-system") {
		t.Errorf("it gave %v", err)
	}
	s.server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: ann}}")
	if h := s.adopt("ann"); h.record.Identity.Namespace != "ann" {
		t.Errorf("it is known by %+v", h.record.Identity)
	}
	hidden["ann"] = true
	s.ok(s.provider.Forget(s.ctx, "mine", cluster.ForgetOptions{}, silent{}))
	if _, err := s.try("ann"); err == nil || !strings.Contains(err.Error(), "kube-system or namespace ann") {
		t.Errorf("it gave %v", err)
	}
}
