package lesson

import (
	"fmt"
	"time"

	"github.com/google/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const defaultWithin = 60 * time.Second

func (y *yamlBlock) checks() *Checks {
	c := &Checks{at: y.at}
	if y.node.Kind != yaml.SequenceNode {
		y.add(y.pos(y.node.Line, y.node.Column), "checks are "+describe(y.node), "write a list: - that: …")
		return nil
	}
	if len(y.node.Content) > maxChecks {
		y.add(y.at, fmt.Sprintf("the block has more than %d checks", maxChecks), "make two steps of it")
		return nil
	}
	for _, n := range y.node.Content {
		if one := y.check(n); one != nil {
			c.Checks = append(c.Checks, one)
		}
	}
	if len(y.node.Content) == 0 {
		y.add(y.at, "the block checks nothing", "write - that: …")
	}
	return c
}

func (y *yamlBlock) check(n *yaml.Node) *Check {
	o := y.keys(n, checkShape())
	if o == nil {
		return nil
	}
	c := &Check{
		That:     o.required("that", "Three Pods are ready"),
		On:       o.requiredQuery("on", "pods?app=web"),
		Expected: o.required("expected", "3 ready Pods with app=web"),
		Within:   o.duration("within", defaultWithin),
		Pos:      y.pos(n.Line, n.Column),
	}
	if !o.has("expect") {
		o.missing("expect", "write expect: and a CEL expression that is true when the claim holds")
	}
	c.Expect, c.expect = y.expression(o, "expect", c.On, types.BoolType)
	c.Converging, c.converging = y.expression(o, "converging", c.On, types.BoolType)
	if o.has("actual") && !c.On.IsZero() {
		c.Actual, c.actual = y.template(o, "actual", c.On)
	}
	y.look(o, c)
	y.constant(o, "expect", c.expect, "can't fail", "can't pass")
	nodes := o.list("otherwise")
	if len(nodes) > maxOtherwise {
		y.add(o.where("otherwise"), fmt.Sprintf("a check has at most %d otherwise", maxOtherwise), "keep the most likely ones")
		return c
	}
	for _, n := range nodes {
		y.otherwise(n, c)
	}
	return c
}

func (y *yamlBlock) look(o *object, c *Check) {
	if !o.has("look") {
		return
	}
	if line := o.text("look"); line != "" {
		if cmd, ok := y.commandOf(o.keys["look"]); ok {
			c.Look, c.look = cmd.Line, cmd.tmpl
		}
	}
}

// constant complains about an expression that reads no object.
func (y *yamlBlock) constant(o *object, key string, p *program, ifTrue, ifFalse string) {
	if p == nil {
		return
	}
	value, constant := p.constant()
	if !constant {
		return
	}
	what := ifFalse
	if value {
		what = ifTrue
	}
	y.add(o.where(key), fmt.Sprintf("%q is always %t: it %s", key, value, what), "let it look at object or objects")
}

func (y *yamlBlock) otherwise(n *yaml.Node, c *Check) {
	o := y.keys(n, otherwiseShape())
	if o == nil {
		return
	}
	w := Otherwise{Pos: y.pos(n.Line, n.Column)}
	if !o.has("when") {
		o.missing("when", "write when: and a CEL expression")
	}
	w.When, w.when = y.expression(o, "when", c.On, types.BoolType)
	o.required("say", "and what the learner reads then")
	if !c.On.IsZero() {
		w.Say, w.say = y.template(o, "say", c.On)
	}
	if o.has("example") {
		y.examples(o, c.On, &w)
	}
	y.reachable(o, w, c)
	c.Otherwise = append(c.Otherwise, w)
}

// reachable complains about a `when` that can be seen never to be said.
func (y *yamlBlock) reachable(o *object, w Otherwise, c *Check) {
	if w.when == nil {
		return
	}
	if value, constant := w.when.constant(); constant && !value {
		y.add(o.where("when"), `"when" is never true`, "take this otherwise out")
	}
	normal := w.when.normal()
	if c.expect != nil && normal == c.expect.normal() {
		y.add(o.where("when"), `"when" is the same as "expect", and is only looked at when that is false`, "write what is then the case")
	}
	for _, earlier := range c.Otherwise {
		if earlier.when == nil {
			continue
		}
		if value, constant := earlier.when.constant(); constant && value {
			y.add(o.where("when"), fmt.Sprintf("this is never reached: the one in line %d is always true", earlier.Pos.Line), "put that one last")
			return
		}
		if normal == earlier.when.normal() {
			y.add(o.where("when"), fmt.Sprintf("this is never reached: the one in line %d asks the same", earlier.Pos.Line), "take one out")
			return
		}
	}
}

// examples reads a made-up state: what is there now, or under the keys now and before.
func (y *yamlBlock) examples(o *object, q snapshot.Query, w *Otherwise) {
	if o.keys["example"].Kind != yaml.MappingNode {
		w.Example = y.example(o, "example", q)
		return
	}
	if e := y.keys(o.keys["example"], exampleShape()); e != nil {
		w.Example, w.ExampleBefore = y.example(e, "now", q), y.example(e, "before", q)
	}
}

// example reads made-up objects. They are of the query's kind unless they say otherwise, and need not be complete.
func (y *yamlBlock) example(o *object, key string, q snapshot.Query) []*unstructured.Unstructured {
	objects := []*unstructured.Unstructured{}
	for _, n := range o.list(key) {
		if n.Kind != yaml.MappingNode {
			y.add(y.pos(n.Line, n.Column), "an example is "+describe(n), "write an object, or a part of one")
			continue
		}
		fields, _ := plainValue(n).(map[string]any)
		u := &unstructured.Unstructured{Object: fields}
		if fields == nil {
			u.Object = map[string]any{}
		}
		if fields["kind"] == nil {
			u.SetGroupVersionKind(q.GVK())
		}
		if !q.IsZero() && u.GetKind() == q.Kind {
			y.typeCheck(y.fragment, n, goType(q.GVK().Group, q.Kind), q.Kind)
		}
		objects = append(objects, u)
	}
	return objects
}
