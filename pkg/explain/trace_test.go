package explain_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// traced are the recorded clusters that traces are told of.
func traced() []struct{ name, target, snapshot, timeline string } {
	return []struct{ name, target, snapshot, timeline string }{
		{"scale", "deployment/web", "trace-scale", "trace-scale.timeline"},
		{"kill-pod", "deployment/web", "trace-kill", "trace-kill.timeline"},
		{"stateful", "statefulset/db", "trace-stateful", "trace-stateful.timeline"},
		{"rollout", "deployment/web", "rollout", "rollout.timeline"},
		{"kill-container", "deployment/web", "kill-container", "kill-container.timeline"},
		{"node-down", "deployment/web", "node-down", "node-down.timeline"},
		{"quota", "deployment/web", "quota", "quota.timeline"},
		{"watched", "deployment/web", "delete-pod", "delete-pod.watch"},
	}
}

func chain(t *testing.T, snap, timeline, target string) (*explain.Trace, *snapshot.Timeline) {
	t.Helper()
	now, tl := load[snapshot.Snapshot](t, snap+".snapshot.yaml"), load[snapshot.Timeline](t, timeline+".yaml")
	asked := explain.Asked{Targets: []snapshot.Query{query(t, target)}, From: tl.Start, To: tl.End}
	got, err := explain.Chain(asked, now, tl)
	if err != nil {
		t.Fatal(err)
	}
	return got, tl
}

// told is what is printed of a trace.
func told(tr *explain.Trace) string {
	text, _ := yaml.Marshal(tr)
	return string(text)
}

func TestTracesOfRecordedClusters(t *testing.T) {
	for _, c := range traced() {
		t.Run(c.name, func(t *testing.T) {
			got, _ := chain(t, c.snapshot, c.timeline, c.target)
			// Nothing may hang on the order of a map.
			if again, _ := chain(t, c.snapshot, c.timeline, c.target); !reflect.DeepEqual(got.Rows, again.Rows) || told(got) != told(again) {
				t.Fatal("another time it is told differently")
			}
			golden(t, filepath.Join("..", "trace", c.name), got)
		})
	}
}

// A cause comes before what it leads to, and each row that a cluster's own machinery made has one.
func TestCausesComeFirst(t *testing.T) {
	for _, c := range traced() {
		tr, _ := chain(t, c.snapshot, c.timeline, c.target)
		if len(tr.Rows) < 5 || tr.Rows[0].Cause != explain.NoCause || tr.Rows[0].OffsetMS != 0 {
			t.Errorf("%s: %d rows, the first %+v", c.name, len(tr.Rows), tr.Rows[0])
		}
		for i, s := range tr.Steps {
			if s.Cause >= i || s.Cause != explain.NoCause && tr.Steps[s.Cause].OffsetMS > s.OffsetMS {
				t.Errorf("%s: step %d, %s %s, has cause %d", c.name, i, s.Actor, s.What, s.Cause)
			}
			if s.Actor == "" || s.What == "" || s.Object == "" || s.Evidence == "" {
				t.Errorf("%s: step %d says too little: %+v", c.name, i, s)
			}
		}
		for i, r := range tr.Rows {
			if r.Cause >= i {
				t.Errorf("%s: row %d has cause %d", c.name, i, r.Cause)
			}
			if i > 0 && r.Cause == explain.NoCause {
				t.Errorf("%s: nothing led to row %d, %s %s", c.name, i, r.Actor, r.What)
			}
		}
	}
}

// The writes of a trace are those of the audit log, in the order in which the API server got them.
func TestATraceIsTheAuditLog(t *testing.T) {
	for _, name := range []string{"trace-scale", "trace-kill"} {
		tr, tl := chain(t, name, name+".timeline", "deployment/web")
		type write struct{ user, write string }
		var got, want []write
		for _, s := range tr.Steps {
			if s.Write != "" {
				got = append(got, write{s.User, s.Write})
			}
		}
		var changes []snapshot.Change
		for _, c := range tl.Changes {
			if !c.At.Before(tl.Start) && slices.Contains([]string{"deployments", "replicasets", "pods", "endpointslices"}, c.Resource) {
				changes = append(changes, c)
			}
		}
		sort.SliceStable(changes, func(i, j int) bool { return changes[i].Received.Before(changes[j].Received) })
		for _, c := range changes {
			w := c.Verb + " " + c.Resource
			if c.Subresource != "" {
				w += "/" + c.Subresource
			}
			want = append(want, write{c.User, w})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %v\nwant %v", name, got, want)
		}
	}
}

func TestThePathOfAScale(t *testing.T) {
	tr, _ := chain(t, "trace-scale", "trace-scale.timeline", "deployment/web")
	want := []string{"you", "Deployment", "ReplicaSet", "scheduler", "kubelet", "runtime", "kubelet", "ReplicaSet", "Deployment"}
	if !slices.Equal(tr.Path, want) {
		t.Errorf("the path is %v", tr.Path)
	}
	if tr.Outcome != explain.Reached || tr.SettledMS <= 0 || !strings.Contains(tr.Times, "audit log") {
		t.Errorf("%s after %d ms; %s", tr.Outcome, tr.SettledMS, tr.Times)
	}
}

