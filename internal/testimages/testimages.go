// Package testimages makes the images that Kubernetes' own end-to-end tests run in Pods: agnhost, the
// sample API server and etcd. They are built unmodified from the module proxy (package native) under
// the names that the tests pull, and put into a practice cluster's store. Nothing of their sources is in
// this module. Folder put is the command for trying it by hand.
package testimages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/native"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// base is the built-in image that the others have their shell and commands of. They are Alpine Linux's, and agnhost
// has curl and dig besides, as netshoot.
const base, agnhostBase = "alpine:latest", "nicolaka/netshoot:latest"

// recipe is how an image is made.
type recipe struct {
	name  string // of the program's file
	pkg   string
	files func(module func(path string) (string, error)) (map[string]program.File, error)
	image image.Image
	// also are other references that get the same: earlier versions, which specs want to be different only by name.
	also []string
}

// recipes are the images by the tags that k8s.io/kubernetes/test/utils/image of the version in go.mod
// has; a test compares them.
func recipes() []recipe {
	return []recipe{
		{"agnhost", "k8s.io/kubernetes/test/images/agnhost", agnhostFiles, image.Image{
			Reference: "registry.k8s.io/e2e-test-images/agnhost:2.66.1", Program: "/agnhost", Cmd: []string{"pause"}, Base: agnhostBase,
			ExposedPorts: []string{"80/tcp", "5000/tcp", "8080/tcp", "8081/tcp", "9376/tcp"},
		}, []string{"registry.k8s.io/e2e-test-images/agnhost:2.55"}},
		{"sample-apiserver", "k8s.io/sample-apiserver", nil, image.Image{
			Reference: "registry.k8s.io/e2e-test-images/sample-apiserver:1.29.2", Program: "/sample-apiserver", Base: base,
		}, nil},
		{"etcd", "go.etcd.io/etcd/server/v3", nil, image.Image{
			Reference: "registry.k8s.io/etcd:3.7.0-0", Program: "/usr/local/bin/etcd", Base: base,
		}, nil},
	}
}

// agnhostFiles is what agnhost's Dockerfile puts beside the program.
func agnhostFiles(module func(string) (string, error)) (map[string]program.File, error) {
	dir, err := module("k8s.io/kubernetes")
	if err != nil {
		return nil, err
	}
	files := map[string]program.File{
		"/agnhost-2": {Link: "/agnhost"},
		"/uploads":   {Dir: true},
	}
	for _, name := range []string{"localhost.crt", "localhost.key"} {
		b, err := os.ReadFile(filepath.Join(dir, "test", "images", "agnhost", "porter", name))
		if err != nil {
			return nil, fmt.Errorf("read the files of agnhost: %w", err)
		}
		files["/"+name] = program.File{Content: string(b)}
	}
	alpine, err := program.Lookup(agnhostBase)
	if err != nil {
		return nil, err
	}
	for name, line := range map[string]string{
		"/etc/passwd": "user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh\n",
		"/etc/group":  "user-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n",
	} {
		f := alpine.Files[name]
		f.Content += line
		files[name] = f
	}
	return files, nil
}

// Builder makes images.
type Builder struct {
	// Root is the folder of this module's go.mod, which says in which versions the programs are built.
	Root string
	// Cache is the folder in which built programs stay, since some take minutes. Whoever changes package
	// native or go.mod empties it.
	Cache string
	// Messages is where the go command speaks.
	Messages io.Writer
}

// Put builds the named images, or all, and puts them into a store.
func (b Builder) Put(ctx context.Context, s image.Store, names ...string) error {
	for _, r := range recipes() {
		if len(names) > 0 && !slices.Contains(names, r.name) {
			continue
		}
		i := r.image
		i.Source, i.Built = r.pkg, time.Now()
		if r.files != nil {
			var err error
			if i.Files, err = r.files(func(path string) (string, error) { return b.module(ctx, path) }); err != nil {
				return err
			}
		}
		file, err := b.program(ctx, r)
		if err != nil {
			return err
		}
		for _, reference := range append([]string{i.Reference}, r.also...) {
			i.Reference = reference
			if _, err := s.Add(ctx, i, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// program builds a program unless it is in the cache.
func (b Builder) program(ctx context.Context, r recipe) (string, error) {
	file := filepath.Join(b.Cache, r.name)
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	work, err := os.MkdirTemp("", "learn-testimages-")
	if err != nil {
		return "", fmt.Errorf("build %s: %w", r.name, err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	mod, err := b.modfile(work, r)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", r.name, err)
	}
	if err := os.MkdirAll(b.Cache, 0o700); err != nil {
		return "", fmt.Errorf("build %s: %w", r.name, err)
	}
	built := filepath.Join(work, r.name)
	source := native.Source{Dir: b.Root, Package: r.pkg, Flags: []string{"-modfile=" + mod, "-mod=mod"}}
	if err := native.Build(ctx, source, built, b.Messages); err != nil {
		return "", err
	}
	return file, move(built, file)
}

// modfile is our go.mod with what the program needs besides. Staging modules have the version of ours.
func (b Builder) modfile(work string, r recipe) (string, error) {
	text, err := os.ReadFile(filepath.Join(b.Root, "go.mod"))
	if err != nil {
		return "", err
	}
	sums, err := os.ReadFile(filepath.Join(b.Root, "go.sum"))
	if err != nil {
		return "", err
	}
	if !strings.Contains(string(text), "\t"+r.pkg+" v") && strings.HasPrefix(r.pkg, "k8s.io/sample-apiserver") {
		version, ok := versionOf(string(text), "k8s.io/apiserver")
		if !ok {
			return "", errors.New("go.mod does not name k8s.io/apiserver")
		}
		text = append(text, "\nrequire "+r.pkg+" "+version+"\n"...)
	}
	mod := filepath.Join(work, "go.mod")
	return mod, errors.Join(os.WriteFile(mod, text, 0o600), os.WriteFile(filepath.Join(work, "go.sum"), sums, 0o600))
}

func versionOf(mod, module string) (string, bool) {
	for line := range strings.Lines(mod) {
		if f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require ")); len(f) >= 2 && f[0] == module {
			return f[1], true
		}
	}
	return "", false
}

// module is the folder in which the go command has a module's sources.
func (b Builder) module(ctx context.Context, path string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", path)
	cmd.Dir, cmd.Stderr = b.Root, b.Messages
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find module %s: %w", path, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// move takes a file to where others find it whole or not at all.
func move(from, to string) error {
	if os.Rename(from, to) == nil {
		return nil
	}
	b, err := os.ReadFile(from) // another disk
	if err != nil {
		return err
	}
	if err := os.WriteFile(to+".new", b, 0o700); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}
