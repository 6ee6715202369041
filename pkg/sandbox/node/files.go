package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	corev1 "k8s.io/api/core/v1"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/volume"
	"k8s.io/kubernetes/pkg/volume/util/hostutil"
	"k8s.io/kubernetes/pkg/volume/util/subpath"
	"k8s.io/utils/ptr"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/owner"
)

// hostFiles is the operating system as the kubelet sees it: what it keeps under /var/log/containers
// stands in the node's own folder.
type hostFiles struct {
	kubecontainer.RealOS
	logs string
	name string
}

func (f hostFiles) path(p string) string {
	if rest, ok := strings.CutPrefix(filepath.ToSlash(p), kubeletLogLinks); ok {
		return filepath.Join(f.logs, rest)
	}
	return p
}

const kubeletLogLinks = "/var/log/containers"

func (f hostFiles) Hostname() (string, error)                 { return f.name, nil }
func (f hostFiles) Symlink(old, link string) error            { return os.Symlink(old, f.path(link)) }
func (f hostFiles) Remove(p string) error                     { return os.Remove(f.path(p)) }
func (f hostFiles) Stat(p string) (os.FileInfo, error)        { return os.Stat(f.path(p)) }
func (f hostFiles) MkdirAll(p string, mode os.FileMode) error { return os.MkdirAll(f.path(p), mode) }
func (f hostFiles) Glob(p string) ([]string, error)           { return filepath.Glob(f.path(p)) }

// hostUtil is the real one; nothing here has mount propagation.
type hostUtil struct{ *hostutil.HostUtil }

func (hostUtil) MakeRShared(string) error { return nil }

// subpaths makes a volume's subfolder without the bind mount that the real one needs root for: the
// container's process is told the folder itself.
type subpaths struct{ subpath.FakeSubpath }

// PrepareSafeSubpath resolves the folder now, so that no link of the volume is followed later, and
// refuses one that leads out of the volume, as the real one does.
func (subpaths) PrepareSafeSubpath(s subpath.Subpath) (string, func(), error) {
	root, err := filepath.EvalSymlinks(s.VolumePath)
	if err != nil {
		return "", nil, fmt.Errorf("resolve volume %s: %w", s.VolumeName, err)
	}
	path, err := filepath.EvalSymlinks(s.Path)
	if err != nil {
		return "", nil, fmt.Errorf("resolve subPath of volume %s: %w", s.VolumeName, err)
	}
	rel, err := filepath.Rel(root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return "", nil, fmt.Errorf("subpath %q not inside volume path %q", filepath.Base(s.Path), s.VolumeName)
	}
	return path, nil, nil
}

func (subpaths) SafeMakeDir(subdir, base string, mode os.FileMode) error {
	root, err := os.OpenRoot(base)
	if err != nil {
		return err
	}
	defer root.Close()
	return makeFolders(root, subdir, mode)
}

// makeFolders makes a folder and those above it that are missing, of exactly that mode: the umask of a node
// makes all that it writes the learner's alone, and the users of containers are told apart by modes.
func makeFolders(root *os.Root, name string, mode os.FileMode) error {
	name = filepath.Clean(name)
	if _, err := root.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolders(root, filepath.Dir(name), mode); err != nil {
		return err
	}
	if err := root.Mkdir(name, mode.Perm()); err != nil {
		return err
	}
	if mode&fs.ModeSetgid != 0 {
		inheritGroup(root, name)
	}
	return root.Chmod(name, mode)
}

// inheritGroup gives a new folder to the group of the one that it is in, where the host can tell it.
func inheritGroup(root *os.Root, name string) {
	above, err := root.Open(filepath.Dir(name))
	if err != nil {
		return
	}
	defer above.Close()
	dir, err := root.Open(name)
	if err != nil {
		return
	}
	defer dir.Close()
	_ = owner.Write(dir, owner.ID{GID: owner.Read(above).GID})
}

// nodeDisk is the hostPath plugin on a disk of the node's own, a folder: a Pod that asks for the
// node's / must not get the learner's.
type nodeDisk struct {
	volume.VolumePlugin
	root string
}

