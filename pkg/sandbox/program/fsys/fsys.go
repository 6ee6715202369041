// Package fsys is the file system that the programs of one practice container see: the container's
// root folder, the volumes mounted into it, and a small /dev and /proc. Paths are the container's;
// whatever a path or a symbolic link says, nothing outside of those folders can be reached.
package fsys

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
)

// maxLinks is how many symbolic links one path may pass, as in Linux.
const maxLinks = 40

// Proc answers for /proc. name is relative to it ("" is /proc itself). A folder has entries, a file
// has content; what does not exist is fs.ErrNotExist.
type Proc func(name string) (content []byte, entries []string, err error)

// FS is a container's file system. It is safe for use by several goroutines.
type FS struct {
	mounts []*mount // longest path first; the last is the root
	proc   Proc
	user   container.User
}

// mount is one folder or file of the host that stands at a path of the container. Folders are only
// ever touched through an os.Root.
type mount struct {
	path     string
	source   string
	file     string // base name, for a mount that is a single file
	readOnly bool
	kind     string // of file system
	size     int64  // of it, in bytes, or 0

	once sync.Once
	root *os.Root
	err  error
}

// File is an open file. Writing and seeking fail where the file cannot.
type File interface {
	io.Reader
	io.Writer
	io.Seeker
	io.Closer
	Stat() (fs.FileInfo, error)
}

// New returns the file system that spec describes. proc may be nil: /proc is then empty.
func New(spec *container.Spec, proc Proc) *FS {
	f := &FS{proc: proc, user: spec.User}
	for _, m := range spec.Mounts {
		f.mounts = append(f.mounts, &mount{path: clean(m.Path), source: m.Source, readOnly: m.ReadOnly, kind: m.Type, size: m.Size})
	}
	sort.SliceStable(f.mounts, func(i, j int) bool { return len(f.mounts[i].path) > len(f.mounts[j].path) })
	f.mounts = append(f.mounts, &mount{path: "/", source: spec.Root, readOnly: spec.ReadOnlyRoot})
	return f
}

// MakeMountPoints creates the folders and files over which mounts stand, as a container runtime
// does, so that they can be listed. What cannot be created is left out: a mount works without.
func (f *FS) MakeMountPoints() {
	for i := len(f.mounts) - 2; i >= 0; i-- {
		m := f.mounts[i]
		l, err := f.resolve(path.Dir(m.path), true)
		if err != nil {
			over, rel := f.mountOf(path.Dir(m.path))
			if root, err := over.open(); err == nil {
				_ = MakeAll(root, filepath.FromSlash(rel))
			}
			if l, err = f.resolve(path.Dir(m.path), true); err != nil {
				continue
			}
		}
		if l.virtual != nil || l.m == nil {
			continue
		}
		root, err := l.m.open()
		if err != nil {
			continue
		}
		name := filepath.Join(l.rel, path.Base(m.path))
		if _, err := root.Lstat(name); err == nil {
			continue
		}
		if fi, err := os.Stat(m.source); err == nil && !fi.IsDir() {
			if h, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o644); err == nil {
				_ = errors.Join(h.Chmod(0o644), h.Close())
			}
			continue
		}
		_ = MakeAll(root, name)
	}
}

