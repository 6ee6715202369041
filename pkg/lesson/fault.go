package lesson

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// stoppedNodes is the target of a start-node that means every node that is down.
const stoppedNodes = "stopped"

func (y *yamlBlock) fault() *Fault {
	o := y.keys(y.node, faultShape())
	if o == nil {
		return nil
	}
	f := &Fault{Say: o.required("say", "and what is being done to the cluster"), Container: o.text("container"), at: y.at}
	for _, k := range faultKinds() {
		if !o.has(string(k)) {
			continue
		}
		if f.Kind != "" {
			y.add(o.where(string(k)), "a block does one thing to the cluster", "make two blocks of it")
			return nil
		}
		f.Kind = k
		y.target(o, f)
	}
	if f.Kind == "" {
		y.add(y.at, "the fault does nothing", "write kill-container: pods?app=web, stop-node: node/worker-1, start-node: stopped or load: service/web")
		return f
	}
	if f.Container != "" && f.Kind != KillContainer {
		y.add(o.where("container"), "only kill-container has a container", "take it out")
	}
	f.LeftMemory, f.LeftDisk = y.left(o, f, "memory"), y.left(o, f, "disk")
	if f.Kind == SendLoad {
		f.Load = y.load(o, f.query)
		return f
	}
	for _, key := range (shape{fields: loadFields()}).keyNames() {
		if o.has(key) {
			y.add(o.where(key), fmt.Sprintf("only a load has %q", key), "take it out")
		}
	}
	return f
}

// left reads what press-node leaves of a node, in bytes; -1 where nothing is said.
func (y *yamlBlock) left(o *object, f *Fault, key string) int64 {
	if !o.has(key) {
		return -1
	}
	if f.Kind != PressNode {
		y.add(o.where(key), "only press-node leaves so much of a node", "take it out")
		return -1
	}
	q, err := resource.ParseQuantity(o.text(key))
	if err != nil || q.Sign() < 0 {
		y.add(o.where(key), fmt.Sprintf("%q is not a quantity", o.text(key)), "write "+key+": 150Mi")
		return -1
	}
	return q.Value()
}

// target reads what a fault is done to: a query, a template, or for start-node the word stopped.
func (y *yamlBlock) target(o *object, f *Fault) {
	key := string(f.Kind)
	f.Target = o.text(key)
	switch {
	case f.Target == "" || (f.Kind == StartNode && f.Target == stoppedNodes):
	case f.Kind == SendLoad:
		f.query = y.loaded(o, key)
	case strings.Contains(f.Target, "{{"):
		_, f.target = y.template(o, key, noQuery())
	default:
		f.query = o.query(key)
		wanted := map[FaultKind]string{KillContainer: "Pod", StopNode: "Node", StartNode: "Node", PressNode: "Node"}[f.Kind]
		if !f.query.IsZero() && f.query.Kind != wanted {
			instead := `write node/worker-1, or the node of a Pod: {{ node "pods?app=web" }}`
			if wanted == "Pod" {
				instead = "write pods?app=web"
			}
			y.add(o.where(key), fmt.Sprintf("%s is done to a %s, not to a %s", key, wanted, f.query.Kind), instead)
		}
	}
}

const (
	maxTimes  = 1000
	getWithin = 30 * time.Second
)

func (y *yamlBlock) get() *Get {
	o := y.keys(y.node, getShape())
	if o == nil {
		return nil
	}
	g := &Get{
		That:     o.required("that", "The Service answers"),
		On:       o.requiredQuery("on", "service/web"),
		Port:     o.integer("port", 80),
		Path:     y.path(o),
		Expected: o.required("expected", "an answer from nginx"),
		Times:    o.integer("times", 1),
		Spread:   o.integer("spread", 0),
		Within:   o.duration("within", getWithin),
		Expect:   GetExpect{Status: 200},
		at:       y.at,
	}
	if !g.On.IsZero() && !answers(g.On) {
		y.add(o.where("on"), "a request goes to a Service or to a Pod", "write on: service/web")
	}
	if g.Spread > g.Times {
		y.add(o.where("spread"), fmt.Sprintf("%d requests can't have %d different answers", g.Times, g.Spread), fmt.Sprintf("write times: %d", g.Spread*10))
	}
	if e := y.keys(o.keys["expect"], getExpectShape()); e != nil {
		g.Expect.Status = e.integer("status", 200)
		if n := e.keys["contains"]; n != nil && n.ShortTag() == "!!str" {
			g.Expect.Contains = []string{e.text("contains")}
		} else {
			g.Expect.Contains, _ = e.texts("contains")
		}
	}
	return g
}
