package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// The grid of the picture of a map: a slide of 16 to 9 where that holds all, longer where not.
const (
	slideWidth, slideHeight = 1280, 720
	slideEdge, slideGap     = 40, 20
	nodeColumns             = 3
	// svgNodes, svgNames and svgDots are how many nodes are drawn, and Pods of a node named or drawn.
	svgNodes, svgNames, svgDots = 12, 8, 240
)

// MapSVG draws the architecture as a picture for a slide.
func MapSVG(w io.Writer, m *explain.Map) error {
	g := &svg{width: slideWidth}
	title := "Kubernetes cluster"
	if m.Cluster != "" {
		title = m.Cluster
	}
	facts := []string{snapshot.Count(len(m.Nodes), "node"), snapshot.Count(m.Pods, "Pod"), snapshot.Count(len(m.Services), "Service")}
	if m.Version != "" {
		facts = append([]string{"Kubernetes " + m.Version}, facts...)
	}
	if m.Namespace != "" {
		facts = append(facts, "namespace "+m.Namespace)
	}
	room := slideWidth - 2*slideEdge
	g.text(slideEdge, 56, 30, room, svgInk, "bold", title)
	g.text(slideEdge, 84, 16, room, svgDim, "normal", strings.Join(facts, " · "))
	y := g.parts(m.ControlPlane, 108)
	y = g.nodes(m, y)
	y = g.services(m.Services, y)
	y = g.policies(m.Policies, y)
	return g.write(w, max(y+slideEdge/2, slideHeight), title+": "+strings.Join(facts, ", "))
}

// parts draws the control plane in a row, and returns where the next thing may begin.
func (g *svg) parts(parts []explain.Component, y int) int {
	if len(parts) == 0 {
		return y
	}
	g.text(slideEdge, y+14, 14, 400, svgAccent, "bold", "CONTROL PLANE")
	y += 26
	const columns, high = 4, 96
	wide := (slideWidth - 2*slideEdge - (columns-1)*slideGap) / columns
	for i, c := range parts {
		x, top := slideEdge+i%columns*(wide+slideGap), y+i/columns*(high+slideGap/2)
		colour, _ := svgHealth(c.Health)
		line := svgLine
		if c.Health == explain.Unwell {
			line = colour
		}
		g.box(x, top, wide, high, svgPanel, line)
		g.dot(x+22, top+26, 9, c.Health)
		g.text(x+40, top+32, 17, wide-50, svgInk, "bold", c.Name)
		g.text(x+14, top+58, 13, wide-24, svgInk, "normal", c.Does)
		below, paint := c.Evidence, svgDim
		if c.Away != "" {
			below, paint = c.Away, svgBad
		}
		g.text(x+14, top+80, 12, wide-24, paint, "normal", below)
	}
	return y + (len(parts)+columns-1)/columns*(high+slideGap/2) + slideGap/2
}

// nodes draws the nodes as cards, each with its Pods on top of its kernel.
func (g *svg) nodes(m *explain.Map, y int) int {
	g.text(slideEdge, y+14, 14, 400, svgAccent, "bold", "NODES")
	y += 26
	shown, rest := mostPressing(m.Nodes, svgNodes, func(n explain.NodePods) explain.Health { return n.Health })
	wide := (slideWidth - 2*slideEdge - (nodeColumns-1)*slideGap) / nodeColumns
	for i := 0; i < len(shown); i += nodeColumns {
		row := shown[i:min(i+nodeColumns, len(shown))]
		high := 0
		for _, n := range row {
			high = max(high, nodeHeight(n))
		}
		for j, n := range row {
			g.node(slideEdge+j*(wide+slideGap), y, wide, high, n)
		}
		y += high + slideGap
	}
	if len(rest) > 0 {
		g.text(slideEdge, y+8, 14, 800, svgDim, "normal", "and "+snapshot.Count(len(rest), "node")+" more")
		y += 24
	}
	if len(m.Unplaced) > 0 {
		g.dot(slideEdge+10, y+8, 8, explain.Waiting)
		g.text(slideEdge+28, y+13, 14, 1000, svgInk, "normal", fmt.Sprintf("%s without a node: %s", snapshot.Count(len(m.Unplaced), "Pod"), someNames(m.Unplaced)))
		y += 30
	}
	return y
}

func someNames(pods []explain.PodDot) string {
	var names []string
	for _, d := range pods {
		names = append(names, Style{Width: DefaultWidth}.short(d.Name))
	}
	return strings.Join(firstFew(names, 5), ", ")
}

// The parts of a node's card, from the top: its name and gauges, its Pods, its kernel.
const nodeHead, nodeFoot, podHigh = 76, 34, 26

func nodeHeight(n explain.NodePods) int { return nodeHead + podsHeight(n) + nodeFoot }

func podsHeight(n explain.NodePods) int {
	switch {
	case len(n.Pods) > svgNames:
		return 34 + (min(len(n.Pods), svgDots)+dotsInRow-1)/dotsInRow*12
	case len(n.Pods) == 0:
		return podHigh
	}
	return len(podRows(n.Pods))*podHigh + othersHeight(n)
}

// podRows are Pods two by two; one that is not well has a row of its own, for the word that says so.
func podRows(pods []explain.PodDot) [][]explain.PodDot {
	var rows [][]explain.PodDot
	open := false
	for _, d := range pods {
		well := d.Health == explain.Well
		if open && well {
			rows[len(rows)-1] = append(rows[len(rows)-1], d)
			open = false
			continue
		}
		rows = append(rows, []explain.PodDot{d})
		open = well
	}
	return rows
}

