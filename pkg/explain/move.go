package explain

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// moveKind is what sort of move it is; moves of one kind and actor may be told as one.
type moveKind string

const (
	podMade      moveKind = "pod made"
	podRefused   moveKind = "pod refused"
	podPlaced    moveKind = "pod placed"
	podUnplaced  moveKind = "pod unplaced"
	podDeleted   moveKind = "pod deleted"
	podEnded     moveKind = "pod ended"
	podDone      moveKind = "pod done"
	podStarted   moveKind = "container started"
	podReady     moveKind = "pod ready"
	podUp        moveKind = "container started and pod ready"
	podUnready   moveKind = "pod not ready"
	podExit      moveKind = "container ended"
	podRestarted moveKind = "container restarted"
	podStuck     moveKind = "container stuck"
	podBackOff   moveKind = "container waits to be started again"
	podRelabeled moveKind = "pod relabeled"
	podLetGo     moveKind = "pod let go"
	podAdopted   moveKind = "pod adopted"
	podExec      moveKind = "command run"
	podChanged   moveKind = "pod changed"
	podEvict     moveKind = "eviction asked"
	podTaken     moveKind = "pod taken on"

	workloadMade    moveKind = "workload made"
	workloadScaled  moveKind = "workload scaled"
	workloadChanged moveKind = "workload changed"
	workloadDeleted moveKind = "workload deleted"
	workloadLetGo   moveKind = "workload let go"
	workloadAdopted moveKind = "workload adopted"
	workloadCounted moveKind = "ready Pods counted"

	serviceMade    moveKind = "service made"
	serviceChanged moveKind = "service changed"
	serviceDeleted moveKind = "service deleted"
	serviceAnswers moveKind = "service answers"
	nodeLost       moveKind = "node lost"
	nodeBack       moveKind = "node back"
	nodeTainted    moveKind = "node tainted"
	nodeClosed     moveKind = "node closed"
	nodeRemoved    moveKind = "node removed"
	nodeAdded      moveKind = "node added"
	outside        moveKind = "fault"
	otherChange    moveKind = "other change"
	noChange       moveKind = "nothing changed"
)

// move is one thing that one actor did.
type move struct {
	at     time.Time
	source snapshot.Source
	actor  string
	kind   moveKind
	// subject is the full name of the object that the move is about.
	subject string
	// detail tells moves of one kind apart in a list: the node of a Pod, a container's name.
	detail string
	// say is the move as a clause. It is called with the name of the subject, or with "" when the
	// row before was about the same subject. What makes or ends an object names it all the same: another
	// one may have that name.
	say func(it string) string
	// evidence is where it can be seen.
	evidence string
	// names are the other objects that say mentions.
	names []string
	// place is the move's number in the story, change that of the change that brought it.
	place, change int
	// verb is the bare act, for a list of several subjects: "made", "deleted".
	verb string
	// act is true for what somebody outside the cluster's own machinery did.
	act bool
}

// named is a clause whose subject stands at its end.
func named(clause, pronoun string) func(string) string {
	return func(it string) string {
		if it == "" {
			it = pronoun
		}
		return clause + " " + it
	}
}

// plain is a clause without a pronoun.
func plain(format string, args ...any) func(string) string {
	text := fmt.Sprintf(format, args...)
	return func(string) string { return text }
}

// within is a clause about something in the subject, which is named only where it changed.
func within(clause string) func(string) string {
	return func(it string) string {
		if it == "" {
			return clause
		}
		return clause + " in " + it
	}
}

// teller turns changes into moves, while the world goes on.
type teller struct {
	w      *world
	circle circle
	// told keeps what need not be said again: a container's trouble.
	told map[string]bool
	// stopped is when nodes were stopped from outside.
	stopped map[string]time.Time
	// backOffs are the waits before containers are started again, by the Pod's UID and the container's name.
	backOffs map[string]*backOff
	// leases are the last times at which nodes were heard of, where the snapshot has them.
	leases map[string]time.Time
	// events are what was reported about the Pods, with the grain of a second.
	events sayings
	// answering is how many Pods answered for a Service, by its name; absent when not known.
	answering map[string]int
	// apart tells more, as a trace needs it: each part of a Pod's way by itself, and who counts the Pods.
	apart bool
	// begun is that anything of the circle was there by now.
	begun bool
}

// moves tells what one change was. The change is applied to the world.
func (t *teller) moves(c snapshot.Change) []move {
	moves, _, _, _ := t.change(c)
	return moves
}

