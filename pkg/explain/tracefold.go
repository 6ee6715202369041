package explain

import (
	"slices"
	"strings"
)

// longTrace is how many rows a trace has at most before what repeats in it is folded.
const longTrace = 24

// fold makes one row of what began as something did before and went on in the same way, where a trace is long: of the Pods that a rollout makes
// one after the other the first is told step by step. The row stands where it began, and says until when it lasted.
func fold(rows []TraceRow, strands []*strand) []TraceRow {
	if len(rows) <= longTrace {
		return rows
	}
	f := folder{rows: rows, strands: strands, head: make([]int, len(rows)), members: map[int][]int{}}
	for i, r := range rows {
		if f.head[i] = i; r.Cause != NoCause && !strands[i].begins() {
			f.head[i] = f.head[r.Cause]
			f.members[f.head[i]] = append(f.members[f.head[i]], i)
		}
	}
	return f.folded()
}

// begins says that moves are a beginning, and not what somebody does about one.
func (g group) begins() bool {
	switch g[0].kind {
	case podMade, podDeleted, podExit, workloadMade, workloadScaled, workloadChanged, workloadDeleted, nodeLost, nodeTainted, nodeBack:
		return true
	}
	return g[0].act
}

// folder puts rows together: each that begins something is the head of those that followed from it alone.
type folder struct {
	rows    []TraceRow
	strands []*strand
	head    []int
	members map[int][]int
}

// shape is who did what in a row, whatever it was done to.
func (f *folder) shape(row int) string {
	return f.strands[row].group[0].actor + "/" + string(f.strands[row].group[0].kind)
}

func (f *folder) folded() []TraceRow {
	told := map[string]map[string]bool{} // by the shape of a beginning, what followed from such ones that are told in full
	place := make([]int, len(f.rows))    // of each row, or of the row that tells of it
	var kept []TraceRow
	for i, r := range f.rows {
		head := f.head[i]
		if head != i && kept[place[head]].Folded > 0 {
			place[i] = place[head]
			continue
		}
		if head == i && f.repeats(i, told[f.shape(i)]) {
			r = f.whole(i)
		} else {
			if told[f.shape(head)] == nil {
				told[f.shape(head)] = map[string]bool{}
			}
			told[f.shape(head)][f.shape(i)] = true
		}
		if r.Cause != NoCause {
			r.Cause = place[r.Cause]
		}
		place[i] = len(kept)
		kept = append(kept, r)
	}
	return kept
}

// repeats says that all that followed from a row followed from another such row before.
func (f *folder) repeats(row int, before map[string]bool) bool {
	for _, m := range f.members[row] {
		if !before[f.shape(m)] {
			return false
		}
	}
	return len(f.members[row]) > 0
}

// whole is a row that stands for what followed from it, too.
func (f *folder) whole(row int) TraceRow {
	r := f.rows[row]
	r.Steps, r.On, r.Writes, r.Objects = slices.Clone(r.Steps), slices.Clone(r.On), slices.Clone(r.Writes), slices.Clone(r.Objects)
	r.UntilMS = max(r.UntilMS, r.OffsetMS)
	var parts []string
	answers := ""
	for _, m := range f.members[row] {
		o := f.rows[m]
		r.Folded++
		r.Moves += o.Moves
		r.UntilMS = max(r.UntilMS, o.OffsetMS, o.UntilMS)
		r.Steps, r.On, r.Writes, r.Objects = union(r.Steps, o.Steps), union(r.On, o.On), union(r.Writes, o.Writes), union(r.Objects, o.Objects)
		if g := f.strands[m].group; g[0].kind == serviceAnswers {
			answers = g[len(g)-1].say("")
		} else if text := outcomeOf(g); text != "" {
			parts = append(parts, text)
		}
	}
	if answers != "" {
		parts = append(parts, answers)
	}
	slices.Sort(r.Steps)
	r.What += "; then as before"
	if len(parts) > 0 {
		r.What += ": " + strings.Join(parts, ", ")
	}
	return r
}

// outcomeOf is what is different each time in what followed: where Pods were put, and what came of them; empty for the rest.
func outcomeOf(g group) string {
	switch g[0].kind {
	case podPlaced:
		var nodes []string
		for _, m := range g {
			nodes = union(nodes, []string{m.detail})
		}
		return "on " + strings.Join(nodes, " and ")
	case podReady, podUp:
		return "ready"
	case podEnded:
		return "gone"
	}
	return ""
}

// union is both lists, each element once.
func union[T comparable](a, b []T) []T {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}
