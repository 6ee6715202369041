package snapshot_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

func TestParseQuery(t *testing.T) {
	for _, tc := range []struct {
		text, want, resource, name, problem string
		namespaced                          bool
	}{
		{text: "pods?app=web", want: "pods?app=web", resource: "pods", namespaced: true},
		{text: "po?app in (a,b),!x", want: "pods?app in (a,b),!x", resource: "pods", namespaced: true},
		{text: "pods?example.com/app=web", want: "pods?example.com/app=web", resource: "pods", namespaced: true},
		{text: "Deployment/web", want: "deployment/web", resource: "deployments", name: "web", namespaced: true},
		{text: "deployments.apps/web", want: "deployment/web", resource: "deployments", name: "web", namespaced: true},
		{text: "deploy", want: "deployments", resource: "deployments", namespaced: true},
		{text: " node/worker-1 ", want: "node/worker-1", resource: "nodes", name: "worker-1"},
		{text: "endpoints/web", want: "endpoints/web", resource: "endpoints", name: "web", namespaced: true},
		{text: "clusterrole/system:node", problem: "is not the name"},
		{text: "deploymnt/web", problem: `did you mean "deployment"?`},
		{text: "pods.apps", problem: "unknown kind"},
		{text: "frobnicators", problem: "unknown kind"},
		{text: "", problem: "begins with a kind"},
		{text: "pods?", problem: "not a label selector"},
		{text: "pods?app==", want: "pods?app==", resource: "pods", namespaced: true},
		{text: "pods?app web", problem: "not a label selector"},
		{text: "pods/", problem: "is not the name"},
		{text: "pods/Web_1", problem: "is not the name"},
	} {
		q, err := snapshot.ParseQuery(tc.text)
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%q: error %v, want %q", tc.text, err, tc.problem)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tc.text, err)
			continue
		}
		if q.String() != tc.want || q.Resource != tc.resource || q.Name != tc.name || q.Namespaced != tc.namespaced {
			t.Errorf("%q: got %+v", tc.text, q)
		}
		again, err := snapshot.ParseQuery(q.String())
		if err != nil || again.String() != q.String() {
			t.Errorf("%q: does not survive String: %v %v", tc.text, again, err)
		}
	}
}

func TestKindsHaveUniqueNames(t *testing.T) {
	seen := map[string]string{}
	for _, k := range snapshot.Kinds() {
		names := append([]string{k.Resource}, k.Short...)
		if k.Singular != k.Resource {
			names = append(names, k.Singular)
		}
		for _, n := range names {
			if other := seen[n]; other != "" {
				t.Errorf("%q names %s and %s", n, other, k.Kind)
			}
			seen[n] = k.Kind
			if found, ok := snapshot.KindNamed(n); !ok || found.Kind != k.Kind {
				t.Errorf("KindNamed(%q) is %v", n, found.Kind)
			}
		}
		if found, ok := snapshot.KindOf(k.GVK()); !ok || found.Resource != k.Resource {
			t.Errorf("KindOf(%v) is %v", k.GVK(), found)
		}
	}
}

func object(apiVersion, kind, namespace, name string, labels map[string]string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	u.SetNamespace(namespace)
	u.SetName(name)
	u.SetLabels(labels)
	return u
}

func TestSelect(t *testing.T) {
	web := map[string]string{"app": "web"}
	s := &snapshot.Snapshot{
		Namespace: "learn-x",
		Objects: []*unstructured.Unstructured{
			object("v1", "Pod", "learn-x", "web-b", web),
			object("v1", "Pod", "learn-x", "web-a", web),
			object("v1", "Pod", "learn-x", "db", nil),
			object("v1", "Pod", "elsewhere", "web-c", web),
			object("v1", "Node", "", "worker-1", web),
			object("apps/v1", "Deployment", "learn-x", "web", web),
			object("example.com/v1", "Deployment", "learn-x", "web", web),
		},
		Errors: map[string]string{"secrets": "secrets is forbidden"},
	}
	for query, want := range map[string]string{
		"pods":                 "db web-a web-b",
		"pods?app=web":         "web-a web-b",
		"pod/web-a":            "web-a",
		"pod/web-c":            "",
		"nodes":                "worker-1",
		"deployment/web":       "web",
		"pods?app notin (web)": "db",
	} {
		q, err := snapshot.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.Select(q)
		if err != nil {
			t.Errorf("%s: %v", query, err)
		}
		var names []string
		for _, o := range found {
			names = append(names, o.GetName())
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	secrets, _ := snapshot.ParseQuery("secret/x")
	_, err := s.Select(secrets)
	var unreadable *snapshot.Unreadable
	if !errors.As(err, &unreadable) || unreadable.Reason != "secrets is forbidden" {
		t.Errorf("unreadable resource: %v", err)
	}
	var none *snapshot.Snapshot
	if found, err := none.Select(secrets); found != nil || err != nil {
		t.Errorf("nil snapshot: %v %v", found, err)
	}
}

func TestQueryAsJSON(t *testing.T) {
	var in struct{ Q, Z snapshot.Query }
	in.Q, _ = snapshot.ParseQuery("pods?app=web")
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"Q":"pods?app=web","Z":""}` {
		t.Fatalf("%s %v", data, err)
	}
	out := in
	out.Q = snapshot.Query{}
	if err := json.Unmarshal(data, &out); err != nil || out.Q.String() != in.Q.String() || out.Q.GVR() != in.Q.GVR() || !out.Z.IsZero() {
		t.Fatalf("%+v %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"Q":"podz"}`), &out); err == nil {
		t.Fatal("read an unknown kind")
	}
}

func TestNearest(t *testing.T) {
	list := []string{"expect", "expected", "on", "within", "replicas"}
	for word, want := range map[string]string{
		"exepct": "expect", "expectd": "expect", "witin": "within", "no": "on", "replcas": "replicas",
		"foo": "", "": "", "x": "", "zzzzzzzz": "",
	} {
		if got := snapshot.Nearest(word, list); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
