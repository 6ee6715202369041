package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/kubectl-learn/kubectl-learn"

// graph is what each package imports. Packages of this module have their path in the module
// ("pkg/lesson"), all others their import path ("k8s.io/api/core/v1").
type graph map[string][]string

// chain returns the shortest way by which from comes to import a package that forbidden accepts,
// both ends included, or nil. Packages for which stop is true are not looked into.
func (g graph) chain(from string, stop, forbidden func(string) bool) []string {
	cameFrom := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		if p != from && forbidden(p) {
			var way []string
			for ; p != ""; p = cameFrom[p] {
				way = append(way, p)
			}
			slices.Reverse(way)
			return way
		}
		if p != from && stop(p) {
			continue
		}
		for _, i := range g[p] {
			if _, seen := cameFrom[i]; !seen {
				cameFrom[i] = p
				queue = append(queue, i)
			}
		}
	}
	return nil
}

// own are the packages of this module in g, sorted.
func (g graph) own() []string {
	var own []string
	for p := range g {
		if isOwn(p) {
			own = append(own, p)
		}
	}
	slices.Sort(own)
	return own
}

// isOwn tells a path in the module from an import path by what the module's folders are called.
func isOwn(p string) bool {
	for _, top := range []string{"cmd", "pkg", "internal", "lessons", "e2e", "krew"} {
		if within(p, top) {
			return true
		}
	}
	return false
}

// within says whether p is the package folder or one below it.
func within(p, folder string) bool {
	return p == folder || strings.HasPrefix(p, folder+"/")
}

// systems are those for which the program is built; each has files of its own.
var systems = []string{"linux", "darwin", "windows"}

// load reads the import graph of the whole program, tests left out, for all systems together.
var load = sync.OnceValues(func() (graph, error) {
	g := graph{}
	for _, system := range systems {
		if err := g.add(system); err != nil {
			return nil, err
		}
	}
	return g, nil
})

func (g graph) add(system string) error {
	// -e, since a package that does not compile is another test's business.
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root()
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, i := range p.Imports {
			i = strings.TrimPrefix(i, module+"/")
			if !slices.Contains(g[name], i) {
				g[name] = append(g[name], i)
			}
		}
		g[name] = append(g[name], []string{}...) // is there, though it may import nothing
	}
}

// root is the module's folder.
func root() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	panic("go.mod is in no folder above the test on " + runtime.GOOS)
}

func loaded(t *testing.T) graph {
	t.Helper()
	g, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(g.own()) < 10 {
		t.Fatalf("only %d packages of the module were found", len(g.own()))
	}
	return g
}