func (p nodeDisk) NewMounter(spec *volume.Spec, pod *corev1.Pod) (volume.Mounter, error) {
	s := *spec
	var source *corev1.HostPathVolumeSource
	switch {
	case spec.Volume != nil && spec.Volume.HostPath != nil:
		s.Volume = spec.Volume.DeepCopy()
		source = s.Volume.HostPath
	case spec.PersistentVolume != nil && spec.PersistentVolume.Spec.HostPath != nil:
		s.PersistentVolume = spec.PersistentVolume.DeepCopy()
		source = s.PersistentVolume.Spec.HostPath
	default:
		return nil, errors.New("not a hostPath volume")
	}
	path, err := securejoin.SecureJoin(p.root, source.Path)
	if err != nil {
		return nil, fmt.Errorf("find %s on the node: %w", source.Path, err)
	}
	if source.Type == nil || *source.Type == corev1.HostPathUnset {
		// As container runtimes do with a path that is not there.
		if err := p.make(path); err != nil && !errors.Is(err, fs.ErrExist) && !isFile(path) {
			return nil, fmt.Errorf("make %s on the node: %w", source.Path, err)
		}
	}
	source.Path = path
	m, err := p.VolumePlugin.NewMounter(&s, pod)
	if err != nil {
		return nil, p.onNode(err)
	}
	return diskMounter{m, p}, nil
}

func (p nodeDisk) make(path string) error {
	rel, err := filepath.Rel(p.root, path)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return err
	}
	defer root.Close()
	return makeFolders(root, rel, 0o755)
}

// onNode names paths in an error as the Pod does, not as the host.
func (p nodeDisk) onNode(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.ReplaceAll(err.Error(), p.root+string(filepath.Separator), "/"))
}

type diskMounter struct {
	volume.Mounter
	disk nodeDisk
}

func (m diskMounter) SetUp(a volume.MounterArgs) error { return m.disk.onNode(m.Mounter.SetUp(a)) }

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// localDisk mounts local volumes, which are folders of a node's disk that must be there.
type localDisk struct{ nodeDisk }

func (localDisk) GetPluginName() string { return "kubernetes.io/local-volume" }

func (localDisk) CanSupport(s *volume.Spec) bool {
	return s.PersistentVolume != nil && s.PersistentVolume.Spec.Local != nil
}

func (localDisk) GetVolumeName(s *volume.Spec) (string, error) { return s.Name(), nil }

func (p localDisk) NewMounter(spec *volume.Spec, pod *corev1.Pod) (volume.Mounter, error) {
	if !p.CanSupport(spec) {
		return nil, errors.New("not a local volume")
	}
	s := *spec
	s.PersistentVolume = spec.PersistentVolume.DeepCopy()
	s.PersistentVolume.Spec.Local = nil
	s.PersistentVolume.Spec.HostPath = &corev1.HostPathVolumeSource{Path: spec.PersistentVolume.Spec.Local.Path, Type: ptr.To(corev1.HostPathDirectory)}
	m, err := p.nodeDisk.NewMounter(&s, pod)
	if err != nil {
		return nil, err
	}
	return localMounter{m, spec.PersistentVolume.Spec.Local.Path}, nil
}

// localMounter gives a volume to the Pod's group, which hostPath does not.
type localMounter struct {
	volume.Mounter
	path string // on the node
}

func (m localMounter) SetUp(a volume.MounterArgs) error {
	if _, err := os.Stat(m.GetPath()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("path %q does not exist", m.path)
	}
	if err := m.Mounter.SetUp(a); err != nil {
		return err
	}
	return own(m, m.GetPath(), a.FsGroup, a.FSGroupChangePolicy)
}

func (m localMounter) GetAttributes() volume.Attributes {
	a := m.Mounter.GetAttributes()
	a.Managed = !a.ReadOnly
	return a
}

// owned is a volume plugin of the kubelet's whose files belong to whom the Pod says, as far as the
// programs of containers see. The kubelet itself would give them to another user of the host, which
// needs root.
type owned struct{ volume.VolumePlugin }

type ownedMounter struct {
	volume.Mounter
	written bool // by the kubelet, not by containers
}

func (p owned) NewMounter(spec *volume.Spec, pod *corev1.Pod) (volume.Mounter, error) {
	m, err := p.VolumePlugin.NewMounter(spec, pod)
	if err != nil {
		return nil, err
	}
	return ownedMounter{m, p.GetPluginName() != emptyDir}, nil
}

func (m ownedMounter) SetUp(a volume.MounterArgs) error { return m.SetUpAt(m.GetPath(), a) }

func (m ownedMounter) SetUpAt(dir string, a volume.MounterArgs) error {
	a.FsUser = nil
	if err := m.Mounter.SetUpAt(dir, a); err != nil {
		return err
	}
	if m.written {
		if err := openAll(dir); err != nil {
			return err
		}
	}
	rememberGroup(dir, a.FsGroup)
	return nil
}

const emptyDir = "kubernetes.io/empty-dir"

// openAll gives the folders in a volume that the kubelet writes the mode that the kubelet means.
func openAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil || info.Mode()&0o055 == 0o055 {
			return err
		}
		return os.Chmod(path, info.Mode()|0o055)
	})
}
