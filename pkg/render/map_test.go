package render_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// crowded is a map with more of everything than a screen has lines.
func crowded() *explain.Map {
	m := &explain.Map{Cluster: "big", Version: "v1.37.2", Kernel: "Every Pod on a node uses that node's kernel, here Linux 6.12.1."}
	for i := range 60 {
		n := explain.NodePods{Name: fmt.Sprintf("node-%02d", i), Role: "worker", Health: explain.Well, Status: "Ready", CPU: explain.Quantity{Asked: int64(i) * 500, Has: 32000}}
		if i == 42 {
			n.Health, n.Status, n.Why = explain.Unwell, "NotReady", "its kubelet is silent since 12:00:00"
		}
		for j := range 100 {
			d := explain.PodDot{Name: fmt.Sprintf("app-6d4f9b7c8d-%02d%03d", i, j), Status: "Running", Health: explain.Well}
			if j == 7 {
				d.Status, d.Health = "CrashLoopBackOff", explain.Unwell
			}
			n.Pods = append(n.Pods, d)
			m.Pods++
		}
		m.Nodes = append(m.Nodes, n)
	}
	for i := range 40 {
		s := explain.ServiceMap{Name: fmt.Sprintf("svc-%02d", i), Ports: []string{"80"}, Health: explain.Well}
		for j := range 50 {
			s.Answering = append(s.Answering, fmt.Sprintf("app-6d4f9b7c8d-%02d%03d", i, j))
		}
		if i == 33 {
			s.Answering, s.Health = nil, explain.Unwell
		}
		m.Services = append(m.Services, s)
	}
	return m
}

// TestACrowdedMap can still be read: what is not well is there by name, the rest in numbers.
func TestACrowdedMap(t *testing.T) {
	var b bytes.Buffer
	if err := render.Explanation(&b, &explain.Explanation{Kind: explain.KindMap, Map: crowded()}, render.Style{Width: 80}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) > 60 {
		t.Errorf("the picture has %d lines", len(lines))
	}
	for _, l := range lines {
		if render.Width(l) > 80 {
			t.Errorf("wider than 80 columns: %s", l)
		}
	}
	at := func(text string) int {
		for i, l := range lines {
			if strings.Contains(l, text) {
				return i
			}
		}
		t.Errorf("it does not say %q", text)
		return -1
	}
	if at("node-42") > at("node-00") || at("svc-33") > at("svc-00") {
		t.Error("what is not well does not come first")
	}
	at("● 99 well  ○ 1 not well")
	at("1 not well: app-6d4f9b7c8d-42007 (CrashLoopBackOff)")
	at("and 44 nodes more, 44 of them ready, with 4400 Pods")
	at("and 24 Services more")
	at("60 nodes · 6000 Pods · 40 Services")
}

// TestAMapFitsItsScreen from 60 columns on, whatever things are called, and uses a wide one.
func TestAMapFitsItsScreen(t *testing.T) {
	long := crowded()
	long.Namespace, long.ControlPlane = "", []explain.Component{
		{Name: "controller manager", Does: "makes what is what it should be", Health: explain.Well, Evidence: "lease renewed 0.8 s ago"},
	}
	for i := range long.Nodes {
		long.Nodes[i].Name = fmt.Sprintf("ip-192-168-12-%03d.eu-central-1.compute.internal", i)
	}
	for i := range long.Services {
		long.Services[i].Namespace, long.Services[i].Ports = "a-namespace-with-a-long-name", []string{"80 (node port 30080)", "443 (node port 30443)"}
	}
	few := crowded()
	few.Nodes, few.Services = few.Nodes[:3], few.Services[:3]
	for i := range few.Nodes {
		few.Nodes[i].Pods, few.Nodes[i].CPU.Used = few.Nodes[i].Pods[:5], 70
	}
	few.Nodes[0].Name = "control-plane"
	few.Policies = []explain.PolicyMap{{Name: "deny-all", Types: []string{"Ingress", "Egress"}, All: true}, {Name: "web-from-shop-alone", Types: []string{"Ingress"}, Selected: few.Services[0].Answering}}
	for name, m := range map[string]*explain.Map{"crowded": crowded(), "long names": long, "few": few} {
		widest := 0
		for _, width := range []int{60, 64, 66, 70, 80, 100, 160} {
			var b bytes.Buffer
			if err := render.Explanation(&b, &explain.Explanation{Kind: explain.KindMap, Map: m}, render.Style{Width: width}); err != nil {
				t.Fatal(err)
			}
			for l := range strings.Lines(b.String()) {
				widest = max(widest, render.Width(strings.TrimSuffix(l, "\n")))
				if render.Width(strings.TrimSuffix(l, "\n")) > width {
					t.Errorf("%s: wider than %d columns: %s", name, width, l)
				}
			}
		}
		if widest <= 100 && name == "few" {
			t.Errorf("%s: of 160 columns it uses %d", name, widest)
		}
	}
}

// TestTerms breaks what is said of a word under its beginning.
func TestTerms(t *testing.T) {
	var b bytes.Buffer
	if err := render.Terms(&b, [][2]string{{"Pods", "Pod status.phase, status.conditions[Ready], status.containerStatuses"}, {"a", "b"}}, render.Style{Width: 60}); err != nil {
		t.Fatal(err)
	}
	if want := "  Pods  Pod status.phase, status.conditions[Ready],\n        status.containerStatuses\n  a     b\n"; b.String() != want {
		t.Errorf("it is\n%s", b.String())
	}
}

// TestMapSVG draws maps of all sizes as pictures that are XML, and in which what was put in is found.
func TestMapSVG(t *testing.T) {
	strange := &explain.Map{Cluster: "a<b>&\"c", Nodes: []explain.NodePods{{Name: "n", Health: explain.Unwell, Status: "NotReady", Pods: []explain.PodDot{{Name: "x\x1b[2J<", Status: "]]>", Health: explain.Unwell}}}}}
	for name, c := range map[string]struct {
		m    *explain.Map
		says []string
	}{
		"crowded": {crowded(), []string{"big", "100 Pods: 99 well, 1 not well", "node-42", "and 48 nodes more", "svc-33"}},
		"strange": {strange, []string{`a<b>&"c`, "x[2J< (]]>)"}},
		"empty":   {&explain.Map{}, []string{"Kubernetes cluster"}},
		"rules": {&explain.Map{
			Services: []explain.ServiceMap{{Name: "web", AtRest: "deployment/web", Health: explain.Idle}},
			Policies: []explain.PolicyMap{{Name: "deny-all", Types: []string{"Ingress"}, All: true, Selected: []string{"a", "b"}}},
		}, []string{"no Pods, by wish: deployment/web asks for 0", "NETWORK POLICIES", "ingress of all Pods of the namespace (2)"}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := render.MapSVG(&b, c.m); err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for d := xml.NewDecoder(&b); ; {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("the picture is no XML: %v", err)
				}
				if chars, ok := token.(xml.CharData); ok {
					text.Write(chars)
				}
			}
			for _, want := range c.says {
				if !strings.Contains(text.String(), want) {
					t.Errorf("the picture does not say %q", want)
				}
			}
		})
	}
}
