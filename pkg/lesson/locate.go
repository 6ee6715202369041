package lesson

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// locate finds where in the file the rune at an offset of a scalar's value stands. YAML keeps the
// place of a scalar only, so the value is laid along the raw text again: quotes, escapes, folded
// lines and the indentation of block scalars are stepped over.
func (f *fragment) locate(node *yaml.Node, offset int) Pos {
	if node.Line < 1 || node.Line > len(f.lines) {
		return f.pos(node.Line, node.Column)
	}
	c := &scalarCursor{fragment: f, style: node.Style, line: node.Line - 1, col: node.Column - 1}
	c.enter()
	for i, r := range []rune(node.Value) {
		if i == offset {
			c.settle(r)
			break
		}
		if !c.advance(r) {
			return f.pos(node.Line, node.Column)
		}
	}
	return f.pos(c.line+1, c.col+1)
}

type scalarCursor struct {
	*fragment
	style     yaml.Style
	line, col int // from 0, col in runes
	indent    int // of a block scalar
}

func (c *scalarCursor) block() bool { return c.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 }

func (c *scalarCursor) raw() []rune { return []rune(c.lines[c.line].text) }

// enter steps over what stands before the first character of the value.
func (c *scalarCursor) enter() {
	switch {
	case c.block():
		for c.line+1 < len(c.lines) {
			c.line++
			if text := c.lines[c.line].text; strings.TrimSpace(text) != "" {
				c.indent = len(text) - len(strings.TrimLeft(text, " "))
				break
			}
		}
		c.col = c.indent
	case c.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		c.col++
	}
}

// nextLine goes to the text of the next line.
func (c *scalarCursor) nextLine() bool {
	if c.line+1 >= len(c.lines) {
		return false
	}
	c.line++
	c.col = c.indent
	if !c.block() {
		text := c.lines[c.line].text
		c.col = len(text) - len(strings.TrimLeft(text, " \t"))
	}
	return true
}

// settle moves to where the rune begins without stepping over it.
func (c *scalarCursor) settle(r rune) {
	if r == ' ' || r == '\n' {
		return
	}
	for c.col >= len(c.raw()) || (!c.block() && strings.TrimSpace(string(c.raw()[c.col:])) == "") {
		if !c.nextLine() {
			return
		}
	}
}

// advance steps over one rune of the value.
func (c *scalarCursor) advance(r rune) bool {
	for {
		raw := c.raw()
		rest := ""
		if c.col < len(raw) {
			rest = string(raw[c.col:])
		}
		if strings.TrimSpace(rest) == "" && (r == ' ' || r == '\n') && (rest == "" || !c.block()) {
			return c.nextLine()
		}
		if rest == "" || (!c.block() && strings.TrimSpace(rest) == "") {
			if !c.nextLine() {
				return false
			}
			continue
		}
		switch {
		case c.style&yaml.DoubleQuotedStyle != 0 && raw[c.col] == '\\':
			return c.escape(raw)
		case c.style&yaml.SingleQuotedStyle != 0 && strings.HasPrefix(rest, "''"):
			c.col += 2
			return r == '\''
		case raw[c.col] == r:
			c.col++
			return true
		default:
			return false
		}
	}
}

// escape steps over a backslash and what it stands for.
func (c *scalarCursor) escape(raw []rune) bool {
	if c.col+1 >= len(raw) {
		return c.nextLine()
	}
	width := map[rune]int{'x': 4, 'u': 6, 'U': 10}[raw[c.col+1]]
	c.col += max(width, 2)
	return true
}
