package explain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// rowsOf is the rows of a story or a trace, each as actor and clause.
func rowsOf(rows []explain.Row) string {
	var all []string
	for _, r := range rows {
		all = append(all, r.Actor+" "+r.What)
	}
	return strings.Join(all, "\n")
}

func traceRows(tr *explain.Trace) string {
	var rows []explain.Row
	for _, r := range tr.Rows {
		rows = append(rows, r.Row)
	}
	return rowsOf(rows)
}

// watched is a timeline as watches alone would have brought it: nobody's name, whole objects, faults that we did ourselves.
func watched(tl *snapshot.Timeline) *snapshot.Timeline {
	seen := &snapshot.Timeline{Start: tl.Start, End: tl.End}
	for _, c := range tl.Changes {
		if c.Source != explain.FromFault {
			if c.Object == nil || c.Object.GetUID() == "" || slices.Contains([]string{"Scale", "Binding", "Eviction", "PartialObjectMetadata"}, c.Object.GetKind()) {
				continue
			}
			c.User, c.UserAgent, c.Verb, c.Subresource, c.Source = "", "", "", "", snapshot.FromWatch
		}
		seen.Changes = append(seen.Changes, c)
	}
	return seen
}

// A kubelet whose node is off reports nothing: that its Pods are not ready any more, the node controller wrote.
func TestWatchesKnowWhoSpeaksForADeadNode(t *testing.T) {
	tl := watched(load[snapshot.Timeline](t, "node-down.timeline.yaml"))
	now := load[snapshot.Snapshot](t, "node-down.snapshot.yaml")
	struck := explain.Struck{Kill: explain.KillNode, Node: "worker-2", Owner: "ReplicaSet/web-75b86cfdc4", At: tl.Start}
	h, err := explain.Heal(query(t, "deployment/web"), struck, now, tl)
	if err != nil {
		t.Fatal(err)
	}
	told := rowsOf(h.Story.Rows)
	for _, want := range []string{"node controller heard nothing from worker-2", "node controller marked 2 Pods not ready", "node controller evicted"} {
		if !strings.Contains(told, want) {
			t.Errorf("it does not say %q:\n%s", want, told)
		}
	}
	for _, wrong := range []string{"kubelet found", "somebody"} {
		if strings.Contains(strings.Split(told, "ReplicaSet")[0], wrong) {
			t.Errorf("it says %q of a node that is off:\n%s", wrong, told)
		}
	}
}

// seen is news of a watch, so many seconds after noon.
func seen(t *testing.T, second int, text string) snapshot.Change {
	t.Helper()
	o := scene(t, text).Objects[0]
	return snapshot.Change{
		At: time.Date(2026, 5, 4, 12, 0, second, 0, time.UTC), Source: snapshot.FromWatch, Type: snapshot.Modified, Object: o,
		Resource: strings.ToLower(o.GetKind()) + "s", Namespace: o.GetNamespace(), Name: o.GetName(),
	}
}

// A wait that is over is told as one that is over, and how long it was.
func TestAWaitThatIsOver(t *testing.T) {
	running := func(restarts string) string { return pod("", "restartCount: "+restarts+", state: {running: {}}", "") }
	waiting := pod("", "restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137}}", "")
	before := seen(t, 0, running("1"))
	tl := &snapshot.Timeline{Start: before.At.Add(time.Second), Changes: []snapshot.Change{before, seen(t, 10, waiting)}}
	for name, c := range map[string]struct{ then, want, never string }{
		"under way": {"", "waits before it starts container app again", "waited"},
		"over":      {running("2"), "waited 12 s before it started container app again", "waits"},
	} {
		with, last := *tl, waiting
		if c.then != "" {
			with.Changes = append(slices.Clone(tl.Changes), seen(t, 22, c.then))
			last = c.then
		}
		now := scene(t, last)
		s, err := explain.Timeline(query(t, "pod/app"), now, &with)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := explain.Chain(explain.Asked{Targets: []snapshot.Query{query(t, "pod/app")}}, now, &with)
		if err != nil {
			t.Fatal(err)
		}
		for _, told := range []string{rowsOf(s.Rows), traceRows(tr)} {
			if !strings.Contains(told, c.want) || strings.Contains(told, c.never) {
				t.Errorf("%s: it does not say %q:\n%s", name, c.want, told)
			}
		}
	}
}

