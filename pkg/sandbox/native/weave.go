package native

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"slices"
	"sort"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

const (
	replaceMark = "//learn:replace"
	fieldMark   = "//learn:field "
	hostPrefix  = "host_"
)

// weaver puts functions in the place of those of a package, which stay under another name. It insists
// that each is there once and has the signature that is expected: a program that was built in spite of
// a difference would silently use the machine's network and files.
type weaver struct {
	pkg, version string
}

// weave returns those sources that change.
func (w *weaver) weave(addition string, sources map[string]string) (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "addition.go", addition, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse addition to package %s: %w", w.pkg, err)
	}
	wanted := map[string]string{}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && replaces(f) {
			wanted[key(f)] = signature(f)
		}
	}
	changed, err := w.rename(sources, wanted)
	if err != nil {
		return nil, err
	}
	return changed, w.addFields(file, changed, sources)
}

// replaces says whether a function takes the place of another.
func replaces(f *ast.FuncDecl) bool {
	return f.Doc != nil && slices.ContainsFunc(f.Doc.List, func(c *ast.Comment) bool { return c.Text == replaceMark })
}

// key is a function's name, with its receiver's type.
func key(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	return "(" + text(f.Recv.List[0].Type) + ")." + f.Name.Name
}

// signature is the types of parameters and results, without their names.
func signature(f *ast.FuncDecl) string {
	list := func(l *ast.FieldList) string {
		var types []string
		for _, field := range fields(l) {
			for range max(1, len(field.Names)) {
				types = append(types, text(field.Type))
			}
		}
		return "(" + strings.Join(types, ", ") + ")"
	}
	return list(f.Type.Params) + " " + list(f.Type.Results)
}

func fields(l *ast.FieldList) []*ast.Field {
	if l == nil {
		return nil
	}
	return l.List
}

func text(e ast.Expr) string {
	var b bytes.Buffer
	_ = printer.Fprint(&b, token.NewFileSet(), e) // fails for no expression that was parsed
	return b.String()
}

// rename gives the functions that are replaced their other name.
func (w *weaver) rename(sources, wanted map[string]string) (map[string]string, error) {
	changed, found := map[string]string{}, map[string]int{}
	for name, source := range sources {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parse package %s: %w", w.pkg, err)
		}
		var edits []edit
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			want, ok := wanted[key(f)]
			if !ok {
				continue
			}
			if got := signature(f); got != want {
				return nil, w.unknown(fmt.Sprintf("func %s%s, where %s is known", key(f), got, want))
			}
			found[key(f)]++
			at := fset.Position(f.Name.Pos()).Offset
			edits = append(edits, edit{from: at, to: at, text: hostPrefix})
		}
		if len(edits) > 0 {
			changed[name] = apply(source, edits)
		}
	}
	for _, k := range sortedKeys(wanted) {
		if found[k] != 1 {
			return nil, w.unknown("no func " + k + wanted[k])
		}
	}
	return changed, nil
}

func (w *weaver) unknown(what string) error {
	return fmt.Errorf("package %s of %s has %s: this version of Go is not known to the sandbox yet, "+
		"and a program built with it could reach your real network; use another version (GOTOOLCHAIN=go1.26.0 "+plugin.Command+" cluster build-image …)", w.pkg, w.version, what)
}

// addFields adds the fields that the addition asks for, by lines "//learn:field STRUCT NAME TYPE".
func (w *weaver) addFields(file *ast.File, changed, sources map[string]string) error {
	for _, g := range file.Comments {
		for _, c := range g.List {
			rest, ok := strings.CutPrefix(c.Text, fieldMark)
			if !ok {
				continue
			}
			name, field, _ := strings.Cut(rest, " ")
			head := "type " + name + " struct {\n"
			if !insertField(head, field, changed, sources) {
				return w.unknown("no struct " + name)
			}
		}
	}
	return nil
}

func insertField(head, field string, changed, sources map[string]string) bool {
	for name, source := range sources {
		if text, ok := changed[name]; ok {
			source = text
		}
		if strings.Count(source, head) == 1 {
			changed[name] = strings.Replace(source, head, head+"\t"+field+"\n", 1)
			return true
		}
	}
	return false
}

// edit puts text in the place of what stands between two offsets.
type edit struct {
	from, to int
	text     string
}

func apply(source string, edits []edit) string {
	sort.Slice(edits, func(i, j int) bool { return edits[i].from > edits[j].from })
	for _, e := range edits {
		source = source[:e.from] + e.text + source[e.to:]
	}
	return source
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
