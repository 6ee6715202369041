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
