package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Kill is what sort of thing was killed.
type Kill string

// What can be killed.
const (
	KillPod       Kill = "pod"
	KillContainer Kill = "container"
	KillNode      Kill = "node"
)

// Struck is what was killed, and when. Pod is the one that was killed, or whose container was, or one of those on the node.
type Struck struct {
	Kill      Kill      `json:"kill"`
	At        time.Time `json:"at"`
	Namespace string    `json:"namespace"`
	Pod       string    `json:"pod"`
	UID       types.UID `json:"uid"`
	Container string    `json:"container,omitempty"`
	Restarts  int32     `json:"-"` // of the container before
	Node      string    `json:"node,omitempty"`
	// Pods are the target's Pods on the node, where that was stopped.
	Pods []string `json:"pods,omitempty"`
	// Owner is kind/name of what made the Pod; empty for nobody.
	Owner string `json:"owner,omitempty"`
}

// Healing is how a target healed.
type Healing struct {
	Story *Story `json:"story"`
	// Healed says that as many Pods are ready again as are wanted; HealedMS is after how long.
	Healed   bool  `json:"healed"`
	HealedMS int64 `json:"healedMS,omitempty"`
	// First is who acted first afterwards, FirstMS when, and FirstWhat what it did.
	First     string `json:"first,omitempty"`
	FirstMS   int64  `json:"firstMS,omitempty"`
	FirstWhat string `json:"firstWhat,omitempty"`
	// Healer is a sentence that says what healed it, or why nothing did; Evidence is how that is known.
	Healer   string `json:"healer"`
	Evidence string `json:"evidence,omitempty"`
	// BrokenOffMS is after how long somebody had enough; 0 where nobody had.
	BrokenOffMS int64 `json:"brokenOffMS,omitempty"`
}

// Keeper is what is whole again when a kill is healed: of a Pod that goes for good its owner, which keeps the number of
// Pods; else the target itself.
func (s Struck) Keeper(target snapshot.Query) snapshot.Query {
	if target.Kind != "Pod" || s.Kill == KillContainer {
		return target
	}
	switch kind, _, _ := strings.Cut(s.Owner, "/"); kind {
	case "ReplicaSet", "StatefulSet", "DaemonSet", "Job":
		if q, err := snapshot.ParseQuery(s.Owner); err == nil {
			return q
		}
	}
	return target
}

// BreakOff says that nobody waited longer than that for what had not healed yet.
func (h *Healing) BreakOff(after int64) {
	if h.Healed {
		return
	}
	stood := "nobody had noticed it yet"
	if h.Story.Outcome != Steady {
		wanted := lastOf(h.Story.Series.Wanted)
		stood = fmt.Sprintf("%d of %s ready then", lastOf(h.Story.Series.Ready), snapshot.Count(wanted, "Pod")+was(wanted))
	}
	h.BrokenOffMS, h.Healer, h.Evidence = after, fmt.Sprintf("It was broken off after %s: %s.", Span(after), stood), ""
}

func was(n int) string {
	if n == 1 {
		return " was"
	}
	return " were"
}

// Heal tells how a target healed from a kill. The timeline begins with the kill; what of it the API records as the
// program's doing is the learner's, who asked for it.
func Heal(target snapshot.Query, struck Struck, now *snapshot.Snapshot, tl *snapshot.Timeline) (*Healing, error) {
	tl = struck.credit(tl)
	s, err := timeline(target, now, tl, true)
	if err != nil {
		return nil, err
	}
	h := &Healing{Story: s, Healed: s.Outcome == Healed || s.Outcome == Reached, HealedMS: s.HealedMS}
	if tr, err := Chain(Asked{Targets: []snapshot.Query{target}}, now, tl); err == nil {
		h.unseen(tr, struck)
		h.first(tr)
		h.healer(tr, struck, now)
	}
	return h, nil
}

// unseen makes a healing of a container that was started again so soon that its Pod counted as ready all the time.
func (h *Healing) unseen(tr *Trace, struck Struck) {
	if h.Story.Outcome != Steady || struck.Kill != KillContainer {
		return
	}
	for i := range tr.Steps {
		if s := &tr.Steps[i]; s.has(podRestarted) && s.name == struck.Pod {
			h.Healed, h.HealedMS = true, s.OffsetMS
			h.Story.Outcome, h.Story.HealedMS = Healed, s.OffsetMS
			h.Story.Summary = "Healed in " + Span(s.OffsetMS) + ". The Pod counted as ready all the time."
		}
	}
}

// credit has the learner do what the program did for it, and what no record says who did.
func (s Struck) credit(tl *snapshot.Timeline) *snapshot.Timeline {
	credited := *tl
	credited.Changes = slices.Clone(tl.Changes)
	done := false
	for i := range credited.Changes {
		c := &credited.Changes[i]
		if !c.Received.IsZero() && !c.At.Before(tl.Start) {
			c.At = c.Received // who noticed first is whose request came first
		}
		switch {
		case c.At.Before(tl.Start), done && c.User == "":
		case byHeal(*c):
			c.User, c.UserAgent = learner, ""
		case c.Source == FromFault:
			c.User = learner
		case s.Kill == KillPod && c.User == "" && c.Object != nil && c.Object.GetUID() == s.UID &&
			(c.Type == snapshot.Deleted || c.Object.GetDeletionTimestamp() != nil):
			c.User, c.Verb, done = learner, "delete", true
		}
	}
	return &credited
}

// first notes who acted first after the kill.
func (h *Healing) first(tr *Trace) {
	for _, r := range tr.Rows {
		// What nothing here led to was under way before: Services are told late of Pods that are ready.
		if r.Actor != you && r.Cause != NoCause {
			h.First, h.FirstMS, h.FirstWhat = r.Actor, r.OffsetMS, r.What
			return
		}
	}
}

