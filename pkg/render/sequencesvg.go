package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// The measures of a sequence diagram, in pixels.
const (
	seqColumn = 150 // from line to line
	seqRow    = 34  // from arrow to arrow
	seqAnew   = 40  // what stands before somebody does something anew
	seqLeft   = 150 // of the first line; times stand left of it
	seqTop    = 96  // of the first arrow
	seqHead   = 40  // the height of a head
	seqRight  = 90  // right of the last line, at least
	seqText   = 13  // the size of letters
	seqSmall  = 12  // that of what is said aside
)

// SequenceSVG writes a trace as a sequence diagram, a picture of its own for a slide or a page.
func SequenceSVG(w io.Writer, t *explain.Trace) error {
	q := newSequence(t)
	g := &svg{width: q.width(t)}
	bottom := seqTop
	for _, m := range q.messages {
		bottom += m.height()
	}
	g.words(24, 28, 16, "start", svgInk, "bold", heading(t))
	for i, p := range q.participants {
		g.participant(i, p, bottom)
	}
	y := seqTop
	for _, m := range q.messages {
		if y += m.height(); m.begins {
			g.anew(m, y-seqRow-seqAnew/2)
		}
		g.arrow(m, y-seqRow/2)
	}
	g.words(24, bottom+34, seqText, "start", svgInk, "bold", t.Summary)
	g.words(24, bottom+56, seqSmall, "start", svgDim, "normal", legend+t.Times)
	return g.write(w, bottom+76, heading(t))
}

// height is the room that a message takes.
func (m message) height() int {
	if m.begins {
		return seqRow + seqAnew
	}
	return seqRow
}

// width is what all participants, and all texts, have room in.
func (q *sequence) width(t *explain.Trace) int {
	width := seqLeft + seqColumn*max(len(q.participants)-1, 0) + seqRight
	for _, m := range q.messages {
		width = max(width, seqLeft+seqColumn*min(m.from, m.to)+16+svgWidth(m.text, seqText))
	}
	return max(width, 48+max(svgWidth(t.Summary, seqText), svgWidth(legend+t.Times, seqSmall), svgWidth(heading(t), 16)))
}

// legend says what the lines are.
const legend = "Solid: a request. Dashed: news of a watch, or an answer, which no log tells of. "

// heading is what the diagram is of: the command where one was run.
func heading(t *explain.Trace) string {
	switch {
	case t.Command != "":
		return t.Command
	case len(t.Rows) == 0:
		return t.Intro
	}
	return "What happened"
}

// anew is what stands between what came of one thing that somebody did, and the next that somebody did.
func anew(m message) string { return "the next beginning, at " + m.at }

// participant draws who takes part, and the line below.
func (g *svg) participant(i int, p participant, bottom int) {
	x, y := seqLeft+seqColumn*i, seqTop-seqHead-8
	g.line(x, y+seqHead, x, bottom, svgLine, "2 4")
	round := 4
	if p.person {
		round = 20
	}
	fmt.Fprintf(&g.body, `<rect x="%d" y="%d" width="%d" height="%d" rx="%d" fill="%s" stroke="%s"/>`+"\n",
		x-seqColumn/2+6, y, seqColumn-12, seqHead, round, svgPanel, svgAccent)
	lines := []string{p.label}
	if first, second, two := strings.Cut(p.label, " controller"); two && second == "" {
		lines = []string{first, "controller"}
	}
	if p.note != "" {
		lines = append(lines, p.note)
	}
	for n, l := range lines {
		down := seqHead/2 + 5
		if len(lines) > 1 {
			down = 17 + 15*n
		}
		g.words(x, y+down, seqSmall, "middle", svgInk, "normal", l)
	}
}

// anew sets what somebody does anew apart from what was before.
func (g *svg) anew(m message, y int) {
	g.line(24, y, g.width-24, y, svgDim, "")
	g.halo(32, y+5, seqSmall, svgDim, anew(m))
}

// arrow draws a message: its text above it, from the left of its two lines on, over whatever is behind.
func (g *svg) arrow(m message, y int) {
	from, to := seqLeft+seqColumn*m.from, seqLeft+seqColumn*m.to
	dash, ink := "", svgInk
	if m.heard {
		dash, ink = "6 4", svgAccent
	}
	tip := 8
	if to > from {
		tip = -8
	}
	g.line(from, y, to+tip, y, ink, dash)
	fmt.Fprintf(&g.body, `<path d="M%d %d l%d -4 v8 z" fill="%s"/>`+"\n", to, y, tip, ink)
	if m.at != "" {
		g.words(seqLeft-seqColumn/2-4, y+4, seqSmall, "end", svgDim, "normal", m.at)
	}
	g.halo(min(from, to)+10, y-7, seqText, ink, m.text)
}
