package render

import (
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// placement shows which Pod stands where.
func (p *page) placement(pl *explain.Placement) {
	names := 0
	for _, n := range pl.Nodes {
		names = max(names, Width(n.Name))
	}
	for _, n := range pl.Nodes {
		p.node(n, names)
	}
	p.unplaced(pl.Unplaced, names)
}

// node shows a node in a line, with its Pods.
func (p *page) node(n explain.NodePods, names int) {
	label := p.healthSign(n.Health) + " " + pad(p.s.Plain(n.Name), names) + "  "
	indent := Width(label)
	if n.Health != explain.Well || n.Status != "Ready" {
		text := n.Status
		if n.Why != "" {
			text += ": " + n.Why
		}
		p.text(label, indent, text, p.s.Dim)
		label = ""
	}
	switch {
	case len(n.Pods) > mostDots:
		p.summary(label, indent, n.Pods)
		label = ""
	case len(n.Pods) > 0:
		p.dots(label, indent, n.Pods)
		label = ""
	}
	if n.Others > 0 {
		p.text(label, indent, snapshot.Count(n.Others, "other Pod"), p.s.Dim)
		label = ""
	}
	if label != "" {
		p.text(label, indent, "no Pods", p.s.Dim)
	}
}

func (p *page) unplaced(pods []explain.PodDot, names int) {
	if len(pods) == 0 {
		return
	}
	label := p.s.UnsureSign() + " " + pad("no node", names) + "  "
	if len(pods) > mostDots {
		p.summary(label, Width(label), pods)
		return
	}
	p.dots(label, Width(label), pods)
}

// dots shows Pods side by side, as many as a line takes. A Pod that is not well says how it is.
func (p *page) dots(label string, indent int, pods []explain.PodDot) {
	room := p.s.width() - len(margin) - indent
	line, before := "", label
	put := func() {
		p.line(pad(before, indent), line)
		line, before = "", ""
	}
	for _, d := range pods {
		text := p.dot(d.Health) + " " + p.s.short(d.Name)
		if d.Health != explain.Well {
			text += p.s.Dim(" (" + p.s.Plain(d.Status) + ")")
		}
		if Width(text) > room {
			text = p.dot(d.Health) + " " + p.s.cut(p.s.short(d.Name)+" ("+p.s.Plain(d.Status)+")", room-2)
		}
		if line != "" && Width(line)+2+Width(text) > room {
			put()
		}
		if line != "" {
			line += "  "
		}
		line += text
	}
	put()
}

func (p *page) dot(h explain.Health) string {
	switch h {
	case explain.Well:
		return p.s.Good(p.s.Plain("●"))
	case explain.Waiting:
		return p.s.Wait(p.s.Plain("◐"))
	}
	return p.s.Bad(p.s.Plain("○"))
}

func (p *page) healthSign(h explain.Health) string {
	switch h {
	case explain.Well:
		return p.s.GoodSign()
	case explain.Unwell:
		return p.s.BadSign()
	case explain.Waiting:
		return p.s.WaitSign()
	case explain.Idle:
		return p.s.Dim(signIdle)
	}
	return p.s.UnsureSign()
}