// A StatefulSet makes its second Pod when the first is ready.
func TestAStatefulSetWaits(t *testing.T) {
	tr, _ := chain(t, "trace-stateful", "trace-stateful.timeline", "statefulset/db")
	for _, s := range tr.Steps {
		if s.Object == "pod/db-1" && s.Actor == "StatefulSet" && s.Write == "create pods" {
			if cause := tr.Steps[s.Cause]; cause.Object != "pod/db-0" || !strings.Contains(cause.What, "ready") {
				t.Errorf("db-1 was made because %s %s", cause.Actor, cause.What)
			}
			return
		}
	}
	t.Error("db-1 was not made")
}

// What no record names anybody for is the learner's only while the learner's command ran.
func TestWhoRanTheCommandDidIt(t *testing.T) {
	now, tl := load[snapshot.Snapshot](t, "delete-pod.snapshot.yaml"), load[snapshot.Timeline](t, "delete-pod.watch.yaml")
	for who, asked := range map[string]explain.Asked{
		"you":      {From: tl.Start, To: tl.End},
		"somebody": {},
	} {
		asked.Targets = []snapshot.Query{query(t, "deployment/web")}
		tr, err := explain.Chain(asked, now, tl)
		if err != nil || tr.Rows[0].Actor != who || !strings.Contains(tr.Times, "no audit log") {
			t.Errorf("%v; it begins with %+v; %s", err, tr.Rows[0], tr.Times)
		}
	}
}

// What became of a node before any of the targets was there is no part of their trace; what becomes of it afterwards is.
func TestNodesBeforeTheTarget(t *testing.T) {
	target := explain.Asked{Targets: []snapshot.Query{query(t, "statefulset/db")}}
	now := load[snapshot.Snapshot](t, "trace-stateful.snapshot.yaml")
	told := func(at time.Time) *explain.Trace {
		t.Helper()
		tl := load[snapshot.Timeline](t, "trace-stateful.timeline.yaml")
		node := slices.IndexFunc(tl.Changes, func(c snapshot.Change) bool { return c.Resource == "nodes" && c.Object != nil })
		for _, shut := range []bool{true, false} {
			c := tl.Changes[node]
			c.At, c.User, c.UserAgent = at, "learner", "kubectl"
			c.Received, c.Object = c.At, c.Object.DeepCopy()
			if err := unstructured.SetNestedField(c.Object.Object, shut, "spec", "unschedulable"); err != nil {
				t.Fatal(err)
			}
			c.Object.SetResourceVersion("")
			tl.Changes = append(tl.Changes, c)
		}
		sort.SliceStable(tl.Changes, func(i, j int) bool { return tl.Changes[i].At.Before(tl.Changes[j].At) })
		tr, err := explain.Chain(target, now, tl)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	while := load[snapshot.Timeline](t, "trace-stateful.timeline.yaml")
	if first := told(while.Start).Rows[0]; first.Actor != "you" || !strings.HasPrefix(first.What, "made StatefulSet db") {
		t.Errorf("it begins with %s %s", first.Actor, first.What)
	}
	rows := told(while.End).Rows
	if last := rows[len(rows)-1]; last.Actor != "you" || !strings.HasPrefix(last.What, "opened node ") {
		t.Errorf("it ends with %s %s", last.Actor, last.What)
	}
}

func TestWrittenByTheLearner(t *testing.T) {
	for file, want := range map[string]string{
		"trace-scale.timeline": "deployment/web", "trace-stateful.timeline": "statefulset/db",
		"delete-pod.watch": "pod/web-75b86cfdc4-254zj",
	} {
		tl := load[snapshot.Timeline](t, file+".yaml")
		got := explain.Written(tl, tl.Start, tl.End)
		if len(got) != 1 || got[0].String() != want {
			t.Errorf("%s: %v, want %s", file, got, want)
		}
		if later := explain.Written(tl, tl.End.Add(time.Second), tl.End.Add(time.Minute)); len(later) > 0 {
			t.Errorf("%s: afterwards %v", file, later)
		}
	}
}

func TestSettled(t *testing.T) {
	for _, c := range []struct{ name, target, waits string }{
		{"trace-scale", "deployment/web", ""},
		{"trace-stateful", "statefulset/db", ""},
		{"bad-image", "deployment/web", "deployment/web, "},
		{"quota", "deployment/web", "deployment/web, 4 of 6 Pods ready"},
	} {
		now, tl := load[snapshot.Snapshot](t, c.name+".snapshot.yaml"), load[snapshot.Timeline](t, c.name+".timeline.yaml")
		settled, waits := explain.Settled([]snapshot.Query{query(t, c.target)}, now, tl)
		if settled != (c.waits == "") || !strings.HasPrefix(waits, c.waits) {
			t.Errorf("%s: settled %v, it waits for %q", c.name, settled, waits)
		}
	}
}

func TestTracesAreAllDrawn(t *testing.T) {
	files, err := os.ReadDir(filepath.Join("testdata", "trace"))
	if err != nil || len(files) != len(traced()) {
		t.Errorf("there are %d traces in testdata, of %d (%v)", len(files), len(traced()), err)
	}
}