// What heal killed is neither the lesson's doing, nor like a deletion that somebody typed.
func TestATraceTellsWhatHealKilled(t *testing.T) {
	tl := load[snapshot.Timeline](t, "trace-kill.timeline.yaml")
	for i := range tl.Changes {
		if tl.Changes[i].User == "learner" {
			tl.Changes[i].UserAgent = "kubectl-learn-heal"
		}
	}
	tr, err := explain.Chain(explain.Asked{Targets: []snapshot.Query{query(t, "deployment/web")}}, load[snapshot.Snapshot](t, "trace-kill.snapshot.yaml"), tl)
	if err != nil {
		t.Fatal(err)
	}
	if r := tr.Rows[0]; r.Actor != "you" || !strings.HasPrefix(r.What, "had kubectl learn heal kill Pod web-") || !strings.Contains(r.Evidence, "kubectl-learn-heal") {
		t.Errorf("it begins with %+v", r)
	}
}

// A write that leaves an object as it was brings no new version of it, or one in which only managedFields are new. Whether it did can't be said
// where the object is known from later on only.
func TestAWriteThatChangesNothing(t *testing.T) {
	const web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: learn-heal, uid: d1, resourceVersion: \"7\"}\nspec: {replicas: 3}"
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for version, want := range map[string]string{
		"7": "you asked web for 3 Pods, and nothing changed", "9": "you asked web for 3 Pods, and nothing changed", "5": "you changed Deployment web",
	} {
		scale := scene(t, "apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: web, namespace: learn-heal, uid: d1, resourceVersion: \""+version+"\"}\nspec: {replicas: 3}").Objects[0]
		tl := &snapshot.Timeline{Start: at, Changes: []snapshot.Change{{
			At: at, Source: snapshot.FromAudit, Type: snapshot.Modified, Object: scale, User: "learner", Verb: "patch",
			Resource: "deployments", Subresource: "scale", Namespace: "learn-heal", Name: "web", Code: 200,
		}}}
		tr, err := explain.Chain(explain.Asked{Targets: []snapshot.Query{query(t, "deployment/web")}}, scene(t, web), tl)
		if err != nil {
			t.Fatal(err)
		}
		if told := traceRows(tr); !strings.HasPrefix(told, want) || (tr.Summary == "Nothing was changed.") != (version != "5") {
			t.Errorf("version %s: it says %q; %s", version, told, tr.Summary)
		}
	}
}

