package native

import (
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// additions are what packages of the standard library get; they are no part of this program.
//
//go:embed overlay/*.go.txt
var additions embed.FS

// makeOverlay writes the changed files into work, and the file that tells the go command of them,
// whose path it returns.
func makeOverlay(work string, t *toolchain, packages []goPackage) (string, error) {
	o := &overlay{work: work, replace: map[string]string{}}
	for _, p := range packages {
		var err error
		switch {
		case p.ImportPath == "runtime" || p.ImportPath == "syscall" || p.ImportPath == "net":
			err = o.weave(t, p)
		case p.addsOS:
			err = o.add(filepath.Join(p.Dir, additionName+".go"), []byte("package main\n\nimport _ \"os\"\n"))
		}
		if err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": o.replace})
	if err != nil {
		return "", fmt.Errorf("describe overlay: %w", err)
	}
	file := filepath.Join(work, "overlay.json")
	return file, os.WriteFile(file, b, 0o600)
}

type overlay struct {
	work    string
	replace map[string]string
}

// add puts a file in the place of another, or where there is none.
func (o *overlay) add(original string, content []byte) error {
	file := filepath.Join(o.work, fmt.Sprintf("%d-%s", len(o.replace), filepath.Base(original)))
	o.replace[original] = file
	return os.WriteFile(file, content, 0o600)
}

// additionName is what an added file is called: no package has one of that name.
const additionName = "learn_container"

// weave gives a package of the standard library its addition, and what it has for this architecture.
func (o *overlay) weave(t *toolchain, p goPackage) error {
	addition, err := additions.ReadFile("overlay/" + p.ImportPath + ".go.txt")
	if err != nil {
		return fmt.Errorf("read addition: %w", err)
	}
	sources, err := p.read()
	if err != nil {
		return err
	}
	w := &weaver{pkg: p.ImportPath, version: t.version}
	changed, err := w.weave(string(addition), sources)
	if err != nil {
		return err
	}
	for name, text := range changed {
		if err := o.add(filepath.Join(p.Dir, name), []byte(text)); err != nil {
			return err
		}
	}
	if table, err := additions.ReadFile("overlay/" + p.ImportPath + "_" + t.arch + ".go.txt"); err == nil {
		if err := o.add(filepath.Join(p.Dir, additionName+"_"+t.arch+".go"), table); err != nil {
			return err
		}
	}
	return o.add(filepath.Join(p.Dir, additionName+".go"), addition)
}

// read returns the package's source files by name.
func (p goPackage) read() (map[string]string, error) {
	out := map[string]string{}
	for _, name := range p.GoFiles {
		b, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, fmt.Errorf("read package %s: %w", p.ImportPath, err)
		}
		out[name] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	return out, nil
}
