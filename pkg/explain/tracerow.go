package explain

import (
	"slices"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// strand is the moves that one row of a trace tells, and the row that led to them.
type strand struct {
	group
	cause int
	steps []int
}

// strandOfMove finds the strand of a move by the change that brought it.
type strandOfMove map[moveOfChange]int

type moveOfChange struct {
	change  int
	kind    moveKind
	subject string
}

// of is the strand of a story's move; -1 where none is known. A container's start and its readiness are one move there.
func (s strandOfMove) of(m move) int {
	kind := m.kind
	if kind == podUp {
		kind = podStarted
	}
	if i, known := s[moveOfChange{m.change, kind, m.subject}]; known {
		return i
	}
	return -1
}

// strandsOf are the rows that a trace of a target would have: moves of one kind that one row led to.
func strandsOf(target snapshot.Query, now *snapshot.Snapshot, tl *snapshot.Timeline) strandOfMove {
	w := newWorld(now, tl)
	c := w.relate(target)
	t := &tracer{teller: newTeller(w, c, now)}
	t.takeAll(newNumbers(w, c, false))
	for i := range t.steps {
		t.steps[i].Cause = t.cause(i)
	}
	found := strandOfMove{}
	for i, g := range t.strands() {
		for _, m := range g.group {
			found[moveOfChange{m.change, m.kind, m.subject}] = i
		}
	}
	return found
}

// strands are a trace's moves, several in one where they are of a kind and have one cause.
func (t *tracer) strands() []*strand {
	var strands []*strand
	rowOf := map[int]int{} // the first row of each step
	for i := range t.steps {
		s := &t.steps[i]
		for _, m := range s.moves {
			m.actor = s.Actor
			row := t.strandOf(&strands, m, i, rowOf)
			g := strands[row]
			g.group = append(g.group, m)
			if !slices.Contains(g.steps, i) {
				g.steps = append(g.steps, i)
			}
			if _, known := rowOf[i]; !known {
				rowOf[i] = row
			}
		}
	}
	return strands
}

// rows are what of a trace's steps is told, several as one where they are of a kind.
func (t *tracer) rows(strands []*strand, zero time.Time) []TraceRow {
	place := 0
	for _, g := range strands {
		for i := range g.group {
			g.group[i].place, place = place, place+2 // they are told apart: none counts as one move with its neighbour
		}
	}
	rows := make([]TraceRow, len(strands))
	subject := ""
	for i, g := range strands {
		rows[i] = TraceRow{Row: tell(g.group, zero, subject), Cause: g.cause, Steps: g.steps}
		for _, step := range g.steps {
			rows[i].add(&t.steps[step])
		}
		if subject = g.group[len(g.group)-1].subject; len(g.group) > 1 {
			subject = ""
		}
	}
	return rows
}

// strandOf finds the row that a move belongs to, or begins one. After somebody's act all begin anew; moves are told
// together when one row led to them, and where only objects tell of them, when they tell of one second.
func (t *tracer) strandOf(strands *[]*strand, m move, step int, rowOf map[int]int) int {
	cause := t.rowBefore(step, rowOf)
	for i := len(*strands) - 1; i >= 0; i-- {
		g := (*strands)[i]
		if together(g.group[0], m) && g.cause == cause && g.group[0].act == m.act && (m.source != snapshot.FromObjects || g.group[0].at.Equal(m.at)) {
			return i
		}
		if g.group[0].act {
			break
		}
	}
	*strands = append(*strands, &strand{cause: cause})
	return len(*strands) - 1
}

// add notes who was where, and by what request.
func (r *TraceRow) add(s *Step) {
	if s.On != "" && !slices.Contains(r.On, s.On) {
		r.On = append(r.On, s.On)
	}
	if s.Write != "" && !slices.Contains(r.Writes, s.Write) {
		r.Writes = append(r.Writes, s.Write)
	}
}

// rowBefore is the row that led to a step: that of its cause, or of the cause's cause where no row tells that.
func (t *tracer) rowBefore(step int, rowOf map[int]int) int {
	for c := t.steps[step].Cause; c != NoCause; c = t.steps[c].Cause {
		if r, told := rowOf[c]; told {
			return r
		}
	}
	return NoCause
}
