package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// The measures of a sequence diagram, in pixels.
const (
	seqColumn  = 150 // from line to line
	seqRow     = 34  // from arrow to arrow
	seqLeft    = 150 // of the first line; times stand left of it
	seqTop     = 96  // of the first arrow
	seqHead    = 40  // the height of a head
	seqRight   = 90  // right of the last line, at least
	seqLetter  = 7   // the width of a letter, about
	seqFont    = "font-family=\"Helvetica, Arial, sans-serif\""
	seqInk     = "#1f2933"
	seqFaint   = "#8a94a0"
	seqAccent  = "#0b6e8a"
	seqHeadBox = "#e8f1f5"
)

// SequenceSVG writes a trace as a sequence diagram, a picture of its own for a slide or a page.
func SequenceSVG(w io.Writer, t *explain.Trace) error {
	q := newSequence(t)
	width := q.width(t)
	bottom := seqTop + seqRow*len(q.messages)
	height := bottom + 76
	d := &drawing{}
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" %s font-size="13">`+"\n", width, height, width, height, seqFont)
	d.printf("<title>%s</title>\n", svgEscape(heading(t)))
	d.printf(`<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	d.printf(`<text x="24" y="28" font-size="16" font-weight="bold" fill="%s">%s</text>`+"\n", seqInk, svgEscape(heading(t)))
	for i, p := range q.participants {
		d.head(i, p, bottom)
	}
	for i, m := range q.messages {
		d.arrow(m, seqTop+seqRow*i+seqRow/2)
	}
	d.printf(`<text x="24" y="%d" font-weight="bold" fill="%s">%s</text>`+"\n", bottom+34, seqInk, svgEscape(t.Summary))
	d.printf(`<text x="24" y="%d" font-size="12" fill="%s">%s</text>`+"\n", bottom+56, seqFaint,
		svgEscape(legend+t.Times))
	d.printf("</svg>\n")
	_, err := io.WriteString(w, d.b.String())
	return err
}

// width is what all participants, and all texts, have room in.
func (q *sequence) width(t *explain.Trace) int {
	width := seqLeft + seqColumn*max(len(q.participants)-1, 0) + seqRight
	for _, m := range q.messages {
		width = max(width, seqLeft+seqColumn*min(m.from, m.to)+16+seqLetter*Width(m.text))
	}
	return max(width, 48+seqLetter*max(Width(t.Summary), Width(legend+t.Times), Width(heading(t))+20))
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

// drawing collects the text of a picture.
type drawing struct{ b strings.Builder }

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

// head draws a participant and its line.
func (d *drawing) head(i int, p participant, bottom int) {
	x, y := seqLeft+seqColumn*i, seqTop-seqHead-8
	d.printf(`<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-dasharray="2 4"/>`+"\n", x, y+seqHead, x, bottom, seqFaint)
	round := 4
	if p.person {
		round = 20
	}
	d.printf(`<rect x="%d" y="%d" width="%d" height="%d" rx="%d" fill="%s" stroke="%s"/>`+"\n",
		x-seqColumn/2+6, y, seqColumn-12, seqHead, round, seqHeadBox, seqAccent)
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
		d.printf(`<text x="%d" y="%d" text-anchor="middle" font-size="12" fill="%s">%s</text>`+"\n", x, y+down, seqInk, svgEscape(l))
	}
}

// arrow draws a message: its text above it, from the left of its two lines on, over whatever is behind.
func (d *drawing) arrow(m message, y int) {
	from, to := seqLeft+seqColumn*m.from, seqLeft+seqColumn*m.to
	dash, ink := "", seqInk
	if m.heard {
		dash, ink = ` stroke-dasharray="6 4"`, seqAccent
	}
	tip := 8
	if to > from {
		tip = -8
	}
	d.printf(`<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="1.5"%s/>`+"\n", from, y, to+tip, y, ink, dash)
	d.printf(`<path d="M%d %d l%d -4 v8 z" fill="%s"/>`+"\n", to, y, tip, ink)
	if m.at != "" {
		d.printf(`<text x="%d" y="%d" text-anchor="end" font-size="12" fill="%s">%s</text>`+"\n", seqLeft-seqColumn/2-4, y+4, seqFaint, svgEscape(m.at))
	}
	for _, halo := range []bool{true, false} {
		style := fmt.Sprintf(`fill="%s"`, ink)
		if halo {
			style = `fill="none" stroke="#ffffff" stroke-width="3"`
		}
		d.printf(`<text x="%d" y="%d" %s>%s</text>`+"\n", min(from, to)+10, y-7, style, svgEscape(m.text))
	}
}
