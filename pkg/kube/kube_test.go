package kube_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube/kubetest"
)

func setUp(t *testing.T) (*kubetest.Server, *kube.Client, context.Context) {
	t.Helper()
	server := kubetest.New()
	t.Cleanup(server.Close)
	client, err := kube.New(server.Config(), "learn-heal", kube.Unconditional{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return server, client, ctx
}

func configMap(name string, data map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}, "data": data,
	}}
}

func TestApplyMarksWhatItMakes(t *testing.T) {
	server, client, ctx := setUp(t)
	given := configMap("page", map[string]any{"a": "1"})
	receipts, err := client.Apply(ctx, "heal", given)
	if err != nil {
		t.Fatal(err)
	}
	made := server.Get("configmaps", "learn-heal", "page")
	if made == nil {
		t.Fatal("nothing was made in the client's namespace")
	}
	want := map[string]string{kube.ManagedByLabel: kube.ManagedByValue, kube.LessonLabel: "heal"}
	for k, v := range want {
		if made.GetLabels()[k] != v {
			t.Errorf("label %s is %q, want %q", k, made.GetLabels()[k], v)
		}
	}
	if receipts[0].UID != made.GetUID() || receipts[0].String() != "configmaps/page" || receipts[0].Namespace != "learn-heal" {
		t.Errorf("receipt %+v is not of what was made", receipts[0])
	}
	if len(given.GetLabels()) != 0 || given.GetNamespace() != "" {
		t.Error("Apply changed the object that it was given")
	}
}

func TestDeleteLeavesAloneWhatIsNotOurs(t *testing.T) {
	server, client, ctx := setUp(t)
	receipts, err := client.Apply(ctx, "heal", configMap("ours", nil), configMap("replaced", nil), configMap("relabelled", nil))
	if err != nil {
		t.Fatal(err)
	}
	// somebody else made another of the same name meanwhile
	server.Remove("configmaps", "learn-heal", "replaced")
	server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: replaced, namespace: learn-heal}}")
	server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: relabelled, namespace: learn-heal, labels: {}}}")

	err = client.Delete(ctx, receipts...)
	if !errors.Is(err, kube.ErrNotOurs) {
		t.Errorf("deleting what lost our label gave %v, want ErrNotOurs", err)
	}
	if server.Get("configmaps", "learn-heal", "ours") != nil {
		t.Error("what is ours was not deleted")
	}
	for _, name := range []string{"replaced", "relabelled"} {
		if server.Get("configmaps", "learn-heal", name) == nil {
			t.Errorf("%s is not ours and was deleted", name)
		}
	}
	if err := client.Delete(ctx, receipts[0]); err != nil {
		t.Errorf("deleting what is gone gave %v", err)
	}
}

