package explain_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// healed is what a recorded kill came to.
func healed(t *testing.T, name, target string, struck explain.Struck) (*explain.Healing, *snapshot.Snapshot) {
	t.Helper()
	now, tl := load[snapshot.Snapshot](t, name+".snapshot.yaml"), load[snapshot.Timeline](t, name+".timeline.yaml")
	struck.At = tl.Start
	h, err := explain.Heal(query(t, target), struck, now, tl)
	if err != nil {
		t.Fatal(err)
	}
	return h, now
}

// struckIn finds what the timeline says was killed.
func struckIn(t *testing.T, name string) explain.Struck {
	t.Helper()
	tl := load[snapshot.Timeline](t, name+".timeline.yaml")
	for _, c := range tl.Changes {
		if c.At.Before(tl.Start) || c.Verb != "delete" || c.User != "learner" || c.Object == nil {
			continue
		}
		owner := c.Object.GetOwnerReferences()
		s := explain.Struck{Kill: explain.KillPod, Namespace: c.Namespace, Pod: c.Name, UID: c.Object.GetUID()}
		if len(owner) > 0 {
			s.Owner = owner[0].Kind + "/" + owner[0].Name
		}
		return s
	}
	t.Fatalf("%s: nobody deleted anything", name)
	return explain.Struck{}
}

func TestAKilledPodHeals(t *testing.T) {
	struck := struckIn(t, "trace-kill")
	h, now := healed(t, "trace-kill", "deployment/web", struck)
	if !h.Healed || h.HealedMS <= 0 || h.First != "ReplicaSet" || h.FirstMS <= 0 || h.FirstMS > h.HealedMS {
		t.Errorf("%+v", h)
	}
	if !strings.Contains(h.Healer, "ReplicaSet made another Pod") || h.Story.Rows[0].Actor != "you" {
		t.Errorf("%s; it begins with %+v", h.Healer, h.Story.Rows[0])
	}
	golden(t, filepath.Join("..", "heal", "kill-pod"), struct {
		Healing *explain.Healing `json:"healing"`
		Tuning  []explain.Tuning `json:"tuning"`
	}{h, explain.Tune(struck, now, 0)})
}

// What the program deletes, it deletes for the learner; a watch does not even say that.
func TestTheLearnerKilledIt(t *testing.T) {
	now, tl := load[snapshot.Snapshot](t, "delete-pod.snapshot.yaml"), load[snapshot.Timeline](t, "delete-pod.watch.yaml")
	struck := struckIn(t, "delete-pod")
	h, err := explain.Heal(query(t, "deployment/web"), struck, now, tl)
	if err != nil || h.Story.Rows[0].Actor != "you" || h.Story.Rows[0].Evidence != "this command did it" || !h.Healed {
		t.Errorf("%v, %+v", err, h.Story.Rows[0])
	}
	tl = load[snapshot.Timeline](t, "trace-kill.timeline.yaml")
	for i := range tl.Changes {
		if tl.Changes[i].User == "learner" {
			tl.Changes[i].UserAgent = "kubectl-learn-heal"
		}
	}
	h, err = explain.Heal(query(t, "deployment/web"), struckIn(t, "trace-kill"), load[snapshot.Snapshot](t, "trace-kill.snapshot.yaml"), tl)
	if err != nil || h.Story.Rows[0].Actor != "you" {
		t.Errorf("%v, %+v", err, h.Story.Rows[0])
	}
}

func TestANodeThatDiesIsNoticedLate(t *testing.T) {
	tl := load[snapshot.Timeline](t, "node-down.timeline.yaml")
	now := load[snapshot.Snapshot](t, "node-down.snapshot.yaml")
	struck := explain.Struck{Kill: explain.KillNode, Node: "worker-2", Owner: "ReplicaSet/web-75b86cfdc4", At: tl.Start}
	h, err := explain.Heal(query(t, "deployment/web"), struck, now, tl)
	if err != nil || !h.Healed || h.First != "node controller" || h.FirstMS < 5000 {
		t.Errorf("%v, %+v", err, h)
	}
	tuning := explain.Tune(struck, now, h.FirstMS)
	at := slices.IndexFunc(tuning, func(u explain.Tuning) bool { return u.Field == "node-monitor-grace-period" })
	if at < 0 || tuning[at].Value != "about 5.6 s" {
		t.Errorf("%+v", tuning)
	}
	now = load[snapshot.Snapshot](t, "trace-scale.snapshot.yaml")
	if struck, err = explain.Victim(query(t, "deployment/web"), explain.KillNode, "", now); err != nil {
		t.Fatal(err)
	}
	tuning = explain.Tune(struck, now, 0)
	if !slices.ContainsFunc(tuning, func(u explain.Tuning) bool { return strings.HasSuffix(u.Path, "tolerationSeconds") && u.Value == "3 s" }) {
		t.Errorf("the tolerations are not named: %+v", tuning)
	}
}

