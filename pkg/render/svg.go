package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// The colours of pictures: ink on paper, and one a verdict, each with a sign beside it.
const (
	svgInk, svgDim, svgLine, svgPaper, svgPanel = "#1f2328", "#59636e", "#d1d9e0", "#ffffff", "#f6f8fa"
	svgGood, svgBad, svgWait, svgAccent         = "#1a7f37", "#cf222e", "#9a6700", "#0969da"
)

// The one family of letters, and how wide one is on average, in hundredths of its size.
const (
	svgFont   = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"
	svgLetter = 56
)

// svg is a picture as it grows. Lengths are in pixels of the picture's own grid; text is escaped.
type svg struct {
	width int
	body  strings.Builder
}

// box draws a rectangle with round corners.
func (g *svg) box(x, y, w, h int, fill, line string) {
	fmt.Fprintf(&g.body, `<rect x="%d" y="%d" width="%d" height="%d" rx="8" fill="%s" stroke="%s"/>`+"\n", x, y, w, h, fill, line)
}

// bar draws a gauge that is filled to a part.
func (g *svg) bar(x, y, w int, part float64, fill string) {
	fmt.Fprintf(&g.body, `<rect x="%d" y="%d" width="%d" height="8" rx="4" fill="%s"/>`+"\n", x, y, w, svgLine)
	if part > 0 {
		fmt.Fprintf(&g.body, `<rect x="%d" y="%d" width="%.0f" height="8" rx="4" fill="%s"/>`+"\n", x, y, max(min(part, 1)*float64(w), 8), fill)
	}
}

// text writes a line that begins at x, cut to the room that there is. Weight is normal or bold.
func (g *svg) text(x, y, size, room int, fill, weight, text string) {
	text = svgCut(text, room, size)
	fmt.Fprintf(&g.body, `<text x="%d" y="%d" font-size="%d" font-weight="%s" fill="%s">%s</text>`+"\n", x, y, size, weight, fill, svgEscape(text))
}

// words write a line whole, whatever the room. Anchor is start, middle or end: what of it is at x.
func (g *svg) words(x, y, size int, anchor, fill, weight, text string) {
	fmt.Fprintf(&g.body, `<text x="%d" y="%d" font-size="%d" font-weight="%s" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, size, weight, anchor, fill, svgEscape(text))
}

// halo writes a line that can be read over whatever is behind.
func (g *svg) halo(x, y, size int, fill, text string) {
	fmt.Fprintf(&g.body, `<text x="%d" y="%d" font-size="%d" fill="none" stroke="%s" stroke-width="3">%s</text>`+"\n", x, y, size, svgPaper, svgEscape(text))
	g.words(x, y, size, "start", fill, "normal", text)
}

// line draws a line; dash is a pattern such as "6 4", or empty.
func (g *svg) line(x1, y1, x2, y2 int, ink, dash string) {
	if dash != "" {
		dash = fmt.Sprintf(` stroke-dasharray="%s"`, dash)
	}
	fmt.Fprintf(&g.body, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="1.5"%s/>`+"\n", x1, y1, x2, y2, ink, dash)
}

// dot draws a sign in a disc of its colour.
func (g *svg) dot(x, y, r int, h explain.Health) {
	colour, sign := svgHealth(h)
	fmt.Fprintf(&g.body, `<circle cx="%d" cy="%d" r="%d" fill="%s"/>`, x, y, r, colour)
	if r >= 7 {
		fmt.Fprintf(&g.body, `<text x="%d" y="%d" font-size="%d" font-weight="bold" fill="#ffffff" text-anchor="middle">%s</text>`, x, y+r/2, r*3/2, sign)
	}
	g.body.WriteByte('\n')
}

func svgHealth(h explain.Health) (colour, sign string) {
	switch h {
	case explain.Well:
		return svgGood, "✓"
	case explain.Unwell:
		return svgBad, "✗"
	case explain.Waiting:
		return svgWait, "…"
	case explain.Idle:
		return svgDim, "–"
	}
	return svgDim, "?"
}

// svgWidth is how wide text is, about.
func svgWidth(text string, size int) int { return Width(text) * size * svgLetter / 100 }

// svgCut shortens text to the room for it.
func svgCut(text string, room, size int) string {
	most := room * 100 / (size * svgLetter)
	if letters := []rune(text); len(letters) > most && most > 1 {
		return string(letters[:most-1]) + "…"
	}
	return text
}

// svgEscape makes text fit to stand in a picture.
func svgEscape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(Style{}.Plain(text))) // a Builder takes all
	return b.String()
}

// write writes the picture, with a title for those who can't see it.
func (g *svg) write(w io.Writer, height int, title string) error {
	_, err := fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" font-family="%s">
<title>%s</title>
<rect width="%d" height="%d" fill="%s"/>
%s</svg>
`, g.width, height, g.width, height, svgFont, svgEscape(title), g.width, height, svgPaper, g.body.String())
	return err
}
