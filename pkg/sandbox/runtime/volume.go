package runtime

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	spec "github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// mounts are the volumes of a container, as its programs are told of them. An image volume is unpacked into
// the container's folder.
func (r *Runtime) mounts(c *container) (all []spec.Mount, err error) {
	for i, m := range c.config.GetMounts() {
		source := m.GetHostPath()
		if m.GetImage().GetImage() != "" {
			if source, err = unpackVolume(filepath.Join(c.dir, "image-"+strconv.Itoa(i)), m); err != nil {
				return nil, fmt.Errorf("mount image %s: %w", m.GetImage().GetUserSpecifiedImage(), err)
			}
		}
		if m.GetContainerPath() == "/etc/hosts" {
			_ = os.Chmod(source, 0o644) // the kubelet's own, less the node's umask
		}
		mount := spec.Mount{Path: m.GetContainerPath(), Source: source, ReadOnly: m.GetReadonly()}
		if r.o.FileSystem != nil {
			mount.Type, mount.Size = r.o.FileSystem(source)
		}
		all = append(all, mount)
	}
	return all, nil
}

func unpackVolume(dir string, m *runtimeapi.Mount) (string, error) {
	ref := m.GetImage().GetUserSpecifiedImage()
	if ref == "" {
		ref = m.GetImage().GetImage()
	}
	image, err := program.Lookup(ref)
	if err != nil {
		return "", err
	}
	if err := program.Unpack(image, dir); err != nil {
		return "", err
	}
	sub := m.GetImageSubPath()
	if sub == "" {
		return dir, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	if _, err := root.Stat(filepath.FromSlash(sub)); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("subpath %q does not exist in the image", sub)
	} else if err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.FromSlash(sub)), nil
}
