package render

import (
	"io"
	"math"
	"regexp"
	"strings"

	"github.com/mattn/go-runewidth"
)

// margin stands before every line of a screen.
const margin = "  "

// mostWidth is how wide text is set at most; longer lines are hard to read.
const mostWidth = 100

// Width is how many columns text takes on a terminal, escape sequences not counted. Characters
// whose width depends on the locale count as one column.
func Width(text string) int {
	c := runewidth.Condition{}
	return c.StringWidth(escapeSequence.ReplaceAllString(text, ""))
}

// escapeSequence matches the colours that paint makes.
var escapeSequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

// pad fills text up to a number of columns.
func pad(text string, columns int) string {
	if n := columns - Width(text); n > 0 {
		return text + strings.Repeat(" ", n)
	}
	return text
}

// padLeft fills text up from the left.
func padLeft(text string, columns int) string {
	if n := columns - Width(text); n > 0 {
		return strings.Repeat(" ", n) + text
	}
	return text
}

// cut shortens text to a number of columns, with a sign that something is missing.
func (s Style) cut(text string, columns int) string {
	if Width(text) <= columns {
		return text
	}
	c := runewidth.Condition{}
	return c.Truncate(text, columns, s.sign("…", "~"))
}

// wrap breaks text between words into lines of at most so many columns. A word that is longer than
// a line stands alone on its line, whole, so that it can be copied.
func wrap(text string, columns int) []string {
	if text = strings.TrimSpace(text); Width(text) <= columns {
		return []string{text} // with its inner spaces, which set evidence apart
	}
	var lines []string
	line := ""
	for _, word := range words(text) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= columns:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// words are those of a text, a number with its unit counting as one.
func words(text string) []string {
	var all []string
	for _, word := range strings.Fields(text) {
		if n := len(all); n > 0 && unit.MatchString(word) && amount.MatchString(all[n-1]) {
			all[n-1] += " " + word
			continue
		}
		all = append(all, word)
	}
	return all
}

var (
	unit   = regexp.MustCompile(`^(ms|s|min|h|days|%|[kMG]i?B)[.,;:)]*$`)
	amount = regexp.MustCompile(`^\(?[0-9][0-9.,]*$`)
)

// aligned sets the parts of lines, which two spaces set apart, below each other.
func aligned(lines []string) []string {
	var widths []int
	parts := make([][]string, len(lines))
	for i, l := range lines {
		parts[i] = strings.Split(l, "  ")
		for column, part := range parts[i] {
			if column == len(widths) {
				widths = append(widths, 0)
			}
			widths[column] = max(widths[column], Width(part))
		}
	}
	set := make([]string, len(lines))
	for i := range parts {
		for column, part := range parts[i][:len(parts[i])-1] {
			parts[i][column] = pad(part, widths[column])
		}
		set[i] = strings.Join(parts[i], "  ")
	}
	return set
}

// page collects the lines of a screen.
type page struct {
	s Style
	b strings.Builder
	// sources says that claims are told with where they were read.
	sources bool
	// brief saves lines.
	brief bool
	// bare leaves out how the rows of a story are known.
	bare bool
	// named says that each problem begins with the object that has it.
	named bool
}

// width is the number of columns that are used.
func (s Style) width() int {
	w := s.Width
	if w <= 0 {
		w = DefaultWidth
	}
	return max(min(w, max(s.most, mostWidth)), 20)
}

// line adds a line with the margin before it.
func (p *page) line(parts ...string) {
	p.b.WriteString(strings.TrimRight(margin+strings.Join(parts, ""), " "))
	p.b.WriteByte('\n')
}

// gap adds an empty line.
func (p *page) gap() { p.b.WriteByte('\n') }

// text adds a paragraph after an indent. The label stands in the indent of its first line, and has
// its paint already.
func (p *page) text(label string, indent int, text string, paint func(string) string) {
	room := p.s.width() - len(margin) - indent
	for i, l := range wrap(p.s.Plain(text), max(room, 16)) {
		before := strings.Repeat(" ", indent)
		if i == 0 {
			before = pad(label, indent)
		}
		if paint != nil {
			l = paint(l)
		}
		p.line(before, l)
	}
}

// flush writes the page.
func (p *page) flush(w io.Writer) error {
	_, err := io.WriteString(w, p.b.String())
	return err
}

// Terms shows words with what is to be said of each, in grey.
func Terms(w io.Writer, list [][2]string, s Style) error {
	p := &page{s: s}
	words := 0
	for _, l := range list {
		words = max(words, Width(l[0]))
	}
	for _, l := range list {
		p.text(s.Dim(l[0]), words+2, l[1], s.Dim)
	}
	return p.flush(w)
}

// Paragraph shows text between margins, on a terminal or not.
func Paragraph(w io.Writer, text string, s Style) error {
	p := &page{s: s}
	p.text("", 0, text, nil)
	return p.flush(w)
}

// Hang puts a mark before text and sets everything under its first word. On a terminal lines are broken
// between words, and what is broken off stands as far in as its line; elsewhere lines stay as they are,
// for programs to search.
func Hang(mark, text string, s Style) string {
	columns := math.MaxInt
	if s.Terminal {
		columns = s.width() - Width(mark)
	}
	var lines []string
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		line = strings.TrimRight(line, "\n")
		in := line[:len(line)-len(strings.TrimLeft(line, " "))]
		for _, part := range wrap(line, max(columns-len(in), 16)) {
			lines = append(lines, strings.TrimRight(in+part, " "))
		}
	}
	return mark + strings.Join(lines, "\n"+strings.Repeat(" ", Width(mark)))
}
