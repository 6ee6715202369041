package render

import (
	"fmt"
	"sort"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// tree shows who owns whom.
func (p *page) tree(t *explain.Tree) {
	told := map[string]bool{}
	for i, b := range t.Roots {
		if i > 0 {
			p.gap()
		}
		p.branch(b, "", "", told)
	}
	if t.Rule != "" {
		p.gap()
		p.text("", 0, t.Rule, p.s.Dim)
	}
}

// branch shows an object and what it owns. Told are the kinds whose purpose was said already.
func (p *page) branch(b *explain.Branch, first, rest string, told map[string]bool) {
	name := b.Kind + " " + b.Name
	status := p.state(b)
	room := p.s.width() - len(margin) - Width(first)
	shown := p.s.cut(p.s.Plain(name), max(room-Width(status)-2, 16))
	gap := max(room-Width(shown)-Width(status), 1)
	if b.Target {
		shown = p.s.Bold(shown)
	}
	p.line(p.s.Dim(first), shown, strings.Repeat(" ", gap), status)
	below := rest
	if len(b.Owns) > 0 {
		below += p.s.sign("│", "|")
	}
	p.about(b, pad(below, Width(rest)+2), told)
	for i, owned := range b.Owns {
		if left := len(b.Owns) - i; i == mostSiblings && left > 1 {
			p.line(p.s.Dim(rest+p.s.sign("└─ ", "`- ")), p.s.Dim(fmt.Sprintf("and %d more, %d of them well", left, wellAmong(b.Owns[i:]))))
			break
		}
		if i == len(b.Owns)-1 {
			p.branch(owned, rest+p.s.sign("└─ ", "`- "), rest+"   ", told)
		} else {
			p.branch(owned, rest+p.s.sign("├─ ", "|- "), rest+p.s.sign("│  ", "|  "), told)
		}
	}
}

// mostSiblings is how many objects of one owner have a line of their own.
const mostSiblings = 10

func wellAmong(list []*explain.Branch) int {
	n := 0
	for _, b := range list {
		if b.Health == explain.Well {
			n++
		}
	}
	return n
}

// about says what an object is for, once for each kind, and who made it where its place does not show that.
func (p *page) about(b *explain.Branch, rest string, told map[string]bool) {
	var said []string
	if b.Is != "" && !told[b.Kind] {
		said = append(said, b.Is)
	}
	if !told[b.Kind] || b.Evidence != "ownerReferences" {
		by := "made by " + b.MadeBy
		switch {
		case b.Missing:
			by = "named as the owner, and not there"
		case b.MadeBy == "unknown":
			by = "who made it is not recorded"
		case strings.HasPrefix(b.MadeBy, "for "):
			by = "made " + b.MadeBy
		}
		if b.Evidence != "" {
			by += " (" + b.Evidence + ")"
		}
		said = append(said, by)
	}
	told[b.Kind] = true
	if len(said) == 0 {
		return
	}
	room := p.s.width() - len(margin) - Width(rest)
	for _, l := range wrap(p.s.Plain(strings.Join(said, "; ")), max(room, 20)) {
		p.line(p.s.Dim(rest + l))
	}
}

func (p *page) state(b *explain.Branch) string {
	text := p.s.Plain(b.Status)
	switch b.Health {
	case explain.Well:
		return p.s.GoodSign() + " " + text
	case explain.Unwell:
		return p.s.BadSign() + " " + text
	case explain.Waiting:
		return p.s.WaitSign() + " " + text
	case explain.Unknown:
		return p.s.UnsureSign() + " " + text
	}
	return text
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
