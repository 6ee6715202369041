package lesson

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// maxOutput is the size in bytes of the longest text that a template may make.
const maxOutput = 8 << 10

// phrase is a compiled template. With a query it sees the objects of a check; the functions name
// and node see the whole snapshot.
type phrase struct {
	source   string
	tmpl     *template.Template // nil when there is nothing to fill in
	programs map[string]*program
	queries  []snapshot.Query
}

// compileText checks a template. A zero query means that it has no objects of its own.
func (c *compiler) compileText(source string, q snapshot.Query) (*phrase, []issue) {
	t := &phrase{source: source, programs: map[string]*program{}}
	if !strings.Contains(source, "{{") {
		return t, nil
	}
	tmpl, err := template.New("").Option("missingkey=error").Funcs(t.functions(nil)).Parse(source)
	if err != nil {
		return nil, []issue{templateIssue(source, err)}
	}
	w := &templateWalk{compiler: c, text: t, query: q}
	if tmpl.Tree != nil {
		w.walk(tmpl.Root)
	}
	if len(w.issues) > 0 {
		return nil, w.issues
	}
	t.tmpl = tmpl
	return t, nil
}

func templateIssue(source string, err error) issue {
	message := regexp.MustCompile(`^template: :\d+(:\d+)?: `).ReplaceAllString(err.Error(), "")
	at := max(strings.Index(source, "{{"), 0)
	if m := regexp.MustCompile(`function "(.*?)" not defined`).FindStringSubmatch(message); m != nil {
		if i := strings.Index(source, m[1]); i >= 0 {
			at = i
		}
		return issue{utf8.RuneCountInString(source[:at]), fmt.Sprintf("unknown function %q in a template", m[1]),
			didYouMean(m[1], []string{"name", "node", "cel", "len", "index", "printf"}, "there are: ")}
	}
	return issue{utf8.RuneCountInString(source[:at]), "the template does not read: " + message, `write {{ name "pods?app=web" }}`}
}

// templateWalk looks at every node of a template for what can be checked before it runs.
type templateWalk struct {
	*compiler
	text   *phrase
	query  snapshot.Query
	issues []issue
}

func (w *templateWalk) bad(n parse.Node, what, instead string) {
	offset := min(int(n.Position()), len(w.text.source))
	for n.Type() == parse.NodeField && offset < len(w.text.source) && w.text.source[offset] == '.' {
		offset++
	}
	w.issues = append(w.issues, issue{utf8.RuneCountInString(w.text.source[:offset]), what, instead})
}

func (w *templateWalk) walk(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, inner := range n.Nodes {
				w.walk(inner)
			}
		}
	case *parse.ActionNode:
		w.walk(n.Pipe)
	case *parse.IfNode:
		w.branch(n.BranchNode)
	case *parse.WithNode:
		w.branch(n.BranchNode)
	case *parse.RangeNode:
		w.rangeOver(n)
	case *parse.TemplateNode:
		w.bad(n, "a template can't call another", "write the text out")
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			w.command(c)
		}
	case *parse.ChainNode:
		w.walk(n.Node)
	case *parse.FieldNode:
		w.field(n)
	}
}

func (w *templateWalk) branch(n parse.BranchNode) {
	w.walk(n.Pipe)
	w.walk(n.List)
	w.walk(n.ElseList)
}

// rangeOver allows going through objects only: over a number a template could run for ever.
func (w *templateWalk) rangeOver(n *parse.RangeNode) {
	over := n.Pipe.Cmds[len(n.Pipe.Cmds)-1].Args[0]
	if f, ok := over.(*parse.FieldNode); !ok || (f.Ident[0] != "objects" && f.Ident[0] != "before") {
		w.bad(n, "a template can go through .objects and .before only", "write {{ range .objects }}")
		return
	}
	w.walk(n.Pipe)
	// Inside, the dot is an element; its fields are looked up when the template runs.
	inner := &templateWalk{compiler: w.compiler, text: w.text, query: w.query}
	inner.walkCalls(n.List)
	inner.walkCalls(n.ElseList)
	w.issues = append(w.issues, inner.issues...)
}

// walkCalls is walk without the fields of the dot.
func (w *templateWalk) walkCalls(n *parse.ListNode) {
	if n == nil {
		return
	}
	for _, one := range n.Nodes {
		switch one := one.(type) {
		case *parse.ActionNode:
			for _, c := range one.Pipe.Cmds {
				if _, isCall := c.Args[0].(*parse.IdentifierNode); isCall {
					w.call(c)
				}
			}
		case *parse.IfNode:
			w.walkCalls(one.List)
			w.walkCalls(one.ElseList)
		case *parse.WithNode:
			w.walkCalls(one.List)
			w.walkCalls(one.ElseList)
		case *parse.RangeNode:
			w.bad(one, "a range in a range is too much for a template", "let cel join the text")
		case *parse.TemplateNode:
			w.walk(one)
		}
	}
}

func (w *templateWalk) command(c *parse.CommandNode) {
	if _, isCall := c.Args[0].(*parse.IdentifierNode); isCall && !w.call(c) {
		return
	}
	for _, a := range c.Args {
		w.walk(a)
	}
}

