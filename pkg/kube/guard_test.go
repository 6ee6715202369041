package kube_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube/kubetest"
)

// asked keeps what a Permit was asked for.
type asked struct{ writes []kube.Write }

func (a *asked) Allow(_ context.Context, w kube.Write) error {
	a.writes = append(a.writes, w)
	return errors.New("not today")
}

func TestAGuardTellsWritesFromReads(t *testing.T) {
	server := kubetest.New()
	t.Cleanup(server.Close)
	for name, tc := range map[string]struct {
		method, path, upgrade string
		// write is what the guard makes of it: group, namespace, resource, name, subresource; "-" for a read.
		write string
	}{
		"a list":                       {"GET", "/api/v1/namespaces/a/pods", "", "-"},
		"a watch":                      {"GET", "/apis/apps/v1/deployments?watch=1", "", "-"},
		"one object":                   {"GET", "/api/v1/namespaces/a/configmaps/proxy", "", "-"},
		"a log":                        {"GET", "/api/v1/namespaces/a/pods/web/log", "", "-"},
		"readyz":                       {"GET", "/readyz", "", "-"},
		"the root":                     {"GET", "/", "", "-"},
		"an object":                    {"PATCH", "/apis/apps/v1/namespaces/a/deployments/web", "", "apps a deployments web "},
		"a collection":                 {"DELETE", "/api/v1/namespaces/a/pods", "", " a pods  "},
		"a namespace":                  {"DELETE", "/api/v1/namespaces/a", "", "  namespaces a "},
		"a namespace's end":            {"PUT", "/api/v1/namespaces/a/finalize", "", "  namespaces a finalize"},
		"a node":                       {"PATCH", "/api/v1/nodes/n", "", "  nodes n "},
		"an eviction":                  {"POST", "/api/v1/namespaces/a/pods/web/eviction", "", " a pods web eviction"},
		"a token":                      {"POST", "/api/v1/namespaces/a/serviceaccounts/x/token", "", " a serviceaccounts x token"},
		"a dry run":                    {"POST", "/api/v1/namespaces/a/pods?dryRun=All", "", " a pods  "},
		"exec by GET":                  {"GET", "/api/v1/namespaces/a/pods/web/exec?command=rm", "websocket", " a pods web exec"},
		"exec without an upgrade":      {"GET", "/api/v1/namespaces/a/pods/web/exec", "", " a pods web exec"},
		"attach":                       {"GET", "/api/v1/namespaces/a/pods/web/attach", "", " a pods web attach"},
		"port-forward":                 {"GET", "/api/v1/namespaces/a/pods/web/portforward", "", " a pods web portforward"},
		"through a Service":            {"GET", "/api/v1/namespaces/a/services/web:80/proxy/shutdown", "", " a services web:80 proxy"},
		"through a node":               {"GET", "/api/v1/nodes/n/proxy/run", "", "  nodes n proxy"},
		"a connection":                 {"GET", "/api/v1/namespaces/a/pods", "SPDY/3.1", " a pods  "},
		"who am I":                     {"POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "", "-"},
		"may I":                        {"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "", "-"},
		"may somebody else":            {"POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", "", "authorization.k8s.io  subjectaccessreviews  "},
		"a review in a namespace":      {"POST", "/apis/authorization.k8s.io/v1/namespaces/a/selfsubjectaccessreviews", "", "authorization.k8s.io a selfsubjectaccessreviews  "},
		"no path of an object":         {"POST", "/healthz", "", "    "},
		"a path with a way back":       {"GET", "/api/v1/namespaces/a/pods/../pods/web/exec", "", "    "},
		"a path with an empty part":    {"PATCH", "/api/v1//namespaces/a/pods/web", "", "    "},
		"a path with a hidden slash":   {"GET", "/api/v1/namespaces/a/pods/web%2Fexec", "", "    "},
		"a method that there is not":   {"LIST", "/api/v1/namespaces/a/pods", "", " a pods  "},
		"a lower-case method":          {"get", "/api/v1/namespaces/a/pods", "", " a pods  "},
		"below another path than ours": {"DELETE", "/k8s/api/v1/namespaces/a", "", "    "},
	} {
		t.Run(name, func(t *testing.T) {
			permit := &asked{}
			code := send(t, server.Config(), permit, tc.method, tc.path, tc.upgrade)
			got := "-"
			if len(permit.writes) > 0 {
				w := permit.writes[0]
				got = strings.Join([]string{w.Group, w.Namespace, w.Resource, w.Name, w.Subresource}, " ")
			}
			if got != tc.write || (code == 0) != (tc.write != "-") {
				t.Errorf("%s %s: the permit was asked for %q, want %q; HTTP status %d", tc.method, tc.path, got, tc.write, code)
			}
		})
	}
}

// send sends one request through a client; 0 is one that did not leave.
func send(t *testing.T, cfg *rest.Config, permit kube.Permit, method, path, upgrade string) int {
	t.Helper()
	client, err := kube.New(cfg, "", permit)
	if err != nil {
		t.Fatal(err)
	}
	// What others make of the client's settings is guarded as well.
	transport, err := rest.HTTPClientFor(client.Config())
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(cfg.Host, "/")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if upgrade != "" {
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", upgrade)
	}
	answer, err := transport.Do(request)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestAServerBelowAPath(t *testing.T) {
	server := kubetest.New()
	t.Cleanup(server.Close)
	cfg := server.Config()
	cfg.Host += "/k8s/clusters/c-1"
	permit := &asked{}
	if code := send(t, cfg, permit, "DELETE", "/api/v1/namespaces/a", ""); code != 0 || permit.writes[0].Name != "a" {
		t.Errorf("status %d, asked %+v", code, permit.writes)
	}
}

func TestWithoutAPermitNothingIsWritten(t *testing.T) {
	server := kubetest.New()
	t.Cleanup(server.Close)
	server.Put("{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: a, labels: {app.kubernetes.io/managed-by: kubectl-learn}}}")
	client, err := kube.New(server.Config(), "a", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	r := kube.Receipt{Version: "v1", Resource: "pods", Namespace: "a", Name: "web"}
	_, applied := client.Apply(ctx, "heal", configMap("page", nil))
	_, made := client.EnsureNamespace(ctx, "learn-heal", "heal")
	_, got := client.GetService(ctx, "a", "web", "80", "/")
	deleted := client.Dynamic().Resource(r.GVR()).Namespace("a").DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
	for what, err := range map[string]error{
		"apply": applied, "make a namespace": made, "delete": client.Delete(ctx, r), "delete all": deleted, "ask a Service": got,
		"exec": client.Exec(ctx, kube.ExecOptions{Pod: "web", Command: []string{"true"}, Stdout: &strings.Builder{}}),
	} {
		if refused, ok := errors.AsType[*kube.Refused](err); !ok || !errors.Is(err, kube.ErrNoConsent) || refused.Server != server.Config().Host {
			t.Errorf("%s gave %v, want that it was refused", what, err)
		}
	}
	if _, err := client.Dynamic().Resource(r.GVR()).Namespace("a").Get(ctx, "web", metav1.GetOptions{}); err != nil {
		t.Errorf("to read gave %v", err)
	}
	wrote := slices.DeleteFunc(server.Requests(), func(r string) bool { return strings.HasPrefix(r, "GET ") && !strings.Contains(r, "/proxy") })
	if len(wrote) > 0 {
		t.Errorf("the server was asked for %v", wrote)
	}
}

// reader is a Permit that looks into what is sent.
type reader struct{ body string }

func (p *reader) Allow(_ context.Context, w kube.Write) error {
	body, err := w.Body()
	p.body = string(body)
	return err
}

func TestAPermitSeesWhatIsSent(t *testing.T) {
	server := kubetest.New()
	t.Cleanup(server.Close)
	permit := &reader{}
	client, err := kube.New(server.Config(), "a", permit)
	if err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "page"}}}
	if _, err := client.Apply(t.Context(), "heal", o); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(permit.body, `"name":"page"`) || server.Get("configmaps", "a", "page") == nil {
		t.Errorf("it saw %q", permit.body)
	}
}
