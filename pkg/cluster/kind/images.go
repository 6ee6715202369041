package kind

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	"sigs.k8s.io/kind/pkg/exec"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

const (
	// ImageVariable names the node image of clusters for which none is asked.
	ImageVariable = "KUBECTL_LEARN_NODE_IMAGE"
	// nodeRepository is where kind's published node images are, by Kubernetes version.
	nodeRepository = "kindest/node"
	// download is about what a node image weighs, for those who wait.
	download = "about 400 MB"
)

// nodeImage says which image nodes are made of.
func nodeImage(o cluster.CreateOptions, getenv func(string) string) (string, error) {
	switch {
	case o.Image != "" && o.Version != "":
		return "", errors.New("give --image or --kubernetes-version, not both: the image brings its version")
	case o.Image != "":
		return o.Image, nil
	case o.Version != "":
		return nodeRepository + ":v" + strings.TrimPrefix(o.Version, "v"), nil
	case getenv(ImageVariable) != "":
		return getenv(ImageVariable), nil
	}
	return defaults.Image, nil
}

// tagged is the version that an image's tag names, empty where it has none.
func tagged(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[i+1:]
	}
	return ""
}

// image makes sure that the engine has the node image: from an archive, or by pulling it. Unlike
// kind's own pull this one can be broken off.
func (h *Handle) image(ctx context.Context, p cluster.Progress) (err error) {
	for _, file := range h.record.Archives {
		if err := h.loadNodeImage(ctx, file, p); err != nil {
			return err
		}
	}
	image := h.engine.fullName(h.record.Image)
	if h.engine.hasImage(ctx, image) {
		return nil
	}
	p.Note("The node image %s is not here yet; downloading it once, %s.", plainImage(image), download)
	done := p.Stage("download node image")
	defer func() { done(err) }()
	if err := h.pull(ctx, image); err != nil {
		return fmt.Errorf(`download node image %s: %w
  Without internet: docker save it on another machine, then
  `+plugin.Command+` cluster create --image-archive FILE --image NAME.
  Without any download: `+plugin.Command+` cluster create --provider sandbox`, plainImage(image), err)
	}
	return nil
}

// plainImage leaves the digest out, which people do not read.
func plainImage(image string) string {
	name, _, _ := strings.Cut(image, "@")
	return name
}

func (h *Handle) pull(ctx context.Context, image string) error {
	_, err := h.engine.run(ctx, "pull", image)
	return err
}

// loadNodeImage gives the engine an archive that has a node image in it.
func (h *Handle) loadNodeImage(ctx context.Context, file string, p cluster.Progress) (err error) {
	tags, err := archiveTags(file)
	if err != nil || !slices.ContainsFunc(tags, nodeTag) {
		return err
	}
	done := p.Stage("load node image from " + file)
	defer func() { done(err) }()
	if _, err := h.engine.run(ctx, "load", "-i", file); err != nil {
		return fmt.Errorf("load node image from %s: %w", file, err)
	}
	if h.engine.name != podman {
		return nil
	}
	// podman takes a name without a registry for one of its own, localhost/NAME.
	for _, tag := range tags {
		if local := "localhost/" + tag; h.engine.hasImage(ctx, local) {
			if _, err := h.engine.run(ctx, "tag", local, h.engine.fullName(tag)); err != nil {
				return fmt.Errorf("name node image %s: %w", tag, err)
			}
		}
	}
	return nil
}

// nodeTag says that an image is for nodes, and not for containers in the cluster.
func nodeTag(tag string) bool { return strings.Contains(tag, nodeRepository+":") }

// forPods are those of an archive's images that are for containers in the cluster.
func forPods(tags []string) []string {
	return slices.DeleteFunc(slices.Clone(tags), nodeTag)
}

// LoadImages implements cluster.ImageLoader. Node images go to the engine, all others on the nodes.
func (h *Handle) LoadImages(ctx context.Context, file string, p cluster.Progress) error {
	return h.locked(ctx, p, func() error {
		if err := h.loadNodeImage(ctx, file, p); err != nil {
			return err
		}
		return h.loadImages(ctx, file, p)
	})
}

// loadImages puts an archive's images on every node that runs, node images excepted.
func (h *Handle) loadImages(ctx context.Context, file string, p cluster.Progress) (err error) {
	tags, err := archiveTags(file)
	if err != nil {
		return err
	}
	images := forPods(tags)
	if len(images) == 0 {
		return nil
	}
	done := p.Stage(fmt.Sprintf("load %d images from %s", len(images), file))
	defer func() { done(err) }()
	running, err := h.running(ctx)
	if err != nil {
		return err
	}
	if len(images) < len(tags) {
		part, err := h.savePart(ctx, images)
		if err != nil {
			return fmt.Errorf("load images from %s: %w", file, err)
		}
		defer os.Remove(part)
		file = part
	}
	for _, n := range running {
		if err := loadArchive(n, file); err != nil {
			return fmt.Errorf("load images from %s: node %s: %w", file, n, said(err))
		}
	}
	return nil
}

// savePart writes those images of an archive that nodes get into a file of their own: a node's
// runtime takes an archive whole. The engine has them, since it loaded the archive for its node image.
func (h *Handle) savePart(ctx context.Context, images []string) (file string, err error) {
	f, err := os.CreateTemp(string(h.folder), "images-*.tar")
	if err != nil {
		return "", err
	}
	args := []string{"save", "-o", f.Name()}
	for _, image := range images {
		args = append(args, h.engine.fullName(image))
	}
	if _, err := h.engine.run(ctx, args...); err != nil {
		return "", errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f.Name(), f.Close()
}

func loadArchive(n nodes.Node, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return nodeutils.LoadImageArchive(n, bufio.NewReaderSize(f, 1<<20))
}

// archiveTags reads which images an archive has, from docker's list of them or OCI's index.
func archiveTags(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read image archive: %w", err)
	}
	defer f.Close()
	var found []string
	for entries := tar.NewReader(f); ; {
		e, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read image archive %s: %w: it must be a file that docker save wrote, not compressed", file, err)
		}
		if e.Name == "manifest.json" || e.Name == "index.json" {
			tags, err := listed(entries)
			if err != nil {
				return nil, fmt.Errorf("read image archive %s: %s: %w", file, e.Name, err)
			}
			found = append(found, tags...)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("read image archive %s: no image with a name is in it; write it with docker save -o FILE NAME:TAG", file)
	}
	return found, nil
}

// listed reads names from the content of manifest.json or index.json.
func listed(r io.Reader) ([]string, error) {
	b, err := io.ReadAll(io.LimitReader(r, 16<<20))
	if err != nil {
		return nil, err
	}
	var docker []struct{ RepoTags []string }
	if json.Unmarshal(b, &docker) == nil {
		var tags []string
		for _, image := range docker {
			tags = append(tags, image.RepoTags...)
		}
		return tags, nil
	}
	var oci struct {
		Manifests []struct{ Annotations map[string]string }
	}
	if err := json.Unmarshal(b, &oci); err != nil {
		return nil, err
	}
	var tags []string
	for _, m := range oci.Manifests {
		if name := m.Annotations["io.containerd.image.name"]; name != "" {
			tags = append(tags, name)
		}
	}
	return tags, nil
}

// said adds to an error of one of kind's commands the last line of what the command said.
func said(err error) error {
	if e := exec.RunErrorForError(err); e != nil && len(e.Output) > 0 {
		return fmt.Errorf("%w: %s", err, lastLine(string(e.Output)))
	}
	return err
}
