package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// mostNodes and mostServices are how many have a line of their own; the rest is summed up.
	mostNodes, mostServices = 16, 16
	// fewServices is up to how many Services each names Pods that answer.
	fewServices = 8
	// mostDots is how many Pods of a node are named; of more they are counted.
	mostDots = 12
	// gauge is the room for one bar and its numbers.
	gauge = 16
	// mapWidth is how wide a map is at most: it is looked at, more than read.
	mapWidth = 200
	// usedRoom is the room for how much of a node is used.
	usedRoom = 16
)

// ShortMap shows a map in fewer lines: what runs it in one where all of that is well, Pods in numbers, and no word of what never changes.
func ShortMap(w io.Writer, e *explain.Explanation, s Style) error {
	p := &page{s: s, brief: true}
	p.drawMap(e.Map, e.Unread)
	p.unread(e.Unread)
	return p.flush(w)
}

// drawMap shows the architecture as it is.
func (p *page) drawMap(m *explain.Map, unread map[string]string) {
	p.s.most = mapWidth
	var head []string
	for _, t := range []string{m.Cluster, m.Provider} {
		if t != "" {
			head = append(head, t)
		}
	}
	if m.Version != "" {
		head = append(head, "Kubernetes "+m.Version)
	}
	number := func(n int, word, resource string) string {
		if unread[resource] != "" {
			return "? " + word + "s" // which is not none
		}
		return snapshot.Count(n, word)
	}
	head = append(head, number(len(m.Nodes), "node", "nodes"), number(m.Pods, "Pod", "pods"), number(len(m.Services), "Service", "services"))
	p.text("", 0, strings.Join(head, " · "), p.s.Bold)
	if m.Namespace != "" && !p.brief {
		p.text("", 0, "Pods and Services of namespace "+m.Namespace+"; -A shows all.", p.s.Dim)
	}
	p.controlPlane(m.ControlPlane)
	p.mapNodes(m)
	p.services(m.Services)
	p.policies(m.Policies)
}

