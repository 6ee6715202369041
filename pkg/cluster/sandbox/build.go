package sandbox

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/native"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

var _ cluster.ImageBuilder = (*Handle)(nil)

// shellBase is the built-in image of which a learner's image has its shell.
const shellBase = "alpine:latest"

// BuildImage implements cluster.ImageBuilder.
func (h *Handle) BuildImage(ctx context.Context, o cluster.BuildOptions, p cluster.Progress) (built cluster.BuiltImage, err error) {
	reference := program.Reference(o.Name)
	name, _, _ := strings.Cut(path.Base(reference), ":")
	if strings.Contains(o.Name, "@") || !validName(name) {
		return built, fmt.Errorf("build image %q: an image is called NAME or NAME:TAG, in lower-case letters, digits and dashes", o.Name)
	}
	if _, err := program.Lookup(o.Name); err == nil {
		return built, fmt.Errorf("build image: the sandbox has an image %s of its own; choose another name", program.Familiar(reference))
	}
	done := p.Stage("compile " + o.Package + " with the go command (the first time with the standard library, which takes a while)")
	work, err := os.MkdirTemp("", "kubectl-learn-image-")
	if err != nil {
		return built, fmt.Errorf("build image: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	file := filepath.Join(work, "program")
	err = native.Build(ctx, native.Source{Dir: o.Dir, Package: o.Package}, file, o.Messages)
	done(err)
	if err != nil {
		return built, err
	}
	i := image.Image{
		Reference: reference, Program: "/" + name, Source: filepath.Join(o.Dir, o.Package), Built: time.Now(),
		Files: map[string]program.File{
			"/etc/passwd": {Content: "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"},
			"/etc/group":  {Content: "root:x:0:\nnobody:x:65534:\n"},
		},
	}
	if o.Shell {
		i.Base, i.Files = shellBase, nil
	}
	done = p.Stage("give the image to cluster " + h.config.Name)
	i, err = image.Store{Dir: h.layout.Images()}.Add(ctx, i, file)
	done(err)
	return cluster.BuiltImage{Name: program.Familiar(i.Reference), Reference: i.Reference, Digest: i.Digest, Size: i.Size, Shell: o.Shell}, err
}

func validName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == "" && !strings.HasPrefix(name, "-") && !strings.HasPrefix(name, ".")
}