func othersHeight(n explain.NodePods) int {
	if n.Others == 0 {
		return 0
	}
	return 20
}

// dotsInRow is how many of many Pods stand in a row.
const dotsInRow = 30

func (g *svg) node(x, y, wide, high int, n explain.NodePods) {
	line := svgLine
	if n.Health == explain.Unwell {
		line = svgBad
	}
	g.box(x, y, wide, high, svgPaper, line)
	g.dot(x+20, y+24, 9, n.Health)
	g.text(x+38, y+30, 17, wide/2, svgInk, "bold", n.Name)
	status := n.Status
	if n.Role != "worker" && n.Health == explain.Well {
		status = n.Role
	}
	g.text(x+wide/2+20, y+29, 12, wide/2-30, svgDim, "normal", status)
	half := wide/2 - 24
	for i, q := range []struct {
		name string
		q    explain.Quantity
		unit float64
	}{{"cpu asked", n.CPU, 1000}, {"GiB asked", n.Memory, 1 << 30}} {
		left := x + 14 + i*(half+20)
		if q.q.Has > 0 {
			g.bar(left, y+42, half, float64(q.q.Asked)/float64(q.q.Has), svgAccent)
			g.text(left, y+64, 11, half, svgDim, "normal", fmt.Sprintf("%.1f of %.0f %s", float64(q.q.Asked)/q.unit, float64(q.q.Has)/q.unit, q.name))
		}
	}
	g.pods(x, y+nodeHead, wide, n)
	var kernel []string
	for _, t := range []string{n.Kernel, n.Runtime} {
		if t != "" {
			kernel = append(kernel, t)
		}
	}
	g.box(x+8, y+high-nodeFoot+4, wide-16, nodeFoot-12, svgPanel, svgPanel)
	if len(kernel) > 0 {
		g.text(x+16, y+high-nodeFoot+20, 11, wide-32, svgDim, "normal", "one kernel: Linux "+strings.Join(kernel, " · "))
	}
}

// pods draws a node's Pods: with their names where they are few, as dots where not.
func (g *svg) pods(x, y, wide int, n explain.NodePods) {
	if len(n.Pods) > svgNames {
		counts := map[explain.Health]int{}
		for i, d := range n.Pods {
			counts[d.Health]++
			if i < svgDots {
				g.dot(x+18+i%dotsInRow*12, y+38+i/dotsInRow*12, 4, d.Health)
			}
		}
		text := fmt.Sprintf("%s: %d well", snapshot.Count(len(n.Pods), "Pod"), counts[explain.Well])
		if c := counts[explain.Waiting]; c > 0 {
			text += fmt.Sprintf(", %d on their way", c)
		}
		if c := counts[explain.Unwell]; c > 0 {
			text += fmt.Sprintf(", %d not well", c)
		}
		g.text(x+14, y+16, 13, wide-28, svgInk, "normal", text)
		return
	}
	if len(n.Pods) == 0 && n.Others == 0 {
		g.text(x+14, y+16, 13, wide-28, svgDim, "normal", "no Pods")
	}
	half := wide/2 - 10
	rows := podRows(n.Pods)
	for i, row := range rows {
		for j, d := range row {
			left, top, room := x+12+j*half, y+i*podHigh, half-28
			text := Style{Width: DefaultWidth}.short(d.Name)
			if d.Health != explain.Well {
				text += " (" + d.Status + ")"
				room = wide - 40
			}
			g.dot(left+9, top+10, 8, d.Health)
			g.text(left+24, top+15, 13, room, svgInk, "normal", text)
		}
	}
	if n.Others > 0 {
		g.text(x+14, y+len(rows)*podHigh+14, 12, wide-28, svgDim, "normal", "and "+snapshot.Count(n.Others, "Pod")+" of other namespaces")
	}
}

// services draws a line a Service.
func (g *svg) services(list []explain.ServiceMap, y int) int {
	if len(list) == 0 {
		return y
	}
	g.text(slideEdge, y+14, 14, 400, svgAccent, "bold", "SERVICES")
	y += 26
	shown, rest := mostPressing(list, mostServices, func(s explain.ServiceMap) explain.Health { return s.Health })
	for _, s := range shown {
		g.dot(slideEdge+10, y+10, 8, s.Health)
		g.text(slideEdge+28, y+15, 14, 300, svgInk, "bold", serviceLabel(s))
		g.text(slideEdge+340, y+15, 14, slideWidth-2*slideEdge-340, svgInk, "normal", answers(s, Style{Width: DefaultWidth}, 6))
		y += 26
	}
	if len(rest) > 0 {
		g.text(slideEdge+28, y+15, 14, 600, svgDim, "normal", "and "+snapshot.Count(len(rest), "Service")+" more")
		y += 26
	}
	return y
}

// policies draws a line a NetworkPolicy.
func (g *svg) policies(list []explain.PolicyMap, y int) int {
	if len(list) == 0 {
		return y
	}
	g.text(slideEdge, y+14, 14, 400, svgAccent, "bold", "NETWORK POLICIES")
	y += 26
	for _, n := range list[:min(len(list), mostPolicies)] {
		g.text(slideEdge+28, y+15, 14, 300, svgInk, "bold", policyLabel(n))
		g.text(slideEdge+340, y+15, 14, slideWidth-2*slideEdge-340, svgInk, "normal", selected(n, Style{Width: DefaultWidth}, 6))
		y += 26
	}
	if more := len(list) - mostPolicies; more > 0 {
		g.text(slideEdge+28, y+15, 14, 600, svgDim, "normal", fmt.Sprintf("and %d more", more))
		y += 26
	}
	return y
}
