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

// rows are what of a trace's steps is told, several as one where they are of a kind.
func (t *tracer) rows(zero time.Time) []TraceRow {
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