// MakeAll makes a folder and its parents, those that are not there, for every user to enter: the umask is not the
// container's.
func MakeAll(root *os.Root, name string) error {
	if parent := filepath.Dir(name); parent != "." && parent != name {
		if err := MakeAll(root, parent); err != nil {
			return err
		}
	}
	err := root.Mkdir(name, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return errors.Join(err, root.Chmod(name, 0o755))
}

// Close gives back the folders that are held open.
func (f *FS) Close() {
	for _, m := range f.mounts {
		m.once.Do(func() { m.err = fs.ErrClosed })
		if m.root != nil {
			_ = m.root.Close()
		}
	}
}

// open opens the mount's folder, or the folder that its single file stands in.
func (m *mount) open() (*os.Root, error) {
	m.once.Do(func() {
		dir := m.source
		if fi, err := os.Stat(dir); err == nil && !fi.IsDir() {
			m.file, dir = filepath.Base(dir), filepath.Dir(dir)
		}
		m.root, m.err = os.OpenRoot(dir)
	})
	return m.root, m.err
}

// mountOf returns the mount that p, a clean path, is in, and the path within it.
func (f *FS) mountOf(p string) (*mount, string) {
	for _, m := range f.mounts {
		if m.path == "/" {
			return m, relative(strings.TrimPrefix(p, "/"))
		}
		if p == m.path {
			return m, "."
		}
		if strings.HasPrefix(p, m.path) && p[len(m.path)] == '/' {
			return m, p[len(m.path)+1:]
		}
	}
	return nil, ""
}

func relative(p string) string {
	if p == "" {
		return "."
	}
	return p
}

func clean(p string) string { return path.Clean("/" + filepath.ToSlash(p)) }

// location is where a path leads: within a mount, or to something that exists in this package only.
type location struct {
	m       *mount
	rel     string
	path    string // the path with all links but perhaps the last resolved
	virtual *node
}

// hostRel is the path to give to the mount's os.Root.
func (l location) hostRel() string { return filepath.FromSlash(l.rel) }

func (l location) readOnly() bool { return l.m == nil || l.m.readOnly }

// mountPoint says that the location is a mount itself, which can be neither removed nor renamed.
func (l location) mountPoint() bool { return l.m != nil && l.path == l.m.path }

// resolve walks p, which is absolute, one name at a time. Links are read and followed here, as paths
// of the container, so that the os.Root below never meets one unless somebody swaps it in meanwhile,
// and then it refuses what would lead outside. The last name need not exist.
func (f *FS) resolve(p string, follow bool) (location, error) {
	rest := split(p)
	slash := strings.HasSuffix(p, "/") && len(rest) > 0
	cur := "/"
	links := 0
	loc, err := f.at("/")
	if err != nil {
		return loc, err
	}
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			cur = path.Dir(cur)
			if loc, err = f.at(cur); err != nil {
				return loc, err
			}
			continue
		}
		next := path.Join(cur, name)
		if loc, err = f.at(next); err != nil {
			return loc, err
		}
		last := len(rest) == 0
		target, isDir, err := f.link(loc)
		switch {
		case errors.Is(err, fs.ErrNotExist) && last:
			loc.path = next
			return loc, nil
		case err != nil:
			return loc, err
		case target != "" && (!last || follow || slash):
			if links++; links > maxLinks {
				return loc, syscall.ELOOP
			}
			rest = append(split(target), rest...)
			if strings.HasPrefix(target, "/") {
				cur = "/"
			}
			if len(rest) == 0 {
				if loc, err = f.at(cur); err != nil {
					return loc, err
				}
			}
			continue
		case !isDir && (!last || slash):
			return loc, syscall.ENOTDIR
		}
		if !last {
			if err := f.maySearch(loc); err != nil {
				return loc, err
			}
		}
		cur = next
	}
	return loc, nil
}

func split(p string) []string {
	var names []string
	for _, n := range strings.Split(filepath.ToSlash(p), "/") {
		if n != "" && n != "." {
			names = append(names, n)
		}
	}
	return names
}

// at finds who answers for a path of which all parents are resolved.
func (f *FS) at(p string) (location, error) {
	m, rel := f.mountOf(p)
	if m.path == "/" || m.path == "/dev" || m.path == "/proc" {
		if n := f.virtual(p); n != nil {
			return location{path: p, virtual: n}, nil
		}
		if p == "/proc" || strings.HasPrefix(p, "/proc/") {
			return location{path: p}, fs.ErrNotExist
		}
	}
	if _, err := m.open(); err != nil {
		return location{m: m, path: p}, err
	}
	if m.file != "" {
		if rel != "." {
			return location{m: m, path: p}, syscall.ENOTDIR
		}
		rel = m.file
	}
	return location{m: m, rel: rel, path: p}, nil
}

// link returns the target if the location is a symbolic link, and whether it is a folder.
func (f *FS) link(l location) (target string, isDir bool, err error) {
	if l.virtual != nil {
		return l.virtual.target, l.virtual.mode.IsDir(), nil
	}
	if l.mountPoint() {
		return "", l.m.file == "", nil
	}
	root, err := l.m.open()
	if err != nil {
		return "", false, err
	}
	fi, err := root.Lstat(l.hostRel())
	if err != nil {
		if f.above(l.path) {
			return "", true, nil
		}
		return "", false, err
	}
	if fi.Mode()&fs.ModeSymlink == 0 {
		return "", fi.IsDir(), nil
	}
	target, err = root.Readlink(l.hostRel())
	return filepath.ToSlash(target), false, err
}

// above says that some mount, or a device, stands below p.
func (f *FS) above(p string) bool {
	if p == "/dev" {
		return true
	}
	for _, m := range f.mounts {
		if m.path != "/" && strings.HasPrefix(m.path, strings.TrimSuffix(p, "/")+"/") {
			return true
		}
	}
	return false
}

// info is a FileInfo under the name by which the container knows the file.
type info struct {
	fs.FileInfo
	name string
}

func (i info) Name() string { return i.name }

// folder stands for a folder that exists only because something is mounted below it.
func folder(name string) fs.FileInfo {
	return &node{name: name, mode: fs.ModeDir | 0o755, modTime: time.Unix(0, 0)}
}
