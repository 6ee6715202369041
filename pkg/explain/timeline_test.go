package explain_test

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

func story(t *testing.T, name, target string, tl *snapshot.Timeline) *explain.Story {
	t.Helper()
	now := load[snapshot.Snapshot](t, name+".snapshot.yaml")
	s, err := explain.Timeline(query(t, target), now, tl)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheStoryOfADeletedPod(t *testing.T) {
	tl := load[snapshot.Timeline](t, "delete-pod.timeline.yaml")
	for _, target := range []string{"deployment/web", "pods?app=web", "service/web"} {
		s := story(t, "delete-pod", target, tl)
		if s.Rows[0].Actor != "you" || s.Rows[0].OffsetMS != 0 || !strings.HasPrefix(s.Rows[0].What, "deleted Pod web-") {
			t.Errorf("%s: it begins with %+v", target, s.Rows[0])
		}
		var actors []string
		for _, r := range s.Rows {
			actors = append(actors, r.Actor)
		}
		for _, actor := range []string{"ReplicaSet", "scheduler", "kubelet", "endpoints"} {
			if !strings.Contains(strings.Join(actors, " "), actor) {
				t.Errorf("%s: nothing is told of the %s", target, actor)
			}
		}
		if s.Outcome != explain.Healed || s.HealedMS <= 0 || s.HealedMS > s.Series.EndMS {
			t.Errorf("%s: outcome %s after %d ms of %d", target, s.Outcome, s.HealedMS, s.Series.EndMS)
		}
		if len(s.Gone) != 1 || len(s.Came) != 1 || s.Gone[0].UID == s.Came[0].UID {
			t.Errorf("%s: gone %v, came %v", target, s.Gone, s.Came)
		}
	}
}

// What the recorder keeps from before the start may be missing; then what objects say of themselves
// must do.
func TestAStoryWithoutTheStateBefore(t *testing.T) {
	tl := load[snapshot.Timeline](t, "delete-pod.timeline.yaml")
	whole := story(t, "delete-pod", "deployment/web", tl)
	var since []snapshot.Change
	for _, c := range tl.Changes {
		if !c.At.Before(tl.Start) {
			since = append(since, c)
		}
	}
	if len(since) == len(tl.Changes) {
		t.Fatal("the fixture holds no state from before")
	}
	tl.Changes = since
	s := story(t, "delete-pod", "deployment/web", tl)
	if s.Outcome != whole.Outcome || s.HealedMS != whole.HealedMS || len(s.Series.Ready) != len(whole.Series.Ready) {
		t.Errorf("without the state before: %s %d %v, with it: %s %d %v",
			s.Outcome, s.HealedMS, s.Series.Ready, whole.Outcome, whole.HealedMS, whole.Series.Ready)
	}
}

// Watches tell what happened, but not who asked for it.
func TestAStoryFromWatchesDoesNotGuess(t *testing.T) {
	s := story(t, "delete-pod", "deployment/web", load[snapshot.Timeline](t, "delete-pod.watch.yaml"))
	if s.Rows[0].Actor != "somebody" || !strings.Contains(s.Rows[0].Evidence, "does not say who") {
		t.Errorf("it begins with %+v", s.Rows[0])
	}
	if s.Times != "times: watch arrival; this cluster shows no audit log" || s.Outcome != explain.Healed {
		t.Errorf("%s, %s", s.Times, s.Outcome)
	}
	for _, r := range s.Rows {
		if r.Actor == "you" {
			t.Errorf("nobody can know that it was you: %+v", r)
		}
	}
}

func TestTheEngineIsNotTheLearner(t *testing.T) {
	tl := load[snapshot.Timeline](t, "delete-pod.timeline.yaml")
	for i := range tl.Changes {
		if tl.Changes[i].User == "learner" {
			tl.Changes[i].UserAgent = "kubectl-learn-lesson"
		}
	}
	if s := story(t, "delete-pod", "deployment/web", tl); s.Rows[0].Actor != "the lesson" {
		t.Errorf("it begins with %+v", s.Rows[0])
	}
}

// A Pod that is deleted and run again is another of the same name: who makes or ends one names it.
func TestAPodThatIsMadeAgainIsNamed(t *testing.T) {
	tl := load[snapshot.Timeline](t, "bare-pod.timeline.yaml")
	var again *unstructured.Unstructured
	for _, c := range tl.Changes {
		if c.Resource == "pods" && c.Name == "lonely" && c.Object != nil {
			again = c.Object.DeepCopy()
		}
	}
	again.SetUID("another")
	again.SetDeletionTimestamp(nil)
	tl.Changes = append(tl.Changes, snapshot.Change{
		At: tl.End, Source: snapshot.FromAudit, Type: snapshot.Added, Object: again, User: "learner",
		Verb: "create", Resource: "pods", Namespace: again.GetNamespace(), Name: "lonely", Code: 201,
	})
	var told []string
	for _, r := range story(t, "bare-pod", "pod/lonely", tl).Rows {
		told = append(told, r.Actor+" "+r.What)
	}
	for _, want := range []string{"you deleted Pod lonely", "kubelet stopped the containers of lonely", "you made Pod lonely"} {
		if !slices.ContainsFunc(told, func(row string) bool { return strings.HasPrefix(row, want) }) {
			t.Errorf("%q is not told: %q", want, told)
		}
	}
}

func TestAFaultBeginsAStory(t *testing.T) {
	s := story(t, "node-down", "deployment/web", load[snapshot.Timeline](t, "node-down.timeline.yaml"))
	if s.Rows[0].Actor != "the lesson" || s.Rows[0].Source != explain.FromFault || s.Rows[0].OffsetMS != 0 {
		t.Errorf("it begins with %+v", s.Rows[0])
	}
	found := false
	for _, r := range s.Rows {
		found = found || strings.HasPrefix(r.What, "heard nothing from worker-2 for 5.")
	}
	if !found {
		t.Error("the node's silence is not told")
	}
}

// A load belongs to the story of what answers for its Service.
func TestALoadIsTold(t *testing.T) {
	tl := load[snapshot.Timeline](t, "rollout.timeline.yaml")
	last := tl.Changes[len(tl.Changes)-1].At
	for service, told := range map[string]bool{"web": true, "other": false} {
		with := tl
		with.Changes = append(slices.Clone(tl.Changes), explain.Fault(last, "load", "services", "learn-heal", service))
		s := story(t, "rollout", "deployment/web", with)
		found := slices.ContainsFunc(s.Rows, func(r explain.Row) bool {
			return r.Actor == "the lesson" && strings.HasPrefix(r.What, "sent many requests to Service "+service)
		})
		if found != told {
			t.Errorf("a load on %s is told: %v in %+v", service, found, s.Rows)
		}
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, target string
		want         explain.Outcome
		says         string
	}{
		{"scale", "deployment/web", explain.Reached, "6 of 6 Pods ready"},
		{"kill-container", "pods?app=web", explain.Healed, "The Pod is the same"},
		{"relabel", "deployment/web", explain.Healed, "lives on by itself"},
		{"bare-pod", "pod/lonely", explain.Gone, "nothing owned it"},
		{"bad-image", "deployment/web", explain.Under, "not ready everywhere"},
		{"orphan", "deployment/web", explain.Gone, "lives on without it"},
		{"quota", "deployment/web", explain.Under, "4 of 6 Pods ready"},
		{"rollout", "deployment/web", explain.Reached, "at least 3 were ready"},
	} {
		s := story(t, c.name, c.target, load[snapshot.Timeline](t, c.name+".timeline.yaml"))
		if s.Outcome != c.want || !strings.Contains(s.Summary, c.says) {
			t.Errorf("%s: %s, %q; want %s, %q", c.name, s.Outcome, s.Summary, c.want, c.says)
		}
		if len(s.Rows) > 13 {
			t.Errorf("%s: %d rows do not fit a screen", c.name, len(s.Rows))
		}
		for i, r := range s.Rows {
			if r.OffsetMS < 0 || (i > 0 && r.OffsetMS < s.Rows[i-1].OffsetMS) {
				t.Errorf("%s: row %d is at %d ms", c.name, i, r.OffsetMS)
			}
			if r.Actor == "" || r.What == "" || (r.Evidence == "" && r.Actor != "…") {
				t.Errorf("%s: row %d says too little: %+v", c.name, i, r)
			}
		}
	}
}

// A long story says how much it leaves out.
func TestALongStoryIsCutHonestly(t *testing.T) {
	tl := load[snapshot.Timeline](t, "delete-pod.timeline.yaml")
	var del snapshot.Change
	for _, c := range tl.Changes {
		if c.Verb == "delete" && c.User == "learner" {
			del = c
		}
	}
	if del.Object == nil {
		t.Fatal("no deletion in the fixture")
	}
	// the learner relabels the Pod again and again before deleting it
	var many []snapshot.Change
	for i := range 30 {
		c := del
		c.Verb, c.Type = "patch", snapshot.Modified
		c.Object = del.Object.DeepCopy()
		c.Object.SetDeletionTimestamp(nil)
		c.Object.SetDeletionGracePeriodSeconds(nil)
		c.Object.SetResourceVersion("")
		c.Object.SetLabels(map[string]string{"app": "web", "try": string(rune('a' + i))})
		many = append(many, c)
	}
	before := 0
	for before < len(tl.Changes) && tl.Changes[before].At.Before(del.At) {
		before++
	}
	tl.Changes = append(append(append([]snapshot.Change(nil), tl.Changes[:before]...), many...), tl.Changes[before:]...)
	s := story(t, "delete-pod", "deployment/web", tl)
	moves := 0
	said := false
	for _, r := range s.Rows {
		moves += r.Moves
		said = said || strings.Contains(r.What, "left out")
	}
	if s.Elided == 0 || !said || len(s.Rows) > 13 {
		t.Errorf("%d rows, %d left out, said: %v", len(s.Rows), s.Elided, said)
	}
	if moves < 30 {
		t.Errorf("the rows stand for %d moves, fewer than were made", moves)
	}
}

// A container that the kubelet ends for its probe did not end by itself, and events say so.
func TestAFailedProbeIsTheCauseOfARestart(t *testing.T) {
	tl := load[snapshot.Timeline](t, "kill-container.timeline.yaml")
	now := load[snapshot.Snapshot](t, "kill-container.snapshot.yaml")
	var pod *unstructured.Unstructured
	for _, o := range now.Objects {
		if n, _, _ := unstructured.NestedSlice(o.Object, "status", "containerStatuses"); len(n) == 1 && n[0].(map[string]any)["restartCount"] == int64(1) {
			pod = o
		}
	}
	if pod == nil {
		t.Fatal("no Pod was restarted in the fixture")
	}
	statuses, _, _ := unstructured.NestedSlice(pod.Object, "status", "containerStatuses")
	finished, _, _ := unstructured.NestedString(statuses[0].(map[string]any), "lastState", "terminated", "finishedAt")
	now.Objects = append(now.Objects, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Event", "metadata": map[string]any{"name": "e", "uid": "e"},
		"involvedObject": map[string]any{"kind": "Pod", "uid": string(pod.GetUID())},
		"reason":         "Killing", "message": "Container nginx failed liveness probe, will be restarted", "lastTimestamp": finished,
	}})
	s, err := explain.Timeline(query(t, "pods?app=web"), now, tl)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range s.Rows {
		if strings.Contains(r.What, "its liveness probe failed") {
			found = r.Actor == "kubelet" && strings.HasPrefix(r.Evidence, "event Killing")
		}
	}
	if !found {
		t.Errorf("the probe is not told: %+v", s.Rows)
	}
}
