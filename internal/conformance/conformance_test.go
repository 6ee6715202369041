package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/conformance.md from the last run's results")

// atRoot has a test run where the program does.
func atRoot(t *testing.T) {
	t.Helper()
	t.Chdir(filepath.Join("..", ".."))
}

// lastRun is the record of the last whole run, without which a test has nothing to look at.
func lastRun(t *testing.T) record {
	t.Helper()
	last, err := readRecord(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(last.Results) == 0 {
		t.Skip("no whole run is recorded: make conformance")
	}
	return last
}

// TestPage has the report be that of the last whole run, and of the emulations and excuses that
// stand in the code.
func TestPage(t *testing.T) {
	atRoot(t)
	last, err := readRecord(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	want := page(last)
	if *update {
		if err := os.WriteFile(pageFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not made of %s as it is: make conformance, or go test ./internal/conformance -update", pageFile, resultsFile)
	}
	if err := stale(specsOf(last)); len(last.Results) > 0 && err != nil {
		t.Error(err)
	}
}

// TestVersions finds a Kubernetes that was upgraded without its suite.
func TestVersions(t *testing.T) {
	atRoot(t)
	required, err := requirements(t.Context(), "go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(sumFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range beside {
		if want := m + " " + staging(required["k8s.io/kubernetes"]); !strings.Contains(string(sums), want) {
			t.Errorf("%s does not have %s: go run ./internal/conformance -update-sums", sumFile, want)
		}
	}
	last := lastRun(t)
	if last.Version != required["k8s.io/kubernetes"] {
		t.Errorf("%s is of Kubernetes %s, go.mod has %s: make conformance", pageFile, last.Version, required["k8s.io/kubernetes"])
	}
}

func TestUnchanged(t *testing.T) {
	mod := filepath.Join(t.TempDir(), "go.mod")
	if err := os.WriteFile(mod, []byte("module m\nrequire (\n\ta.test/a v1.0.0\n\tb.test/b v1.1.0\n)\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unchanged(t.Context(), mod, map[string]string{"a.test/a": "v1.0.0"}); err != nil {
		t.Error(err)
	}
	if err := unchanged(t.Context(), mod, map[string]string{"b.test/b": "v1.0.0"}); err == nil {
		t.Error("a module with another version was not noticed")
	}
}

// TestQuick draws from the real record: there is enough to draw, of every SIG.
func TestQuick(t *testing.T) {
	atRoot(t)
	last := lastRun(t)
	specs := specsOf(last)
	drawn := quick(specs, last)
	if len(drawn) < 120 {
		t.Errorf("the quick run has %d specs, too few", len(drawn))
	}
	_, sigs := count(last.Results, last.OwnMounts)
	for sig := range sigs {
		if !slices.ContainsFunc(drawn, func(s spec) bool { return s.sig() == sig }) {
			t.Errorf("the quick run has nothing of %s", sig)
		}
	}
	slices.Reverse(specs)
	if again := quick(specs, last); !reflect.DeepEqual(namesOf(again), namesOf(drawn)) {
		t.Error("another draw gives other specs")
	}
}

func namesOf(specs []spec) (all []string) {
	for _, s := range specs {
		all = append(all, s.Name)
	}
	return all
}

func specsOf(r record) []spec {
	var specs []spec
	for _, x := range r.Results {
		specs = append(specs, spec{Name: x.Spec, Expected: x.Seconds, Serial: strings.Contains(x.Spec, "[Serial]")})
	}
	return specs
}

func TestRecord(t *testing.T) {
	r := record{Version: "v1.37.2", CPUs: 2, Took: 90 * time.Second, OwnMounts: true, Results: []result{
		{Spec: "[sig-node] A [Conformance]", Verdict: passed, Seconds: 3 * time.Second},
		{Spec: "[sig-node] B [Conformance]", Verdict: failed, Seconds: 4 * time.Second, Reason: "no\ttime"},
	}}
	got, err := parseRecord(r.format())
	r.Results[1].Reason = "no time"
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("read %+v (%v), wrote %+v", got, err, r)
	}
	if _, err := parseRecord("passed\tsoon\tA\n"); err == nil {
		t.Error("seconds that are no number were read")
	}
}

func TestList(t *testing.T) {
	got := parseList(`The following spec names can be used with 'ginkgo run --focus/skip':
    /src/test/e2e/apps/daemon_set.go:200: [sig-apps] Daemon set [Serial] should run [Conformance]
    ../x/pods.go:2: [sig-node] Pods (a: b) should run [Conformance] [NodeConformance]
    ../x/pods.go:3: [sig-node] Pods should not
`)
	want := []spec{
		{Name: "[sig-apps] Daemon set [Serial] should run [Conformance]", Serial: true},
		{Name: "[sig-node] Pods (a: b) should run [Conformance] [NodeConformance]"},
		{Name: "[sig-node] Pods should not"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got[0].sig() != "apps" {
		t.Errorf("its SIG is %q", got[0].sig())
	}
}

func TestPlan(t *testing.T) {
	specs := []spec{
		{Name: "quick 1", Expected: 2 * time.Second}, {Name: "quick 2", Expected: 2 * time.Second},
		{Name: "serial [Serial]", Serial: true}, {Name: "long", Expected: time.Minute}, {Name: "never timed [Slow]"},
		{Name: "alone", Expected: time.Second, Alone: true}, {Name: "last", Expected: time.Second},
	}
	parallel, serial := split(specs)
	if len(serial) != 1 || serial[0].Name != "serial [Serial]" {
		t.Errorf("serial are %v", serial)
	}
	var got [][]string
	for batch, rest := next(parallel); len(batch) > 0; batch, rest = next(rest) {
		got = append(got, namesOf(batch))
	}
	want := [][]string{{"never timed [Slow]"}, {"long"}, {"quick 1", "quick 2"}, {"alone"}, {"last"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the batches are %q, want %q", got, want)
	}
	if l := (spec{Expected: time.Minute}).limit(); l != 4*time.Minute {
		t.Errorf("a spec of a minute may take %s", l)
	}
}

func TestComplete(t *testing.T) {
	specs := []spec{{Name: "a"}, {Name: "b"}}
	ran := func(name string, v verdict) result { return result{Spec: name, Verdict: v} }
	for _, tt := range []struct {
		results []result
		want    string
	}{
		{[]result{ran("a", passed), ran("b", failed)}, ""},
		{[]result{ran("a", passed)}, "ran 0 times: b"},
		{[]result{ran("a", passed), ran("b", passed), ran("b", passed)}, "ran 2 times: b"},
		{[]result{ran("a", passed), ran("b", skipped)}, "skipped: b"},
		{[]result{ran("a", passed), ran("b", missing)}, "missing: b"},
		{[]result{ran("a", passed), ran("b", passed), ran("c", passed)}, "not among the 2: c"},
	} {
		err := complete(specs, tt.results)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%v: said %v, want %q", tt.results, err, tt.want)
		}
	}
}

func TestJudge(t *testing.T) {
	if err := judge([]result{{Spec: "a", Verdict: passed}}); err != nil {
		t.Error(err)
	}
	if err := judge([]result{{Spec: "a", Verdict: failed}}); err == nil {
		t.Error("a failure without an excuse was accepted")
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{"extra"}, {"-run", "("}, {"-parallel", "0"}, {"-nonsense"}} {
		if err := run(context.Background(), args, new(strings.Builder)); err == nil {
			t.Errorf("run(%q) succeeded", args)
		}
	}
}
