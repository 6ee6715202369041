package archtest

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// source is one parsed Go file of the module.
type source struct {
	path string // in the module, with forward slashes
	fset *token.FileSet
	file *ast.File
}

func (s source) pkg() string { return path.Dir(s.path) }
func (s source) test() bool  { return strings.HasSuffix(s.path, "_test.go") }
func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(n.Pos()).Line)
}

// planted is a file of that path with one declaration in it, for tests of what finds faults.
func planted(t *testing.T, path, declaration string) source {
	t.Helper()
	s := source{path: path, fset: token.NewFileSet()}
	var err error
	if s.file, err = parser.ParseFile(s.fset, path, "package p\n\n"+declaration+"\n", 0); err != nil {
		t.Fatal(err)
	}
	return s
}

func sources(t *testing.T) []source {
	t.Helper()
	var found []source
	err := filepath.WalkDir(root(), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(root(), name)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(rel), fset: token.NewFileSet()}
		if s.file, err = parser.ParseFile(s.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return err
		}
		found = append(found, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// vague names say nothing of what a package is for, so everything ends up in it.
var vague = []string{"util", "utils", "common", "shared", "helper", "helpers", "types", "constants", "manager", "misc", "base"}

func TestPackages(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.pkg()] = documented[s.pkg()] || s.file.Doc != nil && !strings.HasPrefix(s.file.Doc.List[0].Text, "//go:")
		if slices.Contains(vague, path.Base(s.pkg())) || slices.Contains(vague, s.file.Name.Name) {
			t.Errorf("%s: package %s: name what it holds", s.path, s.file.Name.Name)
		}
		if name := strings.TrimSuffix(s.file.Name.Name, "_test"); strings.ToLower(name) != name || strings.Contains(name, "_") {
			t.Errorf("%s: package %s: a package is one lower-case word", s.path, s.file.Name.Name)
		}
	}
	for pkg, has := range documented {
		if !has {
			t.Errorf("%s: no file has a package comment; say what it holds and what it leaves to which neighbour", pkg)
		}
	}
}

// TestNothingHidden keeps code from running, printing or exiting where no reader looks for it.
func TestNothingHidden(t *testing.T) {
	for _, s := range sources(t) {
		inMain := s.file.Name.Name == "main"
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init: call it from where it is needed", s.at(fn))
			}
		}
		if s.test() || inMain {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			switch name := x.Name + "." + sel.Sel.Name; name {
			case "os.Exit":
				t.Errorf("%s: os.Exit outside main: return an error", s.at(n))
			case "fmt.Print", "fmt.Println", "fmt.Printf":
				t.Errorf("%s: %s: write to the streams that the command was given", s.at(n), name)
			}
			return true
		})
	}
}

// TestModule keeps `go install …@latest` working, which refuses modules with such directives.
func TestModule(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = root()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Replace []any
		Exclude []any
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace) > 0 || len(mod.Exclude) > 0 {
		t.Error("go.mod has replace or exclude directives: go install of this module by its path would be refused")
	}
	// Kubernetes v1.X.Y goes with its staging modules at v0.X.Y.
	var kubernetes string
	staging := map[string]string{}
	for _, r := range mod.Require {
		if r.Path == "k8s.io/kubernetes" {
			kubernetes = strings.Replace(r.Version, "v1.", "v0.", 1)
		}
		if strings.HasPrefix(r.Path, "k8s.io/") && strings.HasPrefix(r.Version, "v0.") && !strings.Contains(r.Version, "-0.") && !strings.HasPrefix(r.Version, "v0.0.") {
			staging[r.Path] = r.Version
		}
	}
	if kubernetes == "" || len(staging) < 5 {
		t.Fatalf("go.mod requires k8s.io/kubernetes %q and %d staging modules", kubernetes, len(staging))
	}
	for p, v := range staging {
		if v != kubernetes {
			t.Errorf("go.mod: %s is at %s, k8s.io/kubernetes needs %s", p, v, kubernetes)
		}
	}
}