// healer says what brought the number of Pods back.
func (h *Healing) healer(tr *Trace, struck Struck, now *snapshot.Snapshot) {
	made, restarted, others := -1, -1, 0
	for i := range tr.Steps {
		s := &tr.Steps[i]
		switch {
		case s.has(podMade) && s.Actor != you:
			if others++; made < 0 {
				made = i
			}
		case s.has(podRestarted) && s.name == struck.Pod:
			restarted = i
		}
	}
	switch {
	case h.Story.Outcome == Steady && !h.Healed:
		h.Healer = "Nobody had noticed it yet."
	case !h.Healed:
		h.Healer = unhealed(struck, now)
	case restarted >= 0 && struck.Kill == KillContainer:
		s := tr.Steps[restarted]
		h.Healer = fmt.Sprintf("The kubelet of %s had the container started again, in the same Pod: its restartPolicy is %s.",
			s.node, restartPolicy(now, struck))
		h.Evidence = s.Evidence
	case made >= 0:
		s := tr.Steps[made]
		h.Healer = theOwner(s) + " made another Pod: it keeps their number."
		switch {
		case s.name == struck.Pod && others == 1:
			h.Healer = theOwner(s) + " made another Pod of the same name: it keeps number and names."
		case others > 1:
			h.Healer = fmt.Sprintf("%s made %d other Pods: it keeps their number.", theOwner(s), others)
		}
		h.Evidence = fmt.Sprintf("ownerReferences of %s; %s", s.Object, s.Write)
	default:
		h.Healer = "What was killed is back."
	}
}

func theOwner(s Step) string {
	if s.ownerKind == "" {
		return "The " + s.Actor
	}
	return "The " + s.ownerKind
}

// restartPolicy is what the Pod that was struck says of itself.
func restartPolicy(now *snapshot.Snapshot, struck Struck) string {
	for _, o := range now.Objects {
		if o.GetUID() == struck.UID {
			policy, _, _ := unstructured.NestedString(o.Object, "spec", "restartPolicy")
			return policy
		}
	}
	return "Always"
}

// unhealed says why nothing healed it.
func unhealed(s Struck, now *snapshot.Snapshot) string {
	kind, name, _ := strings.Cut(s.Owner, "/")
	switch {
	case s.Owner == "" && s.Kill == KillContainer && restartPolicy(now, s) == "Never":
		return fmt.Sprintf("Nothing starts the container again: the restartPolicy of Pod %s is Never, and nobody owns it.", s.Pod)
	case s.Owner == "" && s.Kill != KillContainer:
		return fmt.Sprintf("Nothing heals it: nobody owns Pod %s, so that nobody counts it. A Deployment would have made another.", s.Pod)
	case kind == "StatefulSet" && s.Kill == KillNode:
		return fmt.Sprintf("StatefulSet %s makes no second %s while the first may still run on %s: two of one name must never run at once.", name, s.Pod, s.Node)
	}
	return "It was not whole again in the time that was given."
}

// Whole says whether as many Pods of a target are ready as are wanted; if not, what is waited for. Pods that are
// ending don't count, nor do those on a node that was stopped, whatever is said of them yet.
func Whole(target snapshot.Query, stopped string, now *snapshot.Snapshot) (bool, string) {
	w := newWorld(now, nil)
	c := w.relate(target)
	if len(c.seeds) == 0 {
		return false, target.String() + ", which is not there"
	}
	for uid, o := range w.alive {
		if o.GetKind() == "Pod" && stopped != "" && nodeName(o) == stopped {
			delete(w.alive, uid)
		}
	}
	n := newNumbers(w, c, true)
	if wanted, ready := n.wanted[0].n, n.ready[0].n; ready < wanted {
		return false, readyOf(target.String(), ready, wanted)
	}
	for _, o := range now.Objects {
		if !c.in[o.GetUID()] || o.GetKind() == "Pod" && o.GetDeletionTimestamp() != nil {
			continue
		}
		if o.GetKind() == "Job" || o.GetKind() == "Pod" && stopped != "" && nodeName(o) == stopped {
			continue
		}
		if o.GetKind() == "Pod" && ended(podOf(o)) && controllerOf(o) == nil {
			return false, ref(o) + " to run"
		}
		if waits := unsettled(o); waits != "" {
			return false, waits
		}
	}
	return true, ""
}

// Felt says whether a snapshot shows the effect of a kill, so that what is whole then is whole again.
func Felt(s Struck, now *snapshot.Snapshot) bool {
	for _, o := range now.Objects {
		switch {
		case s.Kill == KillNode && o.GetKind() == "Node" && o.GetName() == s.Node:
			c := nodeReady(nodeOf(o))
			return c != nil && c.Status != "True"
		case s.Kill != KillNode && o.GetUID() == s.UID:
			if s.Kill == KillPod {
				return o.GetDeletionTimestamp() != nil
			}
			p := podOf(o)
			return containerStatus(p, s.Container).RestartCount > s.Restarts || ended(p)
		}
	}
	return true
}

// Hopeless says that nothing will heal a kill, by what a snapshot shows.
func Hopeless(s Struck, now *snapshot.Snapshot) bool {
	if !Felt(s, now) {
		return false
	}
	for _, o := range now.Objects {
		if o.GetUID() != s.UID {
			continue
		}
		switch {
		case s.Kill == KillContainer:
			return s.Owner == "" && ended(podOf(o))
		case s.Kill == KillNode && strings.HasPrefix(s.Owner, "StatefulSet/"):
			return o.GetDeletionTimestamp() != nil
		}
		return false
	}
	return s.Owner == ""
}