func TestWhatNobodyOwnsDoesNotHeal(t *testing.T) {
	h, _ := healed(t, "bare-pod", "pod/lonely", struckIn(t, "bare-pod"))
	if h.Healed || !strings.Contains(h.Healer, "nobody owns Pod lonely") || h.Story.Outcome != explain.Gone || !strings.Contains(h.Story.Summary, "nothing owned it") {
		t.Errorf("%+v; %s", h, h.Story.Summary)
	}
}

// A container may be back before anything that counts Pods has seen that it was gone.
func TestAContainerIsBackAtOnce(t *testing.T) {
	now, tl := load[snapshot.Snapshot](t, "kill-container.snapshot.yaml"), load[snapshot.Timeline](t, "kill-container.timeline.yaml")
	var struck explain.Struck
	tl.Changes = slices.DeleteFunc(tl.Changes, func(c snapshot.Change) bool {
		if c.At.Before(tl.Start) || c.Object == nil || c.Object.GetKind() != "Pod" {
			return false
		}
		statuses, _, _ := unstructured.NestedSlice(c.Object.Object, "status", "containerStatuses")
		again := len(statuses) == 1 && statuses[0].(map[string]any)["restartCount"] == int64(1) && statuses[0].(map[string]any)["ready"] == true
		if again {
			struck = explain.Struck{Kill: explain.KillContainer, Namespace: c.Namespace, Pod: c.Name, UID: c.Object.GetUID(), Container: "nginx", Owner: "ReplicaSet/web-75b86cfdc4"}
		}
		return !again
	})
	if struck.Pod == "" {
		t.Fatal("no Pod was restarted in the fixture")
	}
	tl.Changes = append(tl.Changes, explain.Fault(tl.Start, "kill-container", "pods", struck.Namespace, struck.Pod))
	h, err := explain.Heal(query(t, "deployment/web"), struck, now, tl)
	if err != nil || !h.Healed || h.HealedMS <= 0 || h.Story.Outcome != explain.Healed || !strings.Contains(h.Healer, "in the same Pod") {
		t.Errorf("%v, %+v: %s", err, h, h.Story.Summary)
	}
}

func TestVictims(t *testing.T) {
	now := load[snapshot.Snapshot](t, "trace-scale.snapshot.yaml")
	for _, kill := range []explain.Kill{explain.KillPod, explain.KillContainer, explain.KillNode} {
		s, err := explain.Victim(query(t, "deployment/web"), kill, "", now)
		if err != nil || s.Pod == "" || s.Node == "" || !strings.HasPrefix(s.Owner, "ReplicaSet/web-") || (kill == explain.KillContainer) != (s.Container == "nginx") {
			t.Errorf("%s: %+v, %v", kill, s, err)
		}
		on := 0
		for _, o := range now.Objects {
			if node, _, _ := unstructured.NestedString(o.Object, "spec", "nodeName"); o.GetKind() == "Pod" && o.GetLabels()["app"] == "web" && node == s.Node {
				on++
			}
		}
		if want := map[bool]int{true: on}[kill == explain.KillNode]; len(s.Pods) != want || on < 2 {
			t.Errorf("%s: of %d Pods on %s it names %v", kill, on, s.Node, s.Pods)
		}
		if name, port, found := explain.Reaching(s, now); !found || name != "web" || port != 80 {
			t.Errorf("%s: Service %s, port %d, %v", kill, name, port, found)
		}
		if explain.Felt(s, now) || explain.Hopeless(s, now) {
			t.Errorf("%s: felt before it was done", kill)
		}
	}
	for target, want := range map[string]string{"deployment/nope": "nothing of that name", "pod/nope": "nothing of that name"} {
		if _, err := explain.Victim(query(t, target), explain.KillPod, "", now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", target, err)
		}
	}
	if _, err := explain.Victim(query(t, "deployment/web"), explain.KillContainer, "sidecar", now); err == nil || !strings.Contains(err.Error(), "its containers are [nginx]") {
		t.Errorf("%v", err)
	}
	down := load[snapshot.Snapshot](t, "bad-image.snapshot.yaml")
	down.Objects = slices.DeleteFunc(down.Objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "Pod" && !strings.Contains(text(o), "ErrImage") && !strings.Contains(text(o), "ImagePullBackOff")
	})
	if _, err := explain.Victim(query(t, "deployment/web"), explain.KillContainer, "", down); err == nil || !strings.Contains(err.Error(), "is ready") {
		t.Errorf("a container that does not run: %v", err)
	}
}

