package explain

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// NoCause is the Cause of a step that nothing in the trace led to.
const NoCause = -1

// Trace is what happened as a chain of causes: every write to what the targets hang together with, who made
// it, and which step led to it.
type Trace struct {
	// Command is the command that was traced, where one was run.
	Command string `json:"command,omitempty"`
	// Intro is one sentence to read before the rows.
	Intro string `json:"intro"`
	// Zero is the moment that offsets count from: the first act on the targets that was recorded.
	Zero time.Time `json:"zero"`
	// Steps are all of it, in order. Rows tell those of them that a person wants to know of, several in a row
	// where they are of a kind.
	Steps []Step     `json:"steps"`
	Rows  []TraceRow `json:"rows"`
	// Path is the actors of the longest chain of causes, the first first.
	Path    []string `json:"path"`
	Series  *Series  `json:"series,omitempty"`
	Outcome Outcome  `json:"outcome"`
	// SettledMS is the time from Zero until the targets were as they should be; set where Outcome is Healed or Reached.
	SettledMS int64  `json:"settledMS,omitempty"`
	Summary   string `json:"summary"`
	// Gone and Came are the Pods that ended and that were made.
	Gone []Identity `json:"gone,omitempty"`
	Came []Identity `json:"came,omitempty"`
	// Times says where the times come from.
	Times string `json:"times"`
}

// Step is one thing that one actor did. It is one write to the API, or, where Write is empty, something that the next
// write of the same object reports: a container that the runtime started.
type Step struct {
	// OffsetMS is when the API server got the request, or when the news of it arrived, since the trace's Zero.
	OffsetMS int64 `json:"offsetMS"`
	// Actor is who did it in a learner's words; On is the node of a kubelet or a runtime.
	Actor string `json:"actor"`
	On    string `json:"on,omitempty"`
	// Object is what was written: kind/name.
	Object string `json:"object"`
	// What is what the actor did, as a clause that reads on from the actor.
	What string `json:"what"`
	// Cause is the index of the step that led to this one, or NoCause.
	Cause int `json:"cause"`
	// Write is the verb and the resource of the request: "patch deployments/scale". From watches it is what
	// became of the object, and its kind: "MODIFIED deployments".
	Write string `json:"write,omitempty"`
	// User is who sent it, as the audit log has it.
	User     string          `json:"user,omitempty"`
	Evidence string          `json:"evidence,omitempty"`
	Source   snapshot.Source `json:"source,omitempty"`
	// Told says that a row tells of it.
	Told bool `json:"told"`

	step
}

// step is what is known of a Step to find its cause.
type step struct {
	at    time.Time
	c     snapshot.Change
	kind  string // of the object
	name  string
	space string
	uid   types.UID
	moves []move
	// owners are the UIDs of all owners, owner that of the controller.
	owners []types.UID
	owner  types.UID
	// ownerKind is the kind of the controller.
	ownerKind string
	node      string
}

// TraceRow is one row of a trace: what one actor did, and which row led to it.
type TraceRow struct {
	Row
	// Cause is the index of the row that led to this one, or NoCause.
	Cause int `json:"cause"`
	// Steps are the indices of the steps that this row tells.
	Steps []int `json:"steps"`
	// On are the nodes of a kubelet's or a runtime's row.
	On []string `json:"on,omitempty"`
	// Writes are the different requests of the row's steps.
	Writes []string `json:"writes,omitempty"`
	// Folded is how many rows more this one stands for, since they repeat what was told before.
	Folded int `json:"folded,omitempty"`
}

// Asked is what a trace is asked for.
type Asked struct {
	Targets []snapshot.Query
	// From and To bound a while in which acts that no record names somebody for are the learner's own: that of
	// the command that was run, where a cluster shows no audit log.
	From, To time.Time
}

// Chain traces what happened to targets, from the first act on them that the timeline holds.
func Chain(q Asked, now *snapshot.Snapshot, tl *snapshot.Timeline) (*Trace, error) {
	if len(q.Targets) == 0 {
		return nil, fmt.Errorf("%w: no target was named", ErrNoTarget)
	}
	w := newWorld(now, tl)
	c := w.relate(q.Targets...)
	if len(c.seeds) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoTarget, names(q.Targets))
	}
	t := &tracer{teller: newTeller(w, c, now), asked: q}
	n := newNumbers(w, c, false)
	t.takeAll(n)
	return t.tell(n), nil
}

// takeAll makes steps of all changes, in the order in which the API server got them, and follows the numbers meanwhile.
func (t *tracer) takeAll(n *numbers) {
	t.apart = true
	for i, change := range t.w.changes {
		was := len(t.steps)
		t.take(change)
		for _, s := range t.steps[was:] {
			for j := range s.moves {
				s.moves[j].change = i
			}
		}
		n.note(change.At)
	}
	sort.SliceStable(t.steps, func(i, j int) bool { return t.steps[i].at.Before(t.steps[j].at) })
}

