package lesson

import (
	"fmt"

	"github.com/google/cel-go/common/types"
	"go.yaml.in/yaml/v3"
)

func (y *yamlBlock) predict() *Predict {
	o := y.keys(y.node, predictShape())
	if o == nil {
		return nil
	}
	p := &Predict{
		Ask:     o.required("ask", "What will you see?"),
		Because: o.required("because", "and the reason behind the right answer"),
		at:      y.at,
	}
	shared := Option{On: o.query("on")}
	shared.Show, shared.show = y.evidence(o, shared)
	nodes := o.list("options")
	switch {
	case !o.has("options"):
		o.missing("options", "write options: and a list of - say: …")
	case len(nodes) < 2 || len(nodes) > maxOptions:
		y.add(o.where("options"), fmt.Sprintf("a prediction has from 2 to %d options, this one has %d", maxOptions, len(nodes)), "write plausible ones only")
	}
	for _, n := range nodes {
		p.Options = append(p.Options, y.option(n, shared))
	}
	if o.has("options") && !anyRight(p.Options) {
		y.add(o.where("options"), "no option is right", "add right: true to one")
	}
	y.twins(o, p.Options)
	return p
}

func anyRight(options []Option) bool {
	for _, o := range options {
		if o.Right {
			return true
		}
	}
	return false
}

func (y *yamlBlock) twins(o *object, options []Option) {
	seen := map[string]bool{}
	for i, one := range options {
		if one.Say != "" && seen[one.Say] {
			n := o.list("options")[i]
			y.add(y.pos(n.Line, n.Column), fmt.Sprintf("two options say %q", one.Say), "take one out")
		}
		seen[one.Say] = true
	}
}

// option reads one option; on and show are the prediction's own where it has none.
func (y *yamlBlock) option(n *yaml.Node, shared Option) Option {
	o := y.keys(n, optionShape())
	if o == nil {
		return Option{}
	}
	option := Option{
		Say:    o.required("say", "A new Pod takes its place"),
		Right:  o.boolean("right"),
		Belief: o.text("belief"),
		Answer: o.text("answer"),
		On:     shared.On, Show: shared.Show, show: shared.show,
	}
	if !option.Right {
		if !o.has("belief") {
			o.missing("belief", "name the misconception behind this wrong option, as in belief: kubelet-recreates")
		}
		if !o.has("answer") {
			o.missing("answer", "write in a sentence or two what is said to that belief afterwards")
		}
	} else if o.has("belief") {
		y.add(o.where("belief"), "a right option has a belief", "take it out: a belief is a misconception")
	}
	if o.has("on") {
		option.On = o.query("on")
	}
	if o.has("on") || o.has("show") {
		option.Show, option.show = y.evidence(o, option)
	}
	return option
}

// evidence reads `show`, which needs to know over which objects.
func (y *yamlBlock) evidence(o *object, option Option) (string, *program) {
	switch {
	case o.has("show") && option.On.IsZero():
		if !o.has("on") {
			o.missing("on", "write on: pods?app=web, so that show has objects")
		}
		return "", nil
	case o.has("on") && !o.has("show"):
		o.missing("show", "write show: and a CEL expression that gives a text or a list of texts")
		return "", nil
	}
	return y.expression(o, "show", option.On, types.StringType, types.NewListType(types.DynType), types.IntType)
}