// text is an object as text.
func text(o *unstructured.Unstructured) string {
	raw, _ := o.MarshalJSON()
	return string(raw)
}

// Right after a kill all still looks whole; what is on a node that was stopped does not count.
func TestWhole(t *testing.T) {
	now := load[snapshot.Snapshot](t, "trace-scale.snapshot.yaml")
	if whole, waits := explain.Whole(query(t, "deployment/web"), "", now); !whole {
		t.Errorf("it waits for %s", waits)
	}
	s, err := explain.Victim(query(t, "deployment/web"), explain.KillNode, "", now)
	if err != nil {
		t.Fatal(err)
	}
	if whole, waits := explain.Whole(query(t, "deployment/web"), s.Node, now); whole || !strings.Contains(waits, "of 5 Pods ready") {
		t.Errorf("with a node stopped it is whole: %v, %s", whole, waits)
	}
	if whole, _ := explain.Whole(query(t, "deployment/nope"), "", now); whole {
		t.Error("what is not there is whole")
	}
}

// A Pod that was deleted is never whole again: the one who owns it is.
func TestKeeper(t *testing.T) {
	for _, c := range []struct {
		target string
		struck explain.Struck
		want   string
	}{
		{"pod/web-1-a", explain.Struck{Kill: explain.KillPod, Owner: "ReplicaSet/web-1"}, "replicaset/web-1"},
		{"pod/web-1-a", explain.Struck{Kill: explain.KillNode, Owner: "ReplicaSet/web-1"}, "replicaset/web-1"},
		{"pod/web-1-a", explain.Struck{Kill: explain.KillContainer, Owner: "ReplicaSet/web-1"}, "pod/web-1-a"},
		{"pod/solo", explain.Struck{Kill: explain.KillPod}, "pod/solo"},
		{"pod/odd", explain.Struck{Kill: explain.KillPod, Owner: "Backup/nightly"}, "pod/odd"},
		{"deployment/web", explain.Struck{Kill: explain.KillPod, Owner: "ReplicaSet/web-1"}, "deployment/web"},
	} {
		if got := c.struck.Keeper(query(t, c.target)).String(); got != c.want {
			t.Errorf("%s, %+v: %s, want %s", c.target, c.struck, got, c.want)
		}
	}
}

// A node that nobody has missed yet is no healing, and nobody's fault either.
func TestNobodyHasNoticed(t *testing.T) {
	now, tl := load[snapshot.Snapshot](t, "trace-scale.snapshot.yaml"), load[snapshot.Timeline](t, "trace-scale.timeline.yaml")
	struck, err := explain.Victim(query(t, "deployment/web"), explain.KillNode, "", now)
	if err != nil {
		t.Fatal(err)
	}
	late := &snapshot.Timeline{Start: tl.End, End: tl.End, Changes: []snapshot.Change{explain.Fault(tl.End, "stop-node", "nodes", "", struck.Node)}}
	h, err := explain.Heal(query(t, "deployment/web"), struck, now, late)
	if err != nil || h.Healed || h.Healer != "Nobody had noticed it yet." {
		t.Errorf("%v, %+v", err, h)
	}
}
