package explain

import (
	"fmt"
	"slices"
	"sort"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Timeline tells what happened to a target and to what hangs together with it, from the first act on
// it that the timeline holds, a learner's act or a fault where there is one. Who did what is taken
// from the audit log's users, or from what objects say of themselves; where neither tells, the actor
// is "somebody".
func Timeline(target snapshot.Query, now *snapshot.Snapshot, tl *snapshot.Timeline) (*Story, error) {
	return timeline(target, now, tl, false)
}

// timeline is Timeline; alone counts a Pod that nobody owns as one that is wanted.
func timeline(target snapshot.Query, now *snapshot.Snapshot, tl *snapshot.Timeline, alone bool) (*Story, error) {
	w := newWorld(now, tl)
	c := w.relate(target)
	if len(c.seeds) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoTarget, target.String())
	}
	t := newTeller(w, c, now)
	n := newNumbers(w, c, alone)
	var moves []move
	for i, change := range w.changes {
		for _, m := range t.moves(change) {
			m.change = i
			moves = append(moves, m)
		}
		n.note(change.At)
	}
	moves = ordered(moves)
	zero, from := beginning(moves, w.start)
	s := &Story{Zero: zero, Times: timesNote(moves[from:], w.noAudit)}
	s.Series = n.series(zero)
	s.Rows, s.Elided = rows(moves[from:], zero, func() strandOfMove { return strandsOf(target, now, tl) })
	for _, m := range moves[from:] {
		s.Series.EndMS = max(s.Series.EndMS, offsetMS(m.at, zero))
	}
	conclude(s, target, t, moves[from:])
	return s, nil
}

func newTeller(w *world, c circle, now *snapshot.Snapshot) *teller {
	t := &teller{
		w: w, circle: c, told: map[string]bool{}, stopped: map[string]time.Time{}, backOffs: map[string]*backOff{},
		leases: leases(now), events: eventsIn(now), answering: map[string]int{},
	}
	t.knowAnswers()
	return t
}

// leases are when nodes were last heard of, by the leases in a snapshot.
func leases(now *snapshot.Snapshot) map[string]time.Time {
	heard := map[string]time.Time{}
	for _, o := range now.Objects {
		if o.GetKind() != "Lease" {
			continue
		}
		text, _, _ := unstructured.NestedString(o.Object, "spec", "renewTime")
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			heard[o.GetName()] = at
		}
	}
	return heard
}

// knowAnswers notes how many Pods answered for each Service at the start, where that is known.
func (t *teller) knowAnswers() {
	for _, o := range t.w.alive {
		if o.GetKind() == "EndpointSlice" {
			name := serviceName(o)
			t.answering[name] = len(t.w.answering(o.GetNamespace(), name))
		}
	}
}

// ordered sorts moves by time. Those about one object keep the order in which they were made, since
// the times at which requests were answered may differ from it by a little.
func ordered(moves []move) []move {
	last := map[string]time.Time{}
	for i := range moves {
		m := &moves[i]
		if m.at.Before(last[m.subject]) {
			m.at = last[m.subject]
		}
		last[m.subject] = m.at
	}
	sort.SliceStable(moves, func(i, j int) bool { return moves[i].at.Before(moves[j].at) })
	return moves
}

// beginning finds the move that a story starts with: the learner's first act or a fault, else the
// first act of anybody outside the cluster's machinery, else the first move.
func beginning(moves []move, start time.Time) (time.Time, int) {
	if len(moves) == 0 {
		return start, 0
	}
	for _, fits := range []func(move) bool{
		func(m move) bool { return m.actor == you || m.kind == outside },
		func(m move) bool { return m.act },
	} {
		for i, m := range moves {
			if fits(m) {
				return m.at, i
			}
		}
	}
	return moves[0].at, 0
}

func timesNote(moves []move, noAudit string) string {
	audit, watched, said := false, false, false
	for _, m := range moves {
		audit = audit || m.source == snapshot.FromAudit
		watched = watched || m.source == snapshot.FromWatch
		said = said || m.source == snapshot.FromObjects
	}
	switch {
	case said:
		return "times: what objects and events say, to the second; " + noAudit
	case audit && watched:
		return "times: API server audit log; where it is silent, watch arrival"
	case watched:
		return "times: watch arrival; " + noAudit
	case audit:
		return "times: API server audit log"
	}
	return "times: none recorded"
}

// numbers follows how many Pods are wanted and ready.
type numbers struct {
	w             *world
	c             circle
	wanted, ready []reading
	// tops says that something with a number was ever there.
	tops bool
	// alone is the Pod that counts as one that is wanted, since nobody owns it; empty for none.
	alone types.UID
}

type reading struct {
	at time.Time
	n  int
}

