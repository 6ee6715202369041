package lesson

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// maxCost bounds one evaluation, in CEL's cost units; Kubernetes allows as much for an admission policy.
	maxCost = 1_000_000
	// maxExpression is the length in bytes of the longest expression.
	maxExpression = 4 << 10
)

// program is a compiled expression over the objects of one kind.
type program struct {
	source string
	run    cel.Program
	before bool // whether it reads `before`
	ast    *cel.Ast
}

// issue is one mistake in an expression or template; offset counts runes of its text.
type issue struct {
	offset        int
	what, instead string
}

// compiler compiles the expressions of one lesson. It keeps an environment for each kind.
type compiler struct {
	envs map[string]*kindEnv
}

type kindEnv struct {
	env   *cel.Env
	types *objectTypes
	root  reflect.Type
}

func newCompiler() *compiler { return &compiler{envs: map[string]*kindEnv{}} }

// baseEnv is made once a process: it is the slow part, and never changes.
var baseEnv = sync.OnceValues(func() (*cel.Env, error) {
	base := environment.MustBaseEnvSet(version.MajorMinor(1, 37)).NewExpressionsEnv()
	return base.Extend(append(helpers(),
		cel.Variable("started", cel.TimestampType),
		cel.Variable("now", cel.TimestampType))...)
})

func (c *compiler) env(q snapshot.Query) (*kindEnv, error) {
	if e := c.envs[q.Kind]; e != nil {
		return e, nil
	}
	root := goType(q.GVK().Group, q.Kind)
	if root == nil {
		return nil, fmt.Errorf("the kind %s has no type", q.Kind)
	}
	base, err := baseEnv()
	if err != nil {
		return nil, fmt.Errorf("prepare CEL: %w", err)
	}
	known := newObjectTypes(base.CELTypeProvider(), root)
	object := celType(root)
	env, err := base.Extend(
		cel.CustomTypeProvider(known),
		cel.Variable("object", object),
		cel.Variable("objects", cel.ListType(object)),
		cel.Variable("before", cel.ListType(object)))
	if err != nil {
		return nil, fmt.Errorf("prepare CEL for %s: %w", q.Kind, err)
	}
	e := &kindEnv{env: env, types: known, root: root}
	c.envs[q.Kind] = e
	return e, nil
}

// compile checks an expression over the objects of a query. An empty list of wanted types allows any.
func (c *compiler) compile(text string, q snapshot.Query, wanted ...*types.Type) (*program, []issue) {
	if len(text) > maxExpression {
		return nil, []issue{{0, fmt.Sprintf("the expression is longer than %d bytes", maxExpression), "make it shorter, or two checks of it"}}
	}
	e, err := c.env(q)
	if err != nil {
		return nil, []issue{{0, err.Error(), ""}}
	}
	checked, problems := e.env.Compile(text)
	if problems.Err() != nil {
		return nil, e.explain(text, problems.Errors())
	}
	if bad := wrongResult(checked.OutputType(), wanted); bad != nil {
		return nil, []issue{*bad}
	}
	run, err := e.env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost))
	if err != nil {
		return nil, []issue{{0, err.Error(), "write another expression"}}
	}
	return &program{source: text, run: run, before: mentions(checked, "before"), ast: checked}, nil
}

func wrongResult(got *types.Type, wanted []*types.Type) *issue {
	if len(wanted) == 0 || got.IsExactType(types.DynType) {
		return nil
	}
	var names []string
	for _, w := range wanted {
		if got.Kind() == w.Kind() {
			return nil
		}
		names = append(names, plainType(w))
	}
	return &issue{0, "the expression gives " + plainType(got), "it must give " + strings.Join(names, " or ")}
}

func plainType(t *types.Type) string {
	switch t.Kind() {
	case types.BoolKind:
		return "true or false"
	case types.StringKind:
		return "a text"
	case types.IntKind, types.UintKind, types.DoubleKind:
		return "a number"
	case types.ListKind:
		return "a list"
	case types.TimestampKind:
		return "a time; string(…) makes a text of it"
	}
	return "a " + t.String()
}

// mentions says whether an expression reads one of the names.
func mentions(checked *cel.Ast, names ...string) bool {
	found := false
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.IdentKind {
			return
		}
		for _, n := range names {
			found = found || e.AsIdent() == n
		}
	}))
	return found
}

// constant evaluates an expression that reads no variable; ok is false for others.
func (p *program) constant() (value, ok bool) {
	if mentions(p.ast, "object", "objects", "before", "started", "now") {
		return false, false
	}
	out, _, err := p.run.Eval(map[string]any{})
	b, isBool := out.(types.Bool)
	return bool(b), err == nil && isBool
}

// normal is the expression without its spelling, to find twins.
func (p *program) normal() string {
	s, err := cel.AstToString(p.ast)
	if err != nil {
		return p.source
	}
	return s
}

// Missing is the error of an expression or template that reads something that is not there: an
// object that does not exist, a field that is not set yet. It means "not yet", never "broken".
type Missing struct{ What string }

func (e *Missing) Error() string { return e.What + " is not there" }

func (p *program) eval(v *View) (ref.Val, error) {
	if p.before && v.beforeErr != nil {
		return nil, v.beforeErr
	}
	out, _, err := p.run.Eval(v.variables())
	if err == nil {
		return out, nil
	}
	text := err.Error()
	for _, prefix := range []string{"no such key: ", "no such attribute(s): "} {
		if _, key, ok := strings.Cut(text, prefix); ok {
			return nil, &Missing{What: fmt.Sprintf("the field %q", key)}
		}
	}
	if strings.Contains(text, "index out of bounds") || strings.Contains(text, "out of range in list") {
		return nil, &Missing{What: "one of the objects that are looked for"}
	}
	return nil, fmt.Errorf("evaluate %q: %w", p.source, err)
}

func (p *program) truth(v *View) (bool, error) {
	out, err := p.eval(v)
	if err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, fmt.Errorf("evaluate %q: gives %s, not true or false", p.source, out.Type().TypeName())
	}
	return bool(b), nil
}

// words gives the result as texts: one of a single value, all of a list.
func (p *program) words(v *View) ([]string, error) {
	out, err := p.eval(v)
	if err != nil {
		return nil, err
	}
	list, ok := out.(traits.Lister)
	if !ok {
		return []string{word(out.Value())}, nil
	}
	var words []string
	for it := list.Iterator(); it.HasNext() == types.True; {
		words = append(words, word(it.Next().Value()))
	}
	return words, nil
}

// value gives the result for a template: a list as one text, anything else as it is.
func (p *program) value(v *View) (any, error) {
	out, err := p.eval(v)
	if err != nil {
		return nil, err
	}
	if _, isList := out.(traits.Lister); isList {
		words, err := p.words(v)
		return strings.Join(words, ", "), err
	}
	return out.Value(), nil
}

func word(v any) string {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// IsMissing says that an error means that something is not there yet.
func IsMissing(err error) bool {
	var m *Missing
	return errors.As(err, &m)
}

func decodeBase64(s string) ([]byte, error) { return base64.StdEncoding.DecodeString(s) }
