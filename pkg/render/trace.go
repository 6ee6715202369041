package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// mostTraceRows is how many rows of a trace are shown; the middle of a longer one is left out.
const mostTraceRows = 40

// Trace shows a chain of causes for a person to read: a row a move, with the number of the row that led to it. With
// evidence each row says how it is known.
func Trace(w io.Writer, t *explain.Trace, evidence bool, s Style) error {
	p := &page{s: s}
	p.text("", 0, t.Intro, nil)
	if len(t.Rows) == 0 {
		p.text("", 0, t.Times, p.s.Dim)
		return p.flush(w)
	}
	p.gap()
	p.traceRows(t.Rows, evidence)
	p.tracePath(t.Path)
	outcome := t.Outcome
	if outcome == explain.Gone { // which may be what was asked for
		outcome = explain.Untold
	}
	p.ending(&explain.Story{Outcome: outcome, Summary: t.Summary, Times: t.Times})
	return p.flush(w)
}

func (p *page) traceRows(rows []explain.TraceRow, evidence bool) {
	var told []explain.Row
	actors := 0
	for _, r := range rows {
		told = append(told, r.Row)
		actors = max(actors, Width(p.s.Plain(r.Actor)))
	}
	clock := clockFor(told)
	digits := len(fmt.Sprint(len(rows)))
	for i, r := range rows {
		if left := len(rows) - mostTraceRows; left > 0 && i >= mostTraceRows-10 && i < mostTraceRows-10+left {
			if i == mostTraceRows-10 {
				p.line(p.s.Dim(fmt.Sprintf("%s %d more rows, left out here; -o json has them all", p.s.sign("…", "~"), left)))
			}
			continue
		}
		p.traceRow(i, r, clock, digits, actors, evidence)
	}
}

// traceRow shows one row: its number, when, who, what, and at the right the row that led to it.
func (p *page) traceRow(i int, r explain.TraceRow, clock func(int64) string, digits, actors int, evidence bool) {
	number, at, actor := padLeft(fmt.Sprint(i+1), digits), clock(r.OffsetMS), p.s.Plain(r.Actor)
	by := ""
	if r.Cause != explain.NoCause {
		by = p.s.Plain("← ") + fmt.Sprint(r.Cause+1)
	}
	left := digits + 1 + Width(at) + 2 + actors + 2
	room := p.s.width() - len(margin) - left
	most := max(room-digits-4, 20)
	what := wrap(p.s.traced(r, clock), most)
	for n, l := range what {
		head := strings.Repeat(" ", left)
		if n == 0 {
			head = p.s.Bold(number) + " " + p.s.Dim(at) + "  " + p.who(r.Actor, pad(actor, actors)) + "  "
			if by != "" {
				l = pad(l, room-digits-2) + p.s.Accent(by)
			}
		}
		p.line(head, l)
	}
	if !evidence {
		return
	}
	for _, l := range wrap(p.s.Plain(traceEvidence(r, clock)), most) {
		p.line(strings.Repeat(" ", left), p.s.Dim(l))
	}
}

// traced is what a row tells, with until when it lasted where it stands for others too.
func (s Style) traced(r explain.TraceRow, clock func(int64) string) string {
	text := s.Plain(s.shorten(r.What, r.Objects, r.Folded == 0 && r.Moves > 1))
	if r.Folded > 0 {
		text += ", until " + strings.TrimSpace(clock(r.UntilMS))
	}
	return text
}

// traceEvidence is how a row is known.
func traceEvidence(r explain.TraceRow, clock func(int64) string) string {
	var parts []string
	if r.UntilMS-r.OffsetMS >= 20 {
		parts = append(parts, "to "+strings.TrimSpace(clock(r.UntilMS)))
	}
	parts = append(parts, r.Evidence)
	if len(r.Writes) > 0 && !strings.HasPrefix(r.Evidence, "audit: ") {
		parts = append(parts, string(r.Source)+": "+strings.Join(r.Writes, ", "))
	}
	if len(r.On) > 1 {
		parts = append(parts, "on "+strings.Join(r.On, ", "))
	}
	return strings.Join(parts, "; ")
}

// tracePath shows the longest chain of causes, by its actors.
func (p *page) tracePath(path []string) {
	if len(path) < 2 {
		return
	}
	p.gap()
	arrow := " " + p.s.Plain("→") + " "
	line := ""
	for i, actor := range path {
		word := p.s.Plain(actor)
		if i < len(path)-1 {
			word += arrow
		}
		if line != "" && Width(line)+Width(strings.TrimRight(word, " ")) > p.s.width()-len(margin) {
			p.line(p.s.Accent(strings.TrimRight(line, " ")))
			line = "  "
		}
		line += word
	}
	p.line(p.s.Accent(line))
	p.text("", 0, "Each arrow leads through the API server: who acts writes there, who cares hears of it by a watch.", p.s.Dim)
}
