package lesson

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	maxChecks    = 32
	maxOtherwise = 16
	maxOptions   = 8
	maxTurns     = 16
)

// yamlBlock reads the inside of a block that is written in YAML.
type yamlBlock struct {
	*parser
	*fragment
	node *yaml.Node
	at   Pos
}

func (y *yamlBlock) keys(node *yaml.Node, s shape) *object { return y.object(y.fragment, node, s) }

// expression compiles the CEL of a key over the objects of a query.
func (y *yamlBlock) expression(o *object, key string, q snapshot.Query, wanted ...*types.Type) (string, *program) {
	source, node := o.code(key)
	if node == nil || q.IsZero() {
		return source, nil
	}
	p, issues := y.compiler.compile(source, q, wanted...)
	for _, i := range issues {
		y.add(y.locate(node, i.offset), fmt.Sprintf("%q: %s", key, i.what), i.instead)
	}
	return strings.TrimSpace(source), p
}

// template compiles the template of a key. Without a query it has no objects of its own.
func (y *yamlBlock) template(o *object, key string, q snapshot.Query) (string, *phrase) {
	source := o.text(key)
	if source == "" {
		return "", nil
	}
	return source, y.templateOf(o.keys[key], source, q)
}

func (y *yamlBlock) templateOf(node *yaml.Node, source string, q snapshot.Query) *phrase {
	t, issues := y.compiler.compileText(source, q)
	lead := len([]rune(node.Value)) - len([]rune(strings.TrimLeft(node.Value, " \n\t")))
	for _, i := range issues {
		y.add(y.locate(node, lead+i.offset), i.what, i.instead)
	}
	return t
}

// commandOf reads a command that stands in a YAML text.
func (y *yamlBlock) commandOf(node *yaml.Node) (Command, bool) {
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str" {
		y.add(y.pos(node.Line, node.Column), "a command is "+describe(node), "write a line that begins with kubectl")
		return Command{}, false
	}
	lead := len([]rune(node.Value)) - len([]rune(strings.TrimLeft(node.Value, " \n\t")))
	return y.command(strings.TrimSpace(node.Value), func(offset int) Pos { return y.locate(node, lead+offset) })
}

// requiredQuery reads the query that says what a block is about.
func (o *object) requiredQuery(key, example string) snapshot.Query {
	if !o.has(key) {
		o.missing(key, fmt.Sprintf("write %s: %s", key, example))
	}
	return o.query(key)
}

func (y *yamlBlock) explain() *Explain {
	o := y.keys(y.node, explainShape())
	if o == nil {
		return nil
	}
	e := &Explain{at: y.at}
	for _, k := range o.keyNames() {
		if !o.has(k) {
			continue
		}
		if e.Kind != "" {
			y.add(o.where(k), "a block explains one thing", "make two blocks of it")
			return nil
		}
		e.Kind = ExplainKind(k)
		if k != string(Map) || o.keys[k].ShortTag() != "!!null" {
			e.Target = o.query(k)
		}
	}
	if e.Kind == "" && len(o.node.Content) == 0 {
		y.add(y.at, "the block explains nothing", "write timeline: deployment/web")
	}
	return e
}

func (y *yamlBlock) ask() *Ask {
	o := y.keys(y.node, askShape())
	if o == nil {
		return nil
	}
	a := &Ask{
		Ask:     o.required("ask", "On which node does the new Pod run?"),
		On:      o.requiredQuery("on", "pods?app=web"),
		Because: o.text("because"),
		at:      y.at,
	}
	if !o.has("answer") {
		o.missing("answer", "write answer: and a CEL expression over the objects")
	}
	a.Answer, a.answer = y.expression(o, "answer", a.On, types.StringType, types.IntType, types.BoolType, types.NewListType(types.DynType))
	return a
}

func (y *yamlBlock) stepKeys(s *Step) {
	o := y.keys(y.node, stepShape())
	if o == nil {
		return
	}
	s.Support = Support(o.oneOf("support"))
}

func (y *yamlBlock) wrong() *Wrong {
	if y.node.Kind != yaml.SequenceNode {
		y.add(y.pos(y.node.Line, y.node.Column), "wrong turns are "+describe(y.node), "write a list: - do: …")
		return nil
	}
	if len(y.node.Content) > maxTurns {
		y.add(y.at, fmt.Sprintf("a block has at most %d wrong turns", maxTurns), "take the least plausible out")
		return nil
	}
	w := &Wrong{at: y.at}
	for _, n := range y.node.Content {
		if t, ok := y.turn(n); ok {
			w.Turns = append(w.Turns, t)
		}
	}
	return w
}

func (y *yamlBlock) turn(n *yaml.Node) (WrongTurn, bool) {
	o := y.keys(n, turnShape())
	if o == nil {
		return WrongTurn{}, false
	}
	t := WrongTurn{
		Fails: o.required("fails", "and the name of a check of this step"),
		Says:  o.required("says", "and a part of what must then be read"),
		Pos:   y.pos(n.Line, n.Column),
	}
	t.failsAt = o.where("fails")
	switch do := o.keys["do"]; {
	case do == nil:
		o.missing("do", "write do: and a kubectl command")
	case do.Kind == yaml.SequenceNode:
		for _, line := range do.Content {
			if c, ok := y.commandOf(line); ok {
				t.Do = append(t.Do, c)
			}
		}
		if len(do.Content) == 0 {
			o.wrong("do", "write a kubectl command")
		}
	default:
		if c, ok := y.commandOf(do); ok {
			t.Do = append(t.Do, c)
		}
	}
	return t, true
}