// change is moves, with the object before and after the change, and whether it is part of the story.
func (t *teller) change(c snapshot.Change) (moves []move, before, after *unstructured.Unstructured, concerns bool) {
	if c.Source == FromFault {
		moves = t.fault(c)
		return moves, nil, nil, len(moves) > 0
	}
	var counted map[string]int
	if c.Resource == "pods" || (c.Object != nil && c.Object.GetKind() == "Pod") {
		counted = t.counts()
	}
	before, after = t.w.apply(c)
	if !t.concerns(c, before, after) {
		return nil, before, after, false
	}
	kind := kindOf(before, after)
	if kind == "" {
		kind = kindOfResource(c.Resource)
	}
	switch kind {
	case "Pod":
		moves = t.pod(c, before, after, counted)
	case "Node":
		moves = t.node(c, before, after)
	case "EndpointSlice":
		moves = t.slice(c, before, after)
	case "Service":
		moves = t.service(c, before, after)
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController":
		moves = t.workload(c, before, after)
	}
	for i := range moves {
		moves[i].at, moves[i].source = c.At, c.Source
		if moves[i].actor == you || moves[i].actor == theLesson {
			moves[i].act = true
		}
	}
	return moves, before, after, true
}

// late says that a change is told by what its object says of itself now: when it was made is true of it, and no number that it has now.
func late(c snapshot.Change) bool { return c.Source == snapshot.FromObjects }

// concerns says whether a change is part of the story. A refused request names no object, only a
// controller of the circle or none.
func (t *teller) concerns(c snapshot.Change, before, after *unstructured.Unstructured) bool {
	if c.Type == "" && before == nil {
		return c.Resource == "pods" && c.Verb == "create" && actor(c) != you
	}
	if (c.Resource == "nodes" || kindOf(before, after) == "Node") && !t.hasBegun() {
		return false
	}
	return t.circle.about(c, before, after)
}

// hasBegun says that anything of the circle was there by now. What became of a node before that is no part of the story.
func (t *teller) hasBegun() bool {
	for uid := range t.circle.in {
		if t.begun {
			break
		}
		t.begun = t.w.alive[uid] != nil
	}
	return t.begun
}

func kindOf(before, after *unstructured.Unstructured) string {
	switch {
	case after != nil:
		return after.GetKind()
	case before != nil:
		return before.GetKind()
	}
	return ""
}

func kindOfResource(resource string) string {
	if k, ok := snapshot.KindNamed(resource); ok {
		return k.Kind
	}
	return ""
}

// fault tells of something that was done from outside the API.
func (t *teller) fault(c snapshot.Change) []move {
	m := move{
		at: c.At, source: c.Source, actor: actor(c), kind: outside, subject: c.Name, evidence: byRecord(c), act: true,
	}
	switch {
	case c.Resource == "nodes":
		if n := t.w.at("nodes", "", c.Name); !t.hasBegun() || !t.circle.nodes[c.Name] && (n == nil || !t.circle.in[n.GetUID()]) {
			return nil
		}
	default:
		o := t.w.at(c.Resource, c.Namespace, c.Name)
		if o == nil || !t.circle.in[o.GetUID()] {
			return nil
		}
	}
	switch c.Verb {
	case "stop-node":
		t.stopped[c.Name] = c.At
		m.say = plain("stopped node %s, as if its power failed", c.Name)
	case "start-node":
		delete(t.stopped, c.Name)
		m.say = plain("started node %s again", c.Name)
	case "press-node":
		m.say = plain("left node %s short of memory or disk", c.Name)
	case "kill-container":
		m.say = named("killed the container's process in", "it")
	case "load":
		m.say = plain("sent many requests to %s %s", kindOfResource(c.Resource), c.Name)
	default:
		m.say = named(strings.ReplaceAll(c.Verb, "-", " "), "it")
	}
	return []move{m}
}

// counts is how many Pods each controller has that count: neither ended nor being deleted.
func (t *teller) counts() map[string]int {
	n := map[string]int{}
	for _, o := range t.w.alive {
		if o.GetKind() != "Pod" || o.GetDeletionTimestamp() != nil {
			continue
		}
		phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
		if phase == "Succeeded" || phase == "Failed" {
			continue
		}
		if owner := controllerOf(o); owner != nil {
			n[string(owner.UID)]++
		}
	}
	return n
}