func TestDeleteNamespaceWaitsUntilItIsGone(t *testing.T) {
	server, client, ctx := setUp(t)
	server.Put("{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: learn-heal}}")
	if _, err := client.EnsureNamespace(ctx, "learn-heal", "heal"); err != nil {
		t.Fatal(err)
	}
	server.Hold("namespaces", "", "learn-heal")
	said := make(chan string, 4)
	done := make(chan error, 1)
	go func() { done <- client.DeleteNamespace(ctx, "learn-heal", func(what string) { said <- what }) }()

	// it goes on waiting while the namespace is only marked, and tells what is left
	waitFor(t, ctx, func() bool {
		o := server.Get("namespaces", "", "learn-heal")
		return o != nil && o.GetDeletionTimestamp() != nil
	})
	marked := server.Get("namespaces", "", "learn-heal").DeepCopy()
	marked.Object["status"] = map[string]any{"conditions": []any{
		map[string]any{"type": "NamespaceContentRemaining", "status": "True", "message": "pods. has 1 resource instances"},
	}}
	text, err := marked.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	server.Put(string(text))
	select {
	case what := <-said:
		if what != "pods. has 1 resource instances" {
			t.Errorf("it says %q", what)
		}
	case err := <-done:
		t.Fatalf("it ended before the namespace was gone: %v", err)
	case <-ctx.Done():
		t.Fatal("it never said what is left")
	}
	server.Release("namespaces", "", "learn-heal")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestANamespaceOfSomebodyElseIsRefused(t *testing.T) {
	server, client, ctx := setUp(t)
	server.Put("{apiVersion: v1, kind: Namespace, metadata: {name: learn-heal}}")
	if _, err := client.EnsureNamespace(ctx, "learn-heal", "heal"); !errors.Is(err, kube.ErrNotOurs) {
		t.Errorf("EnsureNamespace gave %v, want ErrNotOurs", err)
	}
	if err := client.DeleteNamespace(ctx, "learn-heal", nil); !errors.Is(err, kube.ErrNotOurs) {
		t.Errorf("DeleteNamespace gave %v, want ErrNotOurs", err)
	}
	if server.Get("namespaces", "", "learn-heal") == nil {
		t.Error("it was deleted all the same")
	}
}

func TestWaitForSeesAnObjectComeAndGo(t *testing.T) {
	server, client, ctx := setUp(t)
	pods := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	seen := make(chan bool, 8)
	done := make(chan error, 1)
	go func() {
		came := false
		done <- client.WaitFor(ctx, pods, "learn-heal", "web", func(o *unstructured.Unstructured) (bool, error) {
			seen <- o != nil
			came = came || o != nil
			return came && o == nil, nil
		})
	}()
	if there := <-seen; there {
		t.Error("it saw a Pod before there was one")
	}
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: other, namespace: learn-heal}}")
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: learn-heal}}")
	if there := <-seen; !there {
		t.Error("it did not see the Pod come")
	}
	server.Remove("pods", "learn-heal", "web")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestWaitForEndsWithItsContext(t *testing.T) {
	_, client, _ := setUp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := client.WaitFor(ctx, schema.GroupVersionResource{Version: "v1", Resource: "pods"}, "learn-heal", "web",
		func(*unstructured.Unstructured) (bool, error) { return false, nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestGetServiceGoesThroughTheServer(t *testing.T) {
	server, client, ctx := setUp(t)
	server.Proxy(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(r.URL.RequestURI()))
	}))
	answer, err := client.GetService(ctx, "", "web", "80", "/hello?a=b")
	if err != nil {
		t.Fatal(err)
	}
	const want = "/api/v1/namespaces/learn-heal/services/web:80/proxy/hello?a=b"
	if answer.Status != http.StatusTeapot || string(answer.Body) != want {
		t.Errorf("got %d %q, want 418 %q", answer.Status, answer.Body, want)
	}
	server.Stop()
	if _, err := client.GetService(ctx, "", "web", "80", "/"); err == nil {
		t.Error("a server that is down gave no error")
	}
}

// A Pod may lead a request to another of its own paths, and not elsewhere.
func TestARedirectionStaysWithinWhatWasAsked(t *testing.T) {
	server, client, ctx := setUp(t)
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	const base = "/api/v1/namespaces/learn-heal/services/"
	for to, want := range map[string]int{
		base + "web:80/proxy/there":    http.StatusOK,
		other.URL + "/x":               http.StatusFound,
		base + "till:80/proxy/there":   http.StatusFound,
		"/api/v1/namespaces/default":   http.StatusFound,
		base + "web:80/proxy/for-ever": http.StatusFound,
	} {
		server.Proxy(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/there") {
				return
			}
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}))
		answer, err := client.GetService(ctx, "", "web", "80", "/")
		if err != nil || answer.Status != want {
			t.Errorf("to %s: %d, %v", to, answer.Status, err)
		}
	}
	if elsewhere > 0 {
		t.Error("the request went elsewhere")
	}
}

func TestMappingKnowsTheUsualKindsWithoutAsking(t *testing.T) {
	server, client, _ := setUp(t)
	gvr, namespaced, err := client.Mapping(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"})
	if err != nil || gvr.Resource != "deployments" || !namespaced {
		t.Errorf("got %v %v %v", gvr, namespaced, err)
	}
	if asked := server.Requests(); len(asked) != 0 {
		t.Errorf("it asked the server: %v", asked)
	}
	if _, _, err := client.Mapping(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"}); err == nil {
		t.Error("a kind that the server does not know gave no error")
	}
}

func waitFor(t *testing.T, ctx context.Context, done func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatal("it never came")
		case <-tick.C:
		}
	}
}
