package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// result is what the check of one target found.
type result struct {
	own, imported int
	problems      []string // file:line:col: what, sorted
}

// check type-checks the module in dir for one target.
func check(ctx context.Context, dir string, t target) (result, error) {
	packages, err := list(ctx, dir, t)
	if err != nil {
		return result{}, err
	}
	c := &checker{
		dir:   dir,
		sizes: types.SizesFor("gc", t.arch),
		units: make(map[string]*unit, len(packages)),
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	if c.sizes == nil {
		return result{}, fmt.Errorf("unknown GOARCH %q", t.arch)
	}
	for _, p := range packages {
		c.units[p.ImportPath] = &unit{listed: p, done: make(chan struct{})}
	}
	var wait sync.WaitGroup
	for _, u := range c.units {
		wait.Go(func() { c.check(ctx, u) })
	}
	wait.Wait()
	return c.collect(), ctx.Err()
}

// unit is one package on its way.
type unit struct {
	*listed
	done     chan struct{} // closed when pkg and problems are set
	pkg      *types.Package
	problems []string
}

type checker struct {
	dir   string
	sizes types.Sizes
	units map[string]*unit
	slots chan struct{} // as many packages at a time as there are processors
}

// check waits for the imports of u, then checks u. The import graph has no cycles (the go command
// reports them as errors and lists such packages without their files), so the waiting ends.
func (c *checker) check(ctx context.Context, u *unit) {
	defer close(u.done)
	if u.Error != nil {
		u.problems = append(u.problems, strings.TrimPrefix(u.Error.Pos+": "+strings.TrimSpace(u.Error.Err), ": "))
		return
	}
	if u.ImportPath == "unsafe" {
		u.pkg = types.Unsafe
		return
	}
	if u.generated() {
		return
	}
	for _, path := range u.Imports {
		if dep := c.units[u.resolve(path)]; dep != nil && dep != u {
			<-dep.done
		}
	}
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	if ctx.Err() == nil {
		c.typeCheck(u)
	}
}

func (c *checker) typeCheck(u *unit) {
	// A file set a package: positions are only needed until its errors are written down.
	fset := token.NewFileSet()
	files := c.parse(fset, u)
	config := types.Config{
		Importer:         importer{c, u},
		Sizes:            c.sizes,
		IgnoreFuncBodies: !u.own(),
		Error: func(err error) {
			var terr types.Error
			if errors.As(err, &terr) && !terr.Soft || u.own() {
				u.problems = append(u.problems, c.relative(err.Error()))
			}
		},
	}
	if u.own() && u.Module.GoVersion != "" {
		config.GoVersion = "go" + u.Module.GoVersion
	}
	path, _, _ := strings.Cut(u.ImportPath, " ") // without the " [p.test]" of a test variant
	u.pkg, _ = config.Check(path, fset, files, nil)
}

func (c *checker) parse(fset *token.FileSet, u *unit) []*ast.File {
	var files []*ast.File
	for _, name := range u.GoFiles {
		if !filepath.IsAbs(name) {
			name = filepath.Join(u.Dir, name)
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			u.problems = append(u.problems, c.relative(err.Error()))
		}
		if f == nil {
			continue
		}
		if !u.own() {
			dropBodies(f)
		}
		files = append(files, f)
	}
	return files
}

// dropBodies frees the memory of what is not checked. An empty body stays, since a function
// with type parameters, and init, must have one.
func dropBodies(f *ast.File) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			fn.Body = &ast.BlockStmt{Lbrace: fn.Body.Lbrace, Rbrace: fn.Body.Rbrace}
		}
	}
}

// importer finds the packages that one unit imports.
type importer struct {
	c *checker
	u *unit
}

func (i importer) Import(path string) (*types.Package, error) {
	dep := i.c.units[i.u.resolve(path)]
	if dep == nil || dep.pkg == nil {
		return nil, fmt.Errorf("package %s could not be loaded", path)
	}
	return dep.pkg, nil
}

// relative makes the file of a problem relative to the module's folder.
func (c *checker) relative(problem string) string {
	abs, err := filepath.Abs(c.dir)
	if err != nil {
		return problem
	}
	return strings.TrimPrefix(problem, abs+string(filepath.Separator))
}

func (c *checker) collect() result {
	var r result
	for _, u := range c.units {
		if u.own() {
			r.own++
		} else {
			r.imported++
		}
		r.problems = append(r.problems, u.problems...)
	}
	// A package and its test variant report the same.
	slices.Sort(r.problems)
	r.problems = slices.Compact(r.problems)
	return r
}
