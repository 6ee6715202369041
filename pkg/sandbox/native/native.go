// Package native makes programs for practice containers of Go source that knows nothing of them: it
// builds a main package with an overlay over the standard library, in which package net speaks on the
// Pod network and package syscall finds the container's files. Nothing of the learner's source, of the
// Go installation or of the module cache is changed or copied. What such a program is told when it
// starts is in package container, which node and program share; package image keeps what was built.
package native

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
)

// Source is what to build.
type Source struct {
	// Dir is the folder in which the go command runs.
	Dir string
	// Package is a main package as the go command takes it: ./path, or an import path.
	Package string
	// Flags go to the go command: -modfile and the like.
	Flags []string
}

// ErrNoGo says that there is no go command.
var ErrNoGo = errors.New("the go command is not on your PATH; install Go from https://go.dev/dl, then try again")

// Build compiles a program into the file out. What the go command has to say, compile errors above all,
// goes to messages as it is; the error then is a *CompileError.
func Build(ctx context.Context, s Source, out string, messages io.Writer) error {
	if !supported(runtime.GOOS, runtime.GOARCH) {
		return fmt.Errorf("build %s: programs of your own can be built for the sandbox on Linux (amd64, arm64) only, so far; here it is %s/%s", s.Package, runtime.GOOS, runtime.GOARCH)
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return ErrNoGo
	}
	work, err := os.MkdirTemp("", "kubectl-learn-build-")
	if err != nil {
		return fmt.Errorf("build %s: %w", s.Package, err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	t := &toolchain{command: goCommand, dir: s.Dir, flags: s.Flags, messages: messages, arch: runtime.GOARCH}
	if err := t.describe(ctx); err != nil {
		return err
	}
	packages, err := t.list(ctx, s.Package)
	if err != nil {
		return err
	}
	overlay, err := makeOverlay(work, t, packages)
	if err != nil {
		return fmt.Errorf("build %s: %w", s.Package, err)
	}
	// Without the paths of this machine the same source gives the same image.
	args := append(append([]string{"build"}, s.Flags...), "-overlay", overlay, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, s.Package)
	if _, err := t.run(ctx, args...); err != nil {
		return err
	}
	return mark(out)
}

func supported(goos, goarch string) bool {
	return goos == "linux" && (goarch == "amd64" || goarch == "arm64")
}

// mark says at the end of the file that it may be started in a container.
func mark(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("mark program: %w", err)
	}
	_, err = f.WriteString(container.NativeMark)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("mark program: %w", err)
	}
	return nil
}

// CompileError says that the go command refused; it has said why.
type CompileError struct {
	Package string
	Err     error
}

func (e *CompileError) Error() string { return fmt.Sprintf("go build %s: %v", e.Package, e.Err) }
func (e *CompileError) Unwrap() error { return e.Err }

// toolchain is the Go installation that builds a package, which its go.mod has a say in.
type toolchain struct {
	command  string
	dir      string
	flags    []string
	messages io.Writer
	arch     string

	version string
}

func (t *toolchain) describe(ctx context.Context) error {
	b, err := t.run(ctx, "env", "GOVERSION")
	t.version = strings.TrimSpace(string(b))
	return err
}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Name, Dir string
	GoFiles               []string
	DepOnly               bool

	addsOS bool // a main package without package os gets it, and with it what ties it to its node
}

// list is a main package and all that it is built of.
func (t *toolchain) list(ctx context.Context, pkg string) ([]goPackage, error) {
	all, err := t.listAll(ctx, pkg)
	if err != nil {
		return nil, err
	}
	if err := isMain(all, pkg); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(all, func(p goPackage) bool { return p.ImportPath == "os" }) {
		return all, nil
	}
	if all, err = t.listAll(ctx, pkg, "os"); err != nil {
		return nil, err
	}
	for i := range all {
		all[i].addsOS = !all[i].DepOnly && all[i].Name == "main"
	}
	return all, nil
}

func (t *toolchain) listAll(ctx context.Context, names ...string) ([]goPackage, error) {
	args := append(append([]string{"list"}, t.flags...), "-deps", "-json=ImportPath,Name,Dir,GoFiles,DepOnly", "--")
	b, err := t.run(ctx, append(args, names...)...)
	if err != nil {
		return nil, err
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(b)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		all = append(all, p)
	}
}

func isMain(all []goPackage, pkg string) error {
	named := 0
	for _, p := range all {
		if p.DepOnly {
			continue
		}
		if named++; p.Name != "main" {
			return fmt.Errorf("build %s: package %s is no program; name the folder of a package main", pkg, p.Name)
		}
	}
	if named != 1 {
		return fmt.Errorf("build %s: it names %d packages; name the folder of one package main", pkg, named)
	}
	return nil
}

// run runs the go command and returns its standard output.
func (t *toolchain) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.command, args...)
	cmd.Dir = t.dir
	// Without cgo nothing but package net opens a socket. The rest is as the learner has it.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+t.arch)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, t.messages
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &CompileError{Package: args[len(args)-1], Err: err}
	}
	return out.Bytes(), nil
}
