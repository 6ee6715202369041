package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"k8s.io/mount-utils"
)

// mounts is what the kubelet believes to be mounted. Where the process has mounts of its own, a file system in
// memory is one. Elsewhere that needs root: there it is a folder on the disk, and what is remembered of it is
// what it calls itself.
type mounts struct {
	memory mounter // nil where nothing can be mounted

	mu     sync.Mutex
	points map[string]mount.MountPoint // by path
}

// mounter mounts and unmounts file systems in memory.
type mounter interface {
	// mount mounts one, or changes that which is there, by the options that mount has for a tmpfs.
	mount(target string, options []string) error
	unmount(target string) error
}

var _ mount.Interface = (*mounts)(nil)

func newMounts(m mounter) *mounts { return &mounts{memory: m, points: map[string]mount.MountPoint{}} }

// FileSystem is the type of the file system that a folder or file stands on: tmpfs, or empty for the disk. The
// size, in bytes, is what it was mounted with, or 0.
func (m *mounts) FileSystem(path string) (kind string, size int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for path = filepath.Clean(path); ; path = filepath.Dir(path) {
		if p, ok := m.points[path]; ok {
			return p.Type, sizeOf(p.Opts)
		}
		if path == filepath.Dir(path) {
			return "", 0
		}
	}
}

// sizeOf is the size that options of a tmpfs ask for, as the kubelet gives them: in bytes.
func sizeOf(options []string) (size int64) {
	for _, o := range options {
		if text, ok := strings.CutPrefix(o, "size="); ok {
			size, _ = strconv.ParseInt(text, 10, 64) // what is no number is none
		}
	}
	return size
}

// Mount mounts what can be mounted, and remembers it. What was in memory when the node ended is gone, as after
// a power failure.
func (m *mounts) Mount(source, target, fstype string, options []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	target = filepath.Clean(target)
	if _, again := m.points[target]; !again && fstype == "tmpfs" {
		if err := empty(target); err != nil {
			return err
		}
	}
	if fstype == "tmpfs" && m.memory != nil {
		if err := m.memory.mount(target, options); err != nil {
			return fmt.Errorf("mount a file system in memory at %s: %w", target, err)
		}
	}
	m.points[target] = mount.MountPoint{Device: source, Path: target, Type: fstype, Opts: options}
	return nil
}

// forget drops what was removed without being unmounted; m.mu is held.
func (m *mounts) forget() {
	for path := range m.points {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			delete(m.points, path)
		}
	}
}

func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (m *mounts) MountSensitive(source, target, fstype string, options, _ []string) error {
	return m.Mount(source, target, fstype, options)
}

func (m *mounts) MountSensitiveWithoutSystemd(source, target, fstype string, options, _ []string) error {
	return m.Mount(source, target, fstype, options)
}

func (m *mounts) MountSensitiveWithoutSystemdWithMountFlags(source, target, fstype string, options, _, _ []string) error {
	return m.Mount(source, target, fstype, options)
}

func (m *mounts) Unmount(target string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	target = filepath.Clean(target)
	if m.points[target].Type == "tmpfs" && m.memory != nil {
		if err := m.memory.unmount(target); err != nil {
			return fmt.Errorf("unmount %s: %w", target, err)
		}
	}
	delete(m.points, target)
	return nil
}

func (m *mounts) List() ([]mount.MountPoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	all := make([]mount.MountPoint, 0, len(m.points))
	for _, p := range m.points {
		all = append(all, p)
	}
	return all, nil
}

func (m *mounts) IsLikelyNotMountPoint(file string) (bool, error) {
	is, err := m.IsMountPoint(file)
	return !is, err
}

func (m *mounts) IsMountPoint(file string) (bool, error) {
	if _, err := os.Stat(file); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, is := m.points[filepath.Clean(file)]
	return is, nil
}

func (*mounts) CanSafelySkipMountPointCheck() bool { return false }

func (m *mounts) GetMountRefs(path string) ([]string, error) {
	if strings.TrimSpace(path) == "" {
		return nil, fs.ErrInvalid
	}
	return nil, nil // nothing stands in two places
}
