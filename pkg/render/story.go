package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// story shows what happened, row by row, the picture of it, and what it came to.
func (p *page) story(st *explain.Story) {
	p.text("", 0, st.Intro, nil)
	if len(st.Rows) == 0 {
		return
	}
	p.gap()
	p.rows(st.Rows)
	p.chart(st.Series)
	p.ending(st)
}

// rows shows moves, each in its row.
func (p *page) rows(rows []explain.Row) {
	clock, actors := clockFor(rows), 0
	for _, r := range rows {
		actors = max(actors, Width(p.s.Plain(r.Actor)))
	}
	for _, r := range rows {
		p.row(r, clock, actors)
	}
}

// clockFor chooses how offsets are written: in milliseconds, or for a long story in seconds. What objects tell is known to the second.
func clockFor(rows []explain.Row) func(int64) string {
	if slices.ContainsFunc(rows, func(r explain.Row) bool { return r.Source == snapshot.FromObjects }) {
		return func(ms int64) string { return fmt.Sprintf("%6d s", ms/1000) }
	}
	for _, r := range rows {
		if r.OffsetMS >= 10_000 {
			return func(ms int64) string { return fmt.Sprintf("%6.1f s", float64(ms)/1000) }
		}
	}
	return func(ms int64) string { return fmt.Sprintf("%5d ms", ms) }
}

// row shows one move: when, who, what, and at the right or below how it is known.
func (p *page) row(r explain.Row, clock func(int64) string, actors int) {
	at := clock(r.OffsetMS)
	actor := p.s.Plain(r.Actor)
	left := Width(at) + 2 + actors + 2
	room := p.s.width() - len(margin) - left
	text := p.s.Plain(p.s.shorten(r.What, r.Objects, r.Moves > 1))
	evidence := p.s.Plain(r.Evidence)
	if p.bare {
		evidence = ""
		if r.UntilMS-r.OffsetMS >= 20 { // of several moves the first has its time at the left
			text += ", until " + strings.TrimSpace(clock(r.UntilMS))
		}
	} else if r.UntilMS-r.OffsetMS >= 20 {
		evidence = "to " + strings.TrimSpace(clock(r.UntilMS)) + "; " + evidence
	}
	what := wrap(text, max(room, 20))
	for i, l := range what {
		head := strings.Repeat(" ", left)
		if i == 0 {
			head = p.s.Dim(at) + "  " + p.who(r.Actor, pad(actor, actors)) + "  "
		}
		if gap := room - Width(l) - Width(evidence); i == len(what)-1 && evidence != "" && gap >= 2 {
			l += strings.Repeat(" ", gap) + p.s.Dim(evidence)
			evidence = ""
		}
		p.line(head, l)
	}
	if evidence != "" {
		p.line(strings.Repeat(" ", left), p.s.Dim(p.s.cut(evidence, max(room, 20))))
	}
}

// who paints an actor: the learner stands out, since all else follows from what the learner did.
func (p *page) who(actor, text string) string {
	if actor == "you" || actor == "the lesson" {
		return p.s.Bold(text)
	}
	return p.s.Accent(text)
}

// ending shows what a story came to.
func (p *page) ending(st *explain.Story) {
	p.gap()
	// Where no number of Pods is wanted there is none to reach: what happened is told, and not judged.
	sign, paint := "", func(text string) string { return text }
	switch st.Outcome {
	case explain.Healed, explain.Reached, explain.Steady:
		sign, paint = p.s.GoodSign(), p.s.Good
	case explain.Under:
		sign, paint = p.s.WaitSign(), p.s.Wait
	case explain.Gone:
		sign, paint = p.s.BadSign(), p.s.Bad
	}
	if st.Summary != "" {
		first, rest, _ := strings.Cut(st.Summary, ". ")
		if rest != "" {
			first += "."
		}
		p.text(sign+" ", 2, first, paint)
		if rest != "" {
			p.text("", 2, rest, nil)
		}
	}
	p.identities(st.Gone, st.Came)
	p.text("", 2, st.Times, p.s.Dim)
}

// mostIdentities is how many Pods are told apart by name and UID.
const mostIdentities = 2

// identities show that a Pod which took another's place is another.
func (p *page) identities(gone, came []explain.Identity) {
	if len(gone) == 0 || len(came) == 0 || len(gone)+len(came) > mostIdentities {
		return
	}
	for _, list := range [][]explain.Identity{gone, came} {
		for _, id := range list {
			text := fmt.Sprintf("%s  uid %s  %s", pad(p.s.short(id.Name), 20), p.s.Plain(firstOf(id.UID)+"…"), id.State)
			if id.Node != "" && id.State != "gone" {
				text += " on " + id.Node
			}
			p.line("  ", p.s.Dim(p.s.cut(text, p.s.width()-4)))
		}
	}
}

// firstOf is the part of a UID before its first hyphen, enough to tell two apart.
func firstOf(uid string) string {
	first, _, _ := strings.Cut(uid, "-")
	return first
}