func newNumbers(w *world, c circle, alone bool) *numbers {
	n := &numbers{w: w, c: c}
	for uid := range c.seeds {
		if o := w.latest(uid); alone && len(c.seeds) == 1 && o.GetKind() == "Pod" && controllerOf(o) == nil {
			n.alone, n.tops = uid, true
		}
	}
	for uid := range c.in {
		for _, o := range w.known[uid] {
			n.tops = n.tops || isTop(o)
		}
	}
	n.note(w.start)
	return n
}

// isTop says that an object asks for a number of Pods, and that nobody else tells it how many.
func isTop(o *unstructured.Unstructured) bool {
	switch o.GetKind() {
	case "Deployment", "StatefulSet", "ReplicationController", "DaemonSet", "Job":
		return true
	case "ReplicaSet":
		return controllerOf(o) == nil
	}
	return false
}

// note reads the numbers as they are at a moment.
func (n *numbers) note(at time.Time) {
	wanted, ready := 0, 0
	for uid, o := range n.w.alive {
		switch {
		case !n.c.in[uid]:
		case n.asks(o):
			wanted += wants(o)
			if uid == n.alone && n.counts(o) {
				ready++
			}
		case o.GetKind() == "Pod" && n.counts(o):
			ready++
		}
	}
	n.wanted, n.ready = add(n.wanted, at, wanted), add(n.ready, at, ready)
}

// asks says whether an object's number is one that is wanted now. What a Deployment that goes away
// leaves behind asks for itself.
func (n *numbers) asks(o *unstructured.Unstructured) bool {
	if o.GetDeletionTimestamp() != nil {
		return false
	}
	if isTop(o) || o.GetUID() == n.alone {
		return true
	}
	if o.GetKind() != "ReplicaSet" {
		return false
	}
	owner := n.w.alive[controllerOf(o).UID]
	return owner != nil && slices.Contains(owner.GetFinalizers(), "orphan")
}

// wants is how many Pods an object asks for now.
func wants(o *unstructured.Unstructured) int {
	switch o.GetKind() {
	case "Pod":
		return 1
	case "DaemonSet":
		n, _, _ := unstructured.NestedInt64(o.Object, "status", "desiredNumberScheduled")
		return int(n)
	case "Job":
		j := typed[batchv1.Job](o)
		n := 1
		if j.Spec.Parallelism != nil {
			n = int(*j.Spec.Parallelism)
		}
		if j.Spec.Completions != nil {
			n = min(n, int(*j.Spec.Completions-j.Status.Succeeded))
		}
		if jobEnded(j, batchv1.JobComplete, batchv1.JobFailed, batchv1.JobSuspended) {
			n = 0
		}
		return n
	}
	return replicas(o)
}

func add(list []reading, at time.Time, value int) []reading {
	if len(list) > 0 && list[len(list)-1].n == value {
		return list
	}
	return append(list, reading{at, value})
}

// counts says whether a Pod counts as ready for what wants a number.
func (n *numbers) counts(o *unstructured.Unstructured) bool {
	if o.GetDeletionTimestamp() != nil {
		return false
	}
	if !looksReady(o) {
		return false
	}
	if !n.tops {
		return true
	}
	owner := controllerOf(o)
	if owner == nil {
		return o.GetUID() == n.alone
	}
	if set := n.w.alive[owner.UID]; set != nil && set.GetKind() == "ReplicaSet" {
		return selects(replicaSetOf(set).Spec.Selector, o)
	}
	return true
}

// series are the numbers as steps. What was before zero is the value at 0.
func (n *numbers) series(zero time.Time) *Series {
	s := &Series{Ready: steps(n.ready, zero)}
	if n.tops {
		s.Wanted = steps(n.wanted, zero)
	}
	for _, p := range append(append([]Point(nil), s.Ready...), s.Wanted...) {
		s.EndMS = max(s.EndMS, p.OffsetMS)
	}
	return s
}

func steps(list []reading, zero time.Time) []Point {
	var points []Point
	for _, r := range list {
		offset := offsetMS(r.at, zero)
		if r.at.Before(zero) {
			offset = 0
			points = points[:0]
		}
		if n := len(points); n > 0 && points[n-1].OffsetMS == offset && !r.at.Before(zero) && offset != 0 {
			points[n-1].N = r.n
			continue
		}
		points = append(points, Point{OffsetMS: offset, N: r.n})
	}
	return points
}

func offsetMS(at, zero time.Time) int64 { return at.Sub(zero).Round(time.Millisecond).Milliseconds() }

// pods are the Pods of the circle, each in its last known version, sorted by name.
func (t *teller) pods() []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for uid := range t.circle.in {
		versions := t.w.known[uid]
		if o := versions[len(versions)-1]; o.GetKind() == "Pod" {
			found = append(found, o)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].GetName() != found[j].GetName() {
			return found[i].GetName() < found[j].GetName()
		}
		return found[i].GetUID() < found[j].GetUID()
	})
	return found
}

func isAlive(w *world, uid types.UID) bool { return w.alive[uid] != nil }