func (p *page) controlPlane(parts []explain.Component) {
	if len(parts) == 0 {
		return
	}
	if p.brief && !slices.ContainsFunc(parts, func(c explain.Component) bool { return c.Health != explain.Well }) {
		var all []string
		for _, c := range parts {
			all = append(all, c.Name)
		}
		p.text(p.s.GoodSign()+" ", 2, "control plane: "+strings.Join(all, ", "), p.s.Dim)
		return
	}
	names, does := 0, 0
	for _, c := range parts {
		names, does = max(names, Width(c.Name)), max(does, Width(c.Does))
	}
	p.gap()
	p.line(p.s.Accent("CONTROL PLANE"))
	for _, c := range parts {
		left := p.healthSign(c.Health) + " " + pad(p.s.Plain(c.Name), names) + "  " + pad(p.s.Plain(c.Does), does) + "  "
		room := p.s.width() - len(margin) - Width(left)
		if Width(c.Evidence) > room {
			p.line(left)
			p.text("", 4, c.Evidence, p.s.Dim)
		} else {
			p.line(left, p.s.Dim(p.s.Plain(c.Evidence)))
		}
		if c.Away != "" {
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

// mapNodes shows the nodes with their Pods, those that are not well first where there are many.
func (p *page) mapNodes(m *explain.Map) {
	p.gap()
	names := len("NODE")
	shown, rest := mostPressing(m.Nodes, mostNodes, func(n explain.NodePods) explain.Health { return n.Health })
	for _, n := range shown {
		names = max(names, Width(n.Name))
	}
	// Where a line has no room for all of it, or names are long, the gauges stand below.
	beside := p.s.width()-len(margin)-names-4 >= 2*gauge+usedRoom
	if beside {
		p.line(p.s.Accent(pad("NODES", names+4)), p.s.Dim(pad("cpu asked", gauge)+pad("memory asked", gauge)+"used"))
	} else {
		names = min(names, 10)
		p.line(p.s.Accent("NODES"), p.s.Dim("  below each: cpu asked, memory asked, used"))
	}
	for _, n := range shown {
		p.mapNode(n, names, beside)
	}
	if len(rest) > 0 {
		pods, well := 0, 0
		for _, n := range rest {
			pods += len(n.Pods) + n.Others
			if n.Health == explain.Well {
				well++
			}
		}
		p.text("", 2, fmt.Sprintf("and %s more, %d of them ready, with %s", snapshot.Count(len(rest), "node"), well, snapshot.Count(pods, "Pod")), p.s.Dim)
	}
	p.unplaced(m.Unplaced, names)
	if p.brief {
		return
	}
	if text := versions(m.Nodes); text != "" {
		p.text("", 2, text, p.s.Dim)
	}
	if m.Kernel != "" {
		p.text("", 2, m.Kernel, p.s.Dim)
	}
}

// mapNode shows a node in a line, and its Pods below. Its gauges stand beside its name, or below.
func (p *page) mapNode(n explain.NodePods, names int, beside bool) {
	indent := names + 4
	label := p.healthSign(n.Health) + " " + pad(p.s.Plain(n.Name), names) + "  "
	text := ""
	if n.Health != explain.Well || n.Status != "Ready" {
		text = n.Status
		if n.Why != "" {
			text += ": " + n.Why
		}
	}
	gauges := p.gauges(n)
	switch {
	case beside && text == "":
		p.line(label, gauges, p.s.Dim(used(n)))
	case beside && gauges != "":
		p.text(label+gauges, Width(label+gauges), text, p.s.Dim)
	default:
		p.beside(label, text, p.s.Dim)
		if gauges != "" {
			p.line("    ", gauges, p.s.Dim(used(n)))
		}
	}
	switch {
	case len(n.Pods) > mostDots || p.brief && len(n.Pods) > 2:
		p.summary("", indent, n.Pods)
	case len(n.Pods) > 0:
		p.dots("", indent, n.Pods)
	}
	if n.Others > 0 && !p.brief {
		p.text("", indent, snapshot.Count(n.Others, "Pod")+" of other namespaces", p.s.Dim)
	}
}

// used is how much of a node is used, where that is measured.
func used(n explain.NodePods) string {
	if n.CPU.Used == 0 && n.Memory.Used == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f cpu, %.1fG", float64(n.CPU.Used)/1000, float64(n.Memory.Used)/(1<<30))
}

// versions say what runs the nodes, where it is the same on all.
func versions(nodes []explain.NodePods) string {
	if len(nodes) == 0 || nodes[0].Kubelet == "" {
		return ""
	}
	for _, n := range nodes {
		if n.Kubelet != nodes[0].Kubelet || n.Runtime != nodes[0].Runtime {
			return ""
		}
	}
	return fmt.Sprintf("On each node: kubelet %s, container runtime %s.", nodes[0].Kubelet, nodes[0].Runtime)
}

// mostPressing are at most so many of a list, and the rest: of a list that is longer, those that are not well come first.
func mostPressing[T any](list []T, most int, health func(T) explain.Health) (shown, rest []T) {
	if len(list) <= most {
		return list, nil
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b T) int { return urgency(health(a)) - urgency(health(b)) })
	return sorted[:most], sorted[most:]
}

func urgency(h explain.Health) int {
	return slices.Index([]explain.Health{explain.Unwell, explain.Waiting, explain.Unknown, explain.Idle, explain.Well}, h)
}

// summary counts Pods by how they are, and names some that are not well.
func (p *page) summary(label string, indent int, pods []explain.PodDot) {
	const mostNamed = 3
	counts := map[explain.Health]int{}
	var named []string
	for _, d := range pods {
		counts[d.Health]++
	}
	for _, d := range pods {
		if d.Health == explain.Unwell && len(named) < mostNamed {
			named = append(named, p.s.short(d.Name)+" ("+p.s.Plain(d.Status)+")")
		}
	}
	var parts []string
	for _, h := range []explain.Health{explain.Well, explain.Waiting, explain.Unwell} {
		words := map[explain.Health]string{explain.Well: "well", explain.Waiting: "on their way", explain.Unwell: "not well"}[h]
		if counts[h] > 0 {
			parts = append(parts, p.dot(h)+" "+fmt.Sprintf("%d %s", counts[h], words))
		}
	}
	line := strings.Join(parts, "  ")
	text := strings.Join(named, ", ")
	if more := counts[explain.Unwell] - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if beside := line + ": " + p.s.Dim(text); text != "" && Width(beside) <= p.s.width()-len(margin)-indent {
		line, text = beside, ""
	}
	p.line(pad(label, indent), line)
	if text != "" {
		p.text("", indent, text, p.s.Dim)
	}
}

func (p *page) services(list []explain.ServiceMap) {
	if len(list) == 0 {
		return
	}
	shown, rest := mostPressing(list, mostServices, func(s explain.ServiceMap) explain.Health { return s.Health })
	p.gap()
	p.line(p.s.Accent("SERVICES"))
	names := 0
	for _, sv := range shown {
		names = max(names, Width(serviceLabel(sv)))
	}
	for _, sv := range shown {
		label := p.healthSign(sv.Health) + " " + pad(p.s.Plain(serviceLabel(sv)), names) + "  "
		most := 6
		if len(list) > fewServices || p.brief {
			most = 0
		}
		p.beside(label, answers(sv, p.s, most), nil)
	}
	if len(rest) > 0 {
		well := 0
		for _, s := range rest {
			if s.Health == explain.Well {
				well++
			}
		}
		p.text("", 2, fmt.Sprintf("and %s more; of %d all Pods answer", snapshot.Count(len(rest), "Service"), well), p.s.Dim)
	}
}

// beside sets text beside a label, or below one that leaves no room for it.
func (p *page) beside(label, text string, paint func(string) string) {
	const little, indent = 20, 4
	if room := p.s.width() - len(margin) - Width(label); Width(text) <= room || room >= little {
		p.text(label, Width(label), text, paint)
		return
	}
	p.line(p.s.cut(strings.TrimRight(label, " "), p.s.width()-len(margin)))
	p.text("", indent, text, paint)
}

// mostPolicies is how many NetworkPolicies have a line of their own.
const mostPolicies = 16

// policies show which NetworkPolicies select which Pods. What they let through is theirs to say.
func (p *page) policies(list []explain.PolicyMap) {
	if len(list) == 0 {
		return
	}
	p.gap()
	p.line(p.s.Accent("NETWORK POLICIES"))
	names, shown := 0, list[:min(len(list), mostPolicies)]
	for _, n := range shown {
		names = max(names, Width(policyLabel(n)))
	}
	most := 6
	if p.brief {
		most = 0
	}
	for _, n := range shown {
		p.beside("  "+pad(p.s.Plain(policyLabel(n)), names)+"  ", selected(n, p.s, most), nil)
	}
	if more := len(list) - mostPolicies; more > 0 {
		p.text("", 2, fmt.Sprintf("and %d more", more), p.s.Dim)
	}
}

func policyLabel(n explain.PolicyMap) string { return qualified(n.Namespace, n.Name) }

// qualified is a name, with its namespace where several are shown.
func qualified(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// selected says which Pods a policy selects, and names some.
func selected(n explain.PolicyMap, s Style, mostNamed int) string {
	text := strings.ToLower(strings.Join(n.Types, " and ")) + " of "
	switch {
	case n.All:
		return text + fmt.Sprintf("all Pods of the namespace (%d)", len(n.Selected))
	case len(n.Selected) == 0:
		return text + "no Pod: none has its labels"
	}
	text += snapshot.Count(len(n.Selected), "Pod")
	var short []string
	for _, name := range firstFew(n.Selected, mostNamed) {
		short = append(short, s.short(name))
	}
	if mostNamed > 0 {
		text += ": " + strings.Join(short, " ")
	}
	return text
}

// answers says which Pods answer for a Service, and names some.
func answers(sv explain.ServiceMap, s Style, mostNamed int) string {
	total := len(sv.Answering) + len(sv.Silent)
	switch {
	case sv.Type == "ExternalName":
		return "is another name for something outside"
	case total == 0 && sv.NoSelector:
		return "has no selector, and nobody gave it addresses"
	case sv.AtRest != "":
		return "no Pods, by wish: " + sv.AtRest + " asks for 0"
	case total == 0:
		return "no Pod has the labels that it looks for"
	case sv.NoSelector:
		return "has no selector; leads to " + strings.Join(firstFew(sv.Answering, max(mostNamed, 1)), " ")
	}
	text := fmt.Sprintf("%d of %s answer", len(sv.Answering), snapshot.Count(total, "Pod"))
	if total == 1 {
		text += "s"
	}
	var short []string
	for _, name := range firstFew(sv.Answering, mostNamed) {
		short = append(short, s.short(name))
	}
	if len(short) > 0 && mostNamed > 0 {
		text += ": " + strings.Join(short, " ")
	}
	return text
}

// firstFew are the first of a list, and a word on the others.
func firstFew(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more", len(list)-most))
}

func serviceLabel(sv explain.ServiceMap) string {
	name := qualified(sv.Namespace, sv.Name)
	if len(sv.Ports) == 0 {
		return name
	}
	return name + ":" + strings.Join(sv.Ports, ",")
}
