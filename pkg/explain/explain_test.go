package explain_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// load reads what was recorded on a practice cluster.
func load[T any](t *testing.T, file string) *T {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	v := new(T)
	if err := yaml.UnmarshalStrict(raw, v); err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return v
}

func query(t *testing.T, text string) snapshot.Query {
	t.Helper()
	if text == "" {
		return snapshot.Query{}
	}
	q, err := snapshot.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// golden holds what is explained against the file of that name.
func golden(t *testing.T, name string, got any) {
	t.Helper()
	text, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "golden", name+".yaml")
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s differs from its golden file (run with -update to accept):\n%s", name, text)
	}
}

func TestExplanationsOfRecordedClusters(t *testing.T) {
	for _, c := range []struct{ name, kind, target, snapshot, timeline string }{
		{"delete-pod", "timeline", "deployment/web", "delete-pod", "delete-pod.timeline"},
		{"delete-pod-watched", "timeline", "deployment/web", "delete-pod", "delete-pod.watch"},
		{"scale", "timeline", "deployment/web", "scale", "scale.timeline"},
		{"kill-container", "timeline", "pods?app=web", "kill-container", "kill-container.timeline"},
		{"relabel", "timeline", "deployment/web", "relabel", "relabel.timeline"},
		{"bare-pod", "timeline", "pod/lonely", "bare-pod", "bare-pod.timeline"},
		{"bad-image", "timeline", "deployment/web", "bad-image", "bad-image.timeline"},
		{"orphan", "timeline", "deployment/web", "orphan", "orphan.timeline"},
		{"node-down", "timeline", "node/worker-2", "node-down", "node-down.timeline"},
		{"quota", "timeline", "deployment/web", "quota", "quota.timeline"},
		{"rollout", "timeline", "deployment/web", "rollout", "rollout.timeline"},
		{"tree", "tree", "deployment/web", "rollout", ""},
		{"tree-all", "tree", "", "relabel-tree", ""},
		{"owners", "owners", "pods?app=web", "rollout", ""},
		{"placement-down", "placement", "deployment/web", "placement-down", ""},
		{"map", "map", "", "why-image", ""},
		{"why-image", "why", "deployment/web", "why-image", ""},
		{"why-crash", "why", "pod/crash", "why-crash", ""},
		{"why-pending", "why", "pod/big", "why-pending", ""},
		{"why-selector", "why", "service/shop", "why-selector", ""},
		{"why-quota", "why", "deployment/web", "why-quota", ""},
		{"why-node", "why", "node/worker-2", "why-node", ""},
		{"why-well", "why", "deployment/web", "rollout", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := load[snapshot.Snapshot](t, c.snapshot+".snapshot.yaml")
			var tl *snapshot.Timeline
			if c.timeline != "" {
				tl = load[snapshot.Timeline](t, c.timeline+".yaml")
			}
			got, err := explain.Explain(c.kind, query(t, c.target), now, tl)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // nothing may hang on the order of a map
				again, err := explain.Explain(c.kind, query(t, c.target), now, tl)
				if err != nil || !reflect.DeepEqual(got, again) {
					t.Fatalf("another time it is told differently (%v)", err)
				}
			}
			golden(t, c.name, got)
		})
	}
}

func TestAnExplanationOfNothingIsAnError(t *testing.T) {
	now := load[snapshot.Snapshot](t, "rollout.snapshot.yaml")
	for _, kind := range []string{"timeline", "tree", "owners", "placement", "why"} {
		if _, err := explain.Explain(kind, query(t, "deployment/nope"), now, nil); !errors.Is(err, explain.ErrNoTarget) {
			t.Errorf("%s of what is not there gave %v, want ErrNoTarget", kind, err)
		}
	}
	if _, err := explain.Explain("poem", query(t, "deployment/web"), now, nil); err == nil {
		t.Error("an unknown kind gave no error")
	}
}

func TestWhatCantBeReadIsSaidAndNotBlamed(t *testing.T) {
	now := load[snapshot.Snapshot](t, "rollout.snapshot.yaml")
	now.Errors = map[string]string{"deployments": "deployments is forbidden"}
	var unread *snapshot.Unreadable
	if _, err := explain.Explain("why", query(t, "deployment/web"), now, nil); !errors.As(err, &unread) {
		t.Errorf("got %v, want the API's error", err)
	}
	e, err := explain.Explain("map", snapshot.Query{}, now, nil)
	if err != nil || e.Unread["deployments"] == "" {
		t.Errorf("the map does not say what could not be read: %v %v", e, err)
	}
}

func TestNeedsNameWhatAnExplanationLooksAt(t *testing.T) {
	for _, kind := range explain.Kinds() {
		found := map[string]bool{}
		for _, q := range explain.Needs(kind, query(t, "deployment/web")) {
			found[q.Resource] = true
		}
		if !found["pods"] || !found["deployments"] {
			t.Errorf("%s needs %v", kind, found)
		}
	}
}
