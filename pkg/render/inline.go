package render

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// word is a piece of running text that is not broken, with its paint.
type word struct {
	text  string // painted
	glued bool   // no space before it
	last  bool   // a new line begins after it
}

// lines puts words into lines of at most so many columns.
func lines(words []word, columns int) []string {
	var all []string
	line, width := "", 0
	end := func() {
		all = append(all, line)
		line, width = "", 0
	}
	for i := 0; i < len(words); {
		// what is glued together stays together
		n, text := i+1, words[i].text
		for n < len(words) && words[n].glued && !words[n-1].last {
			text += words[n].text
			n++
		}
		w := Width(text)
		switch {
		case width == 0:
			line, width = text, w
		case width+1+w <= columns:
			line, width = line+" "+text, width+1+w
		default:
			end()
			line, width = text, w
		}
		if words[n-1].last {
			end()
		}
		i = n
	}
	if width > 0 {
		end()
	}
	return all
}

// running is text that is being cut into words.
type running struct {
	words []word
	space bool // a space stands before what comes next
}

// words collects the words below a node.
func (m *setter) words(n ast.Node, into *running, paint func(string) string) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			into.add(m.s.Plain(unescape(c.Segment.Value(m.src))), paint)
			switch {
			case c.HardLineBreak() && len(into.words) > 0:
				into.words[len(into.words)-1].last = true
				into.space = true
			case c.SoftLineBreak():
				into.space = true
			}
		case *ast.String:
			into.add(m.s.Plain(string(c.Value)), paint)
		case *ast.CodeSpan:
			into.add(m.s.Plain(m.flat(c)), m.s.Accent)
		case *ast.Emphasis:
			m.words(c, into, m.s.Bold)
		case *ast.Link:
			m.words(c, into, paint)
			into.add(" ("+m.s.Plain(string(c.Destination))+")", m.s.Dim)
		case *ast.AutoLink:
			into.add(m.s.Plain(string(c.URL(m.src))), m.s.Accent)
		case *ast.RawHTML:
		default:
			m.words(c, into, paint)
		}
	}
}

// unescape resolves backslashes and entities, which the parser leaves in running text.
func unescape(raw []byte) string {
	return string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(raw))))
}

// flat is the text below a node without its structure.
func (m *setter) flat(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(m.src))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
			continue
		}
		b.WriteString(m.flat(c))
	}
	return b.String()
}

// add cuts text into words. A word is glued to the one before it where no space is between, as a
// full stop after code is.
func (r *running) add(text string, paint func(string) string) {
	r.space = r.space || strings.HasPrefix(text, " ")
	for _, w := range strings.Fields(text) {
		if paint != nil {
			w = paint(w)
		}
		r.words = append(r.words, word{text: w, glued: !r.space && len(r.words) > 0})
		r.space = true
	}
	if text != "" {
		r.space = strings.HasSuffix(text, " ") || (r.space && strings.TrimSpace(text) == "")
	}
}
