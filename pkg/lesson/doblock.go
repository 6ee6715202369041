package lesson

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// readDo reads the commands of a block, a line each. Lines that begin with # are for the reader of the file.
func (p *parser) readDo(f *fragment, at Pos, optional bool) *Do {
	d := &Do{Optional: optional, at: at}
	for i, l := range f.lines {
		line := strings.TrimSpace(l.text)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		indent := len(l.text) - len(strings.TrimLeft(l.text, " \t"))
		c, ok := p.command(line, func(offset int) Pos { return f.pos(i+1, indent+offset+1) })
		if !ok {
			c.Line = line
		}
		d.Commands = append(d.Commands, c)
	}
	if len(d.Commands) == 0 {
		p.add(at, "the block has no command", "write a line that begins with kubectl")
	}
	return d
}

func rungs() []Rung { return []Rung{Orient, Locate, Principle, Action} }

// rungText is a hint while its lines are gathered.
type rungText struct {
	*Hint
	// line is where its text begins in the block, from 0, and column how many runes stand before it there.
	line, column int
}

// readHints reads the rungs of a block. A line "locate: …" begins a rung; a block without such a
// line is one rung, the next after those that the step has already.
func (b *markdown) readHints(f *fragment, at Pos) []Block {
	var hints []*rungText
	for i, l := range f.lines {
		rung, rest, ok := cutRung(l.text)
		switch {
		case ok:
			hints = append(hints, &rungText{&Hint{Rung: rung, Text: rest, at: f.pos(i+1, 1)}, i, utf8.RuneCountInString(string(rung)) + 1})
		case len(hints) > 0:
			last := hints[len(hints)-1]
			last.Text += "\n" + l.text
		case strings.TrimSpace(l.text) == "":
		default:
			hints = append(hints, &rungText{b.plainHint(f, i), i, 0})
		}
	}
	var blocks []Block
	for _, h := range hints {
		b.rungs++
		b.hintTemplate(f, h)
		if h.Text == "" {
			b.add(h.at, "a hint is empty", "write what helps")
		}
		blocks = append(blocks, h.Hint)
	}
	if len(blocks) == 0 {
		b.add(at, "a hint is empty", "write what helps")
	}
	return blocks
}

// hintTemplate compiles a hint's text, without the space around it.
func (b *markdown) hintTemplate(f *fragment, h *rungText) {
	raw := h.Text
	h.Text = strings.TrimSpace(raw)
	tmpl, issues := b.compiler.compileText(h.Text, noQuery())
	lead := utf8.RuneCountInString(raw) - utf8.RuneCountInString(strings.TrimLeft(raw, " \t\n"))
	for _, i := range issues {
		before := string([]rune(raw)[:min(lead+i.offset, utf8.RuneCountInString(raw))])
		line, column := h.line+strings.Count(before, "\n"), utf8.RuneCountInString(before)+h.column
		if _, last, broken := strings.Cut(before, "\n"); broken {
			column = utf8.RuneCountInString(last[strings.LastIndex(last, "\n")+1:])
		}
		b.add(f.pos(line+1, column+1), i.what, i.instead)
	}
	h.tmpl = tmpl
}

// plainHint begins a hint that does not say its rung.
func (b *markdown) plainHint(f *fragment, line int) *Hint {
	h := &Hint{Rung: Action, Text: f.lines[line].text, at: f.pos(line+1, 1)}
	if b.rungs < len(rungs()) {
		h.Rung = rungs()[b.rungs]
		return h
	}
	b.add(h.at, fmt.Sprintf("the step has more than %d hints", len(rungs())), "the rungs are orient, locate, principle, action: one of each")
	return h
}

func cutRung(line string) (Rung, string, bool) {
	word, rest, ok := strings.Cut(line, ":")
	for _, r := range rungs() {
		if ok && word == string(r) {
			return r, rest, true
		}
	}
	return "", "", false
}
