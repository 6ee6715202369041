package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Markdown sets a lesson's prose for a terminal: wrapped to the width, with headings, emphasis,
// code, lists, quotes and tables. HTML in it is left out.
func Markdown(w io.Writer, source string, s Style) error {
	src := []byte(source)
	doc := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(src))
	m := &setter{page: page{s: s}, src: src}
	m.blocks(doc, frame{})
	return m.flush(w)
}

// setter sets the blocks of a document one after the other.
type setter struct {
	page
	src []byte
	any bool // something was set, so that the next block keeps a distance
}

// frame is what stands before the lines of a block: the first line's and that of the others.
type frame struct {
	first, rest string
	tight       bool // no empty lines between blocks
}

// blocks sets the children of a node.
func (m *setter) blocks(parent ast.Node, f frame) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() == ast.KindHTMLBlock {
			continue
		}
		if m.any && !(f.tight || (n.PreviousSibling() == nil && f.first != f.rest)) {
			m.line(strings.TrimRight(f.rest, " "))
		}
		m.block(n, f)
		m.any = true
		f.first = f.rest
	}
}

func (m *setter) block(n ast.Node, f frame) {
	switch n := n.(type) {
	case *ast.Heading:
		m.paragraph(n, f, func(t string) string { return m.s.Bold(m.s.Accent(t)) })
	case *ast.Paragraph, *ast.TextBlock:
		m.paragraph(n, f, nil)
	case *ast.List:
		m.list(n, f)
	case *ast.Blockquote:
		bar := m.s.Accent(m.s.sign("│", "|")) + " "
		m.any = false
		m.blocks(n, frame{first: f.first + bar, rest: f.rest + bar})
	case *ast.FencedCodeBlock:
		m.code(n, f)
	case *ast.CodeBlock:
		m.code(n, f)
	case *ast.ThematicBreak:
		m.line(f.first, m.s.Dim(strings.Repeat(m.s.sign("─", "-"), m.room(f))))
	case *east.Table:
		m.table(n, f)
	default:
		m.blocks(n, f)
	}
}

// room is how many columns a block has.
func (m *setter) room(f frame) int {
	return max(min(m.s.width(), DefaultWidth)-len(margin)-Width(f.rest), 16)
}

// paragraph wraps running text. A hard break begins a new line.
func (m *setter) paragraph(n ast.Node, f frame, paint func(string) string) {
	var text running
	m.words(n, &text, nil)
	for _, l := range lines(text.words, m.room(f)) {
		if paint != nil {
			l = paint(l)
		}
		m.line(f.first, l)
		f.first = f.rest
	}
}

func (m *setter) list(n *ast.List, f frame) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := m.s.Accent(m.s.sign("•", "*")) + " "
		if n.IsOrdered() {
			mark = m.s.Accent(fmt.Sprintf("%d.", number)) + " "
			number++
		}
		if m.any && !n.IsTight && item.PreviousSibling() != nil {
			m.line(strings.TrimRight(f.rest, " "))
		}
		m.blocks(item, frame{first: f.first + mark, rest: f.rest + strings.Repeat(" ", Width(mark)), tight: n.IsTight})
		f.first = f.rest
	}
}

// code sets lines as they are, so that they can be copied; they are not wrapped.
func (m *setter) code(n ast.Node, f frame) {
	segments := n.Lines()
	for i := range segments.Len() {
		segment := segments.At(i)
		raw := strings.ReplaceAll(strings.TrimRight(string(segment.Value(m.src)), "\r\n"), "\t", "    ")
		m.line(f.first, "  ", m.s.Accent(m.s.Plain(raw)))
		f.first = f.rest
	}
}

// table sets columns as wide as their widest cell.
func (m *setter) table(n *east.Table, f frame) {
	var rows [][]string
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		var cells []string
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			var text running
			m.words(c, &text, nil)
			cell := strings.Join(lines(text.words, 1<<20), " ")
			if r.Kind() == east.KindTableHeader {
				cell = m.s.Bold(cell)
			}
			cells = append(cells, cell)
		}
		rows = append(rows, cells)
	}
	widths := map[int]int{}
	for _, r := range rows {
		for i, c := range r {
			widths[i] = max(widths[i], Width(c))
		}
	}
	for _, r := range rows {
		line := ""
		for i, c := range r {
			line += pad(c, widths[i]) + "  "
		}
		m.line(f.first, strings.TrimRight(line, " "))
		f.first = f.rest
	}
}