func names(targets []snapshot.Query) string {
	var all []string
	for _, q := range targets {
		all = append(all, q.String())
	}
	return strings.Join(all, ", ")
}

// tracer makes steps of changes.
type tracer struct {
	*teller
	asked Asked
	steps []Step
}

// tell puts the trace together from the first act on.
func (t *tracer) tell(n *numbers) *Trace {
	zero, from := t.beginning()
	t.steps = t.steps[from:]
	tr := &Trace{Zero: zero, Times: t.times(), Series: n.series(zero)}
	for i := range t.steps {
		s := &t.steps[i]
		s.say()
		s.OffsetMS = offsetMS(s.at, zero)
		s.Cause = t.cause(i)
		tr.Series.EndMS = max(tr.Series.EndMS, s.OffsetMS)
	}
	strands := t.strands()
	rows := t.rows(strands, zero)
	tr.Path = path(rows)
	tr.Steps, tr.Rows = t.steps, fold(rows, strands)
	t.conclude(tr)
	return tr
}

// beginning is the first step that somebody outside the cluster's machinery made: the learner's where there is one.
func (t *tracer) beginning() (time.Time, int) {
	for _, fits := range []func(*Step) bool{
		func(s *Step) bool { return s.Actor == you || s.Source == FromFault },
		func(s *Step) bool { return s.isAct() },
	} {
		for i := range t.steps {
			if fits(&t.steps[i]) {
				return t.steps[i].at, i
			}
		}
	}
	if len(t.steps) > 0 {
		return t.steps[0].at, 0
	}
	return t.w.start, 0
}

// conclude takes over what a story of the same moves comes to.
func (t *tracer) conclude(tr *Trace) {
	var moves []move
	for i := range t.steps {
		moves = append(moves, t.steps[i].moves...)
	}
	s := &Story{Zero: tr.Zero, Series: tr.Series, Rows: make([]Row, len(tr.Rows))}
	conclude(s, t.asked.Targets[0], t.teller, moves)
	if slices.ContainsFunc(moves, func(m move) bool { return m.source == snapshot.FromObjects }) {
		asOfNow(s)
		tr.Series = nil
	}
	tr.Outcome, tr.SettledMS, tr.Summary, tr.Gone, tr.Came = s.Outcome, s.HealedMS, s.Summary, s.Gone, s.Came
	if len(moves) > 0 && !slices.ContainsFunc(moves, func(m move) bool { return m.kind != noChange }) {
		tr.Summary = "Nothing was changed."
	}
	tr.Intro = "What happened, and which row led to it (←):"
	if len(tr.Rows) == 0 {
		tr.Intro = "Nothing happened to " + names(t.asked.Targets) + " that was recorded."
	}
}

// asOfNow leaves of a conclusion what is true now: how it came to that, nobody saw.
func asOfNow(s *Story) {
	s.Outcome, s.HealedMS, s.Summary = Untold, 0, ""
	if n := lastOf(s.Series.Wanted); n > 0 {
		s.Summary = fmt.Sprintf("%d of %s ready now. Since when is not known.", lastOf(s.Series.Ready), snapshot.Count(n, "Pod")+be(n))
	}
}

func (t *tracer) times() string {
	found := map[snapshot.Source]bool{}
	for i := range t.steps {
		found[t.steps[i].Source] = true
	}
	switch {
	case found[snapshot.FromObjects]:
		return "source: what objects say of themselves now, to the second; nobody watched, and " + t.w.noAudit +
			". Not known: earlier numbers, what is gone, what was changed since it was made, and often by whom"
	case found[snapshot.FromAudit]:
		return "source: the API server's audit log; times are when it got the requests"
	case found[snapshot.FromWatch]:
		return "source: watches, managedFields and events; times are when the news arrived. " + strings.ToUpper(t.w.noAudit[:1]) + t.w.noAudit[1:]
	}
	return "source: none; nothing was recorded. What happened before: --since 5m"
}

// path is the actors along the longest chain of causes in rows, each named once where it follows itself.
func path(rows []TraceRow) []string {
	var longest []string
	paths := make([][]string, len(rows))
	for i, r := range rows {
		if r.Cause != NoCause {
			paths[i] = paths[r.Cause]
		}
		if n := len(paths[i]); n == 0 || paths[i][n-1] != r.Actor {
			paths[i] = append(paths[i][:n:n], r.Actor)
		}
		if n := len(paths[i]); n > len(longest) || n == len(longest) && comesBack(paths[i]) && !comesBack(longest) {
			longest = paths[i]
		}
	}
	return longest
}

// comesBack says that a path ends with somebody who acted before.
func comesBack(path []string) bool {
	return slices.Contains(path[:len(path)-1], path[len(path)-1])
}
