package check_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// now is the moment of every test snapshot.
func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// testFile is one file of testdata: a world that several cases start from.
type testFile struct {
	// Parts are objects by a name of the file's own; a case lists the names, or names with changes.
	Parts map[string]map[string]any `json:"parts"`
	Cases []testCase                `json:"cases"`
}

type testCase struct {
	Name string `json:"name"`
	// Check is the inside of a check block.
	Check   string            `json:"check"`
	Objects []any             `json:"objects"`
	Before  []any             `json:"before"`
	Errors  map[string]string `json:"errors"`
	Want    struct {
		Verdict   check.Verdict `json:"verdict"`
		Actual    string        `json:"actual"`
		Why       string        `json:"why"`
		Look      string        `json:"look"`
		Otherwise *int          `json:"otherwise"`
		Evidence  string        `json:"evidence"` // a line that must be among them
	} `json:"want"`
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f testFile
		if err := yaml.UnmarshalStrict(data, &f); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, tc := range f.Cases {
			t.Run(filepath.Base(file)+"/"+tc.Name, func(t *testing.T) { f.run(t, tc) })
		}
	}
}

func (f *testFile) run(t *testing.T, tc testCase) {
	step := stepOf(t, tc.Check)
	seen := &snapshot.Snapshot{At: now(), Namespace: "learn-x", Objects: f.objects(t, tc.Objects), Errors: tc.Errors}
	before := &snapshot.Snapshot{At: now().Add(-time.Minute), Namespace: "learn-x", Objects: f.objects(t, tc.Before)}
	kept := &snapshot.Snapshot{Objects: f.objects(t, tc.Objects)}

	report := check.Evaluate(step, seen, before, now().Add(-time.Minute))
	again := check.Evaluate(step, seen, before, now().Add(-time.Minute))
	if !reflect.DeepEqual(report, again) {
		t.Errorf("two answers to one question:\n%+v\n%+v", report, again)
	}
	if !reflect.DeepEqual(seen.Objects, kept.Objects) {
		t.Error("the snapshot was changed")
	}
	r := report.Results[0]
	if r.Verdict != tc.Want.Verdict {
		t.Errorf("verdict %q, want %q: %+v", r.Verdict, tc.Want.Verdict, r)
	}
	for what, pair := range map[string][2]string{"why": {r.Why, tc.Want.Why}, "actual": {r.Actual, tc.Want.Actual}, "look": {r.Look, tc.Want.Look}} {
		if pair[0] != pair[1] && (pair[1] != "" || what == "why") {
			t.Errorf("%s:\n  got  %q\n  want %q", what, pair[0], pair[1])
		}
	}
	if tc.Want.Otherwise != nil && r.Otherwise != *tc.Want.Otherwise {
		t.Errorf("otherwise %d, want %d", r.Otherwise, *tc.Want.Otherwise)
	}
	if tc.Want.Evidence != "" && !strings.Contains(strings.Join(r.Evidence, "\n"), tc.Want.Evidence) {
		t.Errorf("evidence %q lacks %q", r.Evidence, tc.Want.Evidence)
	}
	if (r.Verdict == check.NotYet || r.Verdict == check.Converging) && (r.Why == "" || r.Expected == "" || r.Look == "" || r.Actual == "") {
		t.Errorf("a bare %s: %+v", r.Verdict, r)
	}
	if report.Passed() != (r.Verdict == check.Pass) || report.Settled() != (r.Verdict != check.Converging) {
		t.Errorf("Passed %v, Settled %v of %q", report.Passed(), report.Settled(), r.Verdict)
	}
}

func stepOf(t testing.TB, checks string) *lesson.Step {
	t.Helper()
	text := "---\nid: x\ntitle: X\nsummary: x\nminutes: 1\n---\n## A\n```yaml check\n" + checks + "\n```\n"
	l, err := lesson.Parse(fstest.MapFS{"lesson.md": {Data: []byte(text)}}, "lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	return l.Steps[0]
}

// objects builds a case's objects: a name stands for the part; {part: NAME, …} is the part with other fields laid over it.
func (f *testFile) objects(t testing.TB, list []any) []*unstructured.Unstructured {
	t.Helper()
	var found []*unstructured.Unstructured
	for _, entry := range list {
		name, _ := entry.(string)
		over := map[string]any{}
		if m, ok := entry.(map[string]any); ok {
			name, _ = m["part"].(string)
			for k, v := range m {
				if k != "part" {
					over[k] = v
				}
			}
		}
		data, err := yaml.Marshal(laidOver(f.part(t, name), over))
		if err != nil {
			t.Fatal(err)
		}
		data, err = yaml.YAMLToJSON(data)
		if err != nil {
			t.Fatal(err)
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		if k, known := snapshot.KindOf(u.GroupVersionKind()); known && k.Namespaced {
			u.SetNamespace("learn-x")
		}
		found = append(found, u)
	}
	return found
}

// part finds a part, which may itself be another one with changes.
func (f *testFile) part(t testing.TB, name string) map[string]any {
	t.Helper()
	part, ok := f.Parts[name]
	if !ok {
		t.Fatalf("no part %q", name)
	}
	base, ok := part["part"].(string)
	if !ok {
		return part
	}
	whole := laidOver(f.part(t, base), part)
	delete(whole, "part")
	return whole
}

func laidOver(under, over map[string]any) map[string]any {
	both := map[string]any{}
	for k, v := range under {
		both[k] = v
	}
	for k, v := range over {
		m, isMap := v.(map[string]any)
		u, wasMap := both[k].(map[string]any)
		if isMap && wasMap {
			both[k] = laidOver(u, m)
		} else {
			both[k] = v
		}
	}
	return both
}

func TestNoSnapshotYet(t *testing.T) {
	step := stepOf(t, "- {that: a, on: pods, expect: objects.size() == 0, expected: none}")
	r := check.Evaluate(step, nil, nil, now()).Results[0]
	if r.Verdict != check.CantTell || r.Why == "" {
		t.Errorf("%+v", r)
	}
}

func TestStepWithoutChecks(t *testing.T) {
	l, err := lesson.Parse(fstest.MapFS{"lesson.md": {Data: []byte("---\nid: x\ntitle: X\nsummary: x\nminutes: 1\n---\n## A\nText.\n")}}, "lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	if r := check.Evaluate(l.Steps[0], nil, nil, now()); !r.Passed() || r.Results == nil {
		t.Errorf("%+v", r)
	}
}