// call checks the arguments of our own functions.
func (w *templateWalk) call(c *parse.CommandNode) bool {
	function := c.Args[0].(*parse.IdentifierNode).Ident
	switch function {
	case "name", "node", "cel":
	default:
		return true
	}
	if len(c.Args) < 2 || len(c.Args) > 3 || (function == "cel" && len(c.Args) == 3) {
		w.bad(c, fmt.Sprintf("%s takes a text in quotes", function), fmt.Sprintf(`write {{ %s "…" }}`, function))
		return false
	}
	arg, ok := c.Args[1].(*parse.StringNode)
	if !ok {
		w.bad(c.Args[1], fmt.Sprintf("%s takes a text in quotes", function), fmt.Sprintf(`write {{ %s "…" }}`, function))
		return false
	}
	if len(c.Args) == 3 {
		if n, isNumber := c.Args[2].(*parse.NumberNode); !isNumber || !n.IsInt || n.Int64 < 0 {
			w.bad(c.Args[2], "the second argument says which match, counted from 0", fmt.Sprintf(`write {{ %s "pods?app=web" 1 }}`, function))
			return false
		}
	}
	if function == "cel" {
		return w.expression(arg)
	}
	return w.lookup(function, arg)
}

func (w *templateWalk) lookup(function string, arg *parse.StringNode) bool {
	q, err := snapshot.ParseQuery(arg.Text)
	if err != nil {
		w.bad(arg, err.Error(), "")
		return false
	}
	if function == "node" && q.Kind != "Pod" {
		w.bad(arg, "only a Pod is on a node, not a "+q.Kind, `write {{ node "pods?app=web" }}`)
		return false
	}
	w.text.queries = append(w.text.queries, q)
	return true
}

func (w *templateWalk) expression(arg *parse.StringNode) bool {
	if w.query.IsZero() {
		w.bad(arg, "there are no objects here for an expression", `write {{ name "pods?app=web" }}`)
		return false
	}
	p, issues := w.compile(arg.Text, w.query)
	for _, i := range issues {
		w.bad(arg, i.what, i.instead)
		if !strings.Contains(arg.Quoted, `\`) {
			w.issues[len(w.issues)-1].offset += 1 + i.offset
		}
	}
	w.text.programs[arg.Text] = p
	return len(issues) == 0
}

// field checks .object.spec.replicas against the kind's type.
func (w *templateWalk) field(n *parse.FieldNode) {
	if w.query.IsZero() {
		w.bad(n, "there are no objects here for ."+n.Ident[0], `write {{ name "pods?app=web" }}`)
		return
	}
	names := []string{"object", "objects", "before", "started", "now"}
	known := false
	for _, name := range names {
		known = known || name == n.Ident[0]
	}
	if !known {
		w.bad(n, fmt.Sprintf("unknown name %q", n.Ident[0]), didYouMean(n.Ident[0], names, "there are: "))
		return
	}
	if n.Ident[0] != "object" {
		return
	}
	t := goType(w.query.GVK().Group, w.query.Kind)
	for i, field := range n.Ident[1:] {
		if t = deref(t); !isStruct(t) {
			return
		}
		fields := fieldsOf(t)
		next, ok := fields[field]
		if !ok {
			instead := "look at kubectl explain for the fields"
			if near := nearestField(field, sortedKeys(fields)); near != "" {
				instead = fmt.Sprintf("did you mean %q?", near)
			}
			w.bad(n, fmt.Sprintf("unknown field %q of %s", field, t.Name()), instead)
			// The library places a chain of fields somewhere in its middle.
			if at := strings.Index(w.text.source, "."+strings.Join(n.Ident[:i+2], ".")); at >= 0 {
				at += len(strings.Join(n.Ident[:i+1], ".")) + 2
				w.issues[len(w.issues)-1].offset = utf8.RuneCountInString(w.text.source[:at])
			}
			return
		}
		t = next
	}
}

// functions are what a template may call. Without a view they only say which names exist.
func (t *phrase) functions(v *View) template.FuncMap {
	match := func(query string, which []int) (*unstructured.Unstructured, error) {
		index := 0
		if len(which) > 0 {
			index = which[0]
		}
		return v.match(query, index)
	}
	return template.FuncMap{
		"name": func(query string, which ...int) (string, error) {
			o, err := match(query, which)
			if err != nil {
				return "", err
			}
			return o.GetName(), nil
		},
		"node": func(query string, which ...int) (string, error) {
			o, err := match(query, which)
			if err != nil {
				return "", err
			}
			node, _ := child(o.Object, "spec")["nodeName"].(string)
			if node == "" {
				return "", &Missing{What: "the node of Pod " + o.GetName()}
			}
			return node, nil
		},
		"cel": func(expression string) (any, error) {
			p := t.programs[expression]
			if p == nil {
				return "", errors.New("the expression was not compiled")
			}
			return p.value(v)
		},
	}
}

// render fills in the template.
func (t *phrase) render(v *View) (string, error) {
	if t.tmpl == nil {
		return t.source, nil
	}
	tmpl, err := t.tmpl.Clone()
	if err != nil {
		return "", fmt.Errorf("render %q: %w", t.source, err)
	}
	out := &limitedText{}
	err = tmpl.Funcs(t.functions(v)).Execute(out, v.fields())
	if err == nil {
		return out.String(), nil
	}
	var missing *Missing
	if errors.As(err, &missing) {
		return "", missing
	}
	if text := err.Error(); strings.Contains(text, "map has no entry") || strings.Contains(text, "nil pointer") || strings.Contains(text, "out of range") {
		return "", &Missing{What: "what " + strconv.Quote(t.source) + " reads"}
	}
	return "", fmt.Errorf("render %q: %w", t.source, err)
}

type limitedText struct{ strings.Builder }

func (l *limitedText) Write(data []byte) (int, error) {
	if l.Len()+len(data) > maxOutput {
		return 0, fmt.Errorf("write text: longer than %d bytes: %w", maxOutput, io.ErrShortBuffer)
	}
	return l.Builder.Write(data)
}