// When only objects tell what was, no number of now is told as one of then, and nothing is put together but what is of one second.
func TestATraceThatNobodyWatched(t *testing.T) {
	made := func(second, kind, name, rest string) snapshot.Change {
		version := map[string]string{"Pod": "v1"}[kind]
		if version == "" {
			version = "apps/v1"
		}
		c := seen(t, 0, "apiVersion: "+version+"\nkind: "+kind+"\nmetadata: {name: "+name+", namespace: learn-heal, uid: u-"+name+", creationTimestamp: \"2026-05-04T12:00:"+second+"Z\""+rest)
		c.At, c.Source, c.Type = c.Object.GetCreationTimestamp().Time, snapshot.FromObjects, snapshot.Added
		return c
	}
	owned := func(kind, name string) string {
		return ", ownerReferences: [{apiVersion: apps/v1, kind: " + kind + ", name: " + name + ", uid: u-" + name + ", controller: true}]}\nspec: {replicas: 5}"
	}
	tl := &snapshot.Timeline{Start: time.Date(2026, 5, 4, 11, 59, 0, 0, time.UTC), Changes: []snapshot.Change{
		made("01", "Deployment", "web", "}\nspec: {replicas: 5}"), made("01", "ReplicaSet", "web-1", owned("Deployment", "web")),
		made("02", "Pod", "a", owned("ReplicaSet", "web-1")), made("02", "Pod", "b", owned("ReplicaSet", "web-1")), made("50", "Pod", "c", owned("ReplicaSet", "web-1")),
	}}
	now := scene(t)
	for _, c := range tl.Changes {
		now.Objects = append(now.Objects, c.Object)
	}
	tl.NoAudit = "the audit log was left alone"
	tr, err := explain.Chain(explain.Asked{Targets: []snapshot.Query{query(t, "deployment/web")}}, now, tl)
	if err != nil {
		t.Fatal(err)
	}
	told := traceRows(tr)
	if want := "somebody made Deployment web\nDeployment made ReplicaSet web-1\nReplicaSet made 2 Pods: a, b\nReplicaSet made Pod c"; told != want {
		t.Errorf("it says\n%s", told)
	}
	if tr.Series != nil || tr.SettledMS != 0 || tr.Outcome != explain.Untold || !strings.Contains(tr.Summary, "0 of 5 Pods are ready now") {
		t.Errorf("it comes to %+v", tr)
	}
	if !strings.Contains(tr.Times, "Not known: earlier numbers") || !strings.Contains(tr.Times, "the audit log was left alone") {
		t.Errorf("what is not known is not said: %s", tr.Times)
	}
}

// What repeats in a long trace is folded, in its place and with its times; nothing is lost by that.
func TestALongTraceIsFolded(t *testing.T) {
	tr, _ := chain(t, "rollout", "rollout.timeline", "deployment/web")
	if len(tr.Rows) > 24 {
		t.Errorf("it has %d rows:\n%s", len(tr.Rows), traceRows(tr))
	}
	folded, last := 0, int64(0)
	in := map[int]bool{}
	for i, r := range tr.Rows {
		if r.OffsetMS < last || r.Cause >= i {
			t.Errorf("row %d is at %d ms after %d ms, and its cause is row %d", i, r.OffsetMS, last, r.Cause)
		}
		last = r.OffsetMS
		for _, s := range r.Steps {
			in[s] = true
		}
		if r.Folded == 0 {
			continue
		}
		folded++
		until := int64(0)
		for _, s := range r.Steps {
			until = max(until, tr.Steps[s].OffsetMS)
		}
		if r.UntilMS != until || !strings.Contains(r.What, "; then as before") {
			t.Errorf("row %d lasts until %d ms, its last step is at %d ms: %s", i, r.UntilMS, until, r.What)
		}
	}
	for i, s := range tr.Steps {
		if s.Told != in[i] {
			t.Errorf("step %d, %s %s, is in a row: %v", i, s.Actor, s.What, in[i])
		}
	}
	if folded < 3 || !strings.Contains(traceRows(tr), "and made web-6b779875d9-sdpbp; then as before: on worker-1, ready, Service web answers from 4 Pods") {
		t.Errorf("%d rows are folded:\n%s", folded, traceRows(tr))
	}
	if short, _ := chain(t, "trace-scale", "trace-scale.timeline", "deployment/web"); slices.ContainsFunc(short.Rows, func(r explain.TraceRow) bool { return r.Folded > 0 }) {
		t.Error("a short trace is folded")
	}
}

// A row of a story is of one cause where the rows of all causes have room: that endpoints went is not told with their coming back.
func TestRowsOfAStoryHaveOneCause(t *testing.T) {
	told := rowsOf(story(t, "node-down", "deployment/web", load[snapshot.Timeline](t, "node-down.timeline.yaml")).Rows)
	for _, want := range []string{"endpoints Service web answers from 2, then 1 Pod\n", "endpoints Service web answers from 2, then 3 Pods"} {
		if !strings.Contains(told+"\n", want) {
			t.Errorf("it does not say %q:\n%s", want, told)
		}
	}
}
