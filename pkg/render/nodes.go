package render

import (
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
)

// placement shows which Pod stands where.
func (p *page) placement(pl *explain.Placement) {
	names := 0
	for _, n := range pl.Nodes {
		names = max(names, Width(n.Name))
	}
	for _, n := range pl.Nodes {
		p.node(n, names, "")
	}
	p.unplaced(pl.Unplaced, names)
}

// node shows a node in a line, with its Pods; gauges stand between its name and them.
func (p *page) node(n explain.NodePods, names int, gauges string) {
	label := p.healthSign(n.Health) + " " + pad(p.s.Plain(n.Name), names) + "  " + gauges
	indent := Width(label)
	if n.Health != explain.Well || n.Status != "Ready" {
		text := n.Status
		if n.Why != "" {
			text += ": " + n.Why
		}
		p.text(label, indent, text, p.s.Dim)
		label = ""
	}
	if len(n.Pods) > 0 {
		p.dots(label, indent, n.Pods)
		label = ""
	}
	if n.Others > 0 {
		p.text(label, indent, count(n.Others, "other Pod"), p.s.Dim)
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
	}
	return p.s.UnsureSign()
}

// drawMap shows the architecture as it is.
func (p *page) drawMap(m *explain.Map) {
	var head []string
	for _, t := range []string{m.Cluster, m.Provider} {
		if t != "" {
			head = append(head, t)
		}
	}
	if m.Version != "" {
		head = append(head, "Kubernetes "+m.Version)
	}
	head = append(head, count(len(m.Nodes), "node"), count(m.Pods, "Pod"), count(len(m.Services), "Service"))
	p.line(p.s.Bold(p.s.Plain(strings.Join(head, " · "))))
	p.controlPlane(m.ControlPlane)
	p.gap()
	names := 0
	for _, n := range m.Nodes {
		names = max(names, Width(n.Name))
	}
	p.line(p.s.Accent(pad("NODES", names+4)), p.s.Dim(pad("cpu asked", gauge)+pad("memory asked", gauge)+"Pods"))
	for _, n := range m.Nodes {
		p.node(n, names, p.gauges(n))
	}
	p.unplaced(m.Unplaced, names)
	p.services(m.Services)
}

// gauge is the room for one bar and its numbers.
const gauge = 16

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

func (p *page) controlPlane(parts []explain.Component) {
	if len(parts) == 0 {
		return
	}
	names, does := 0, 0
	for _, c := range parts {
		names, does = max(names, Width(c.Name)), max(does, Width(c.Does))
	}
	p.gap()
	p.line(p.s.Accent("CONTROL PLANE"))
	for _, c := range parts {
		sign := p.s.GoodSign()
		if !c.Healthy {
			sign = p.s.BadSign()
		}
		left := sign + " " + pad(p.s.Plain(c.Name), names) + "  " + pad(p.s.Plain(c.Does), does) + "  "
		room := p.s.width() - len(margin) - Width(left)
		if Width(c.Evidence) > room {
			p.line(left)
			p.text("", 4, c.Evidence, p.s.Dim)
		} else {
			p.line(left, p.s.Dim(p.s.Plain(c.Evidence)))
		}
		if !c.Healthy && c.Away != "" {
			p.text("", 4, "while it is away: "+c.Away, p.s.Bad)
		}
	}
}

// gauges show how much of a node's CPU and memory is asked for; empty where its size is not known.
func (p *page) gauges(n explain.NodePods) string {
	if n.CPU.Has == 0 {
		return ""
	}
	const gi = 1 << 30
	cpu := fmt.Sprintf("%s %.1f/%.0f", p.bar(n.CPU), float64(n.CPU.Asked)/1000, float64(n.CPU.Has)/1000)
	memory := fmt.Sprintf("%s %.1f/%.0fG", p.bar(n.Memory), float64(n.Memory.Asked)/gi, float64(n.Memory.Has)/gi)
	return p.s.Dim(pad(cpu, gauge) + pad(memory, gauge))
}

// bar is six columns that fill as more is asked for; anything asked for shows.
func (p *page) bar(q explain.Quantity) string {
	const columns = 6
	full := 0
	if q.Has > 0 {
		full = int(min(q.Asked*columns/q.Has, columns))
	}
	if q.Asked > 0 && full == 0 {
		full = 1
	}
	return strings.Repeat(p.s.sign("█", "#"), full) + strings.Repeat(p.s.sign("░", "."), columns-full)
}

func (p *page) services(list []explain.ServiceMap) {
	if len(list) == 0 {
		return
	}
	p.gap()
	p.line(p.s.Accent("SERVICES"))
	names := 0
	for _, sv := range list {
		names = max(names, Width(serviceLabel(sv)))
	}
	for _, sv := range list {
		label := p.healthSign(sv.Health) + " " + pad(p.s.Plain(serviceLabel(sv)), names) + "  "
		total := len(sv.Answering) + len(sv.Silent)
		text := fmt.Sprintf("%d of %s answer", len(sv.Answering), count(total, "Pod"))
		if total == 0 {
			text = "no Pod has the labels that it looks for"
		}
		var short []string
		for _, name := range sv.Answering {
			short = append(short, p.s.short(name))
		}
		if len(short) > 0 {
			text += ": " + strings.Join(short, " ")
		}
		p.text(label, Width(label), text, nil)
	}
}

func serviceLabel(sv explain.ServiceMap) string {
	if len(sv.Ports) == 0 {
		return sv.Name
	}
	return sv.Name + ":" + strings.Join(sv.Ports, ",")
}
