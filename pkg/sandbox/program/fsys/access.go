package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

// fail turns an error of any layer into one with the container's path.
func fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		err = e
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) && strings.Contains(err.Error(), "escapes") {
		// A link that was swapped in between looking and opening: there is no such file in here.
		err = syscall.ENOENT
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// find resolves name and gives the root to act on, which is nil for what is virtual.
func (f *FS) find(name string, follow bool) (location, *os.Root, error) {
	l, err := f.resolve(name, follow)
	if err != nil || l.virtual != nil {
		return l, nil, err
	}
	root, err := l.m.open()
	return l, root, err
}

// change is find for what is about to be altered.
func (f *FS) change(name string, follow bool) (location, *os.Root, error) {
	l, root, err := f.find(name, follow)
	if err != nil {
		return l, root, err
	}
	if l.virtual != nil {
		return l, nil, syscall.EPERM
	}
	if l.readOnly() {
		return l, root, syscall.EROFS
	}
	return l, root, nil
}

// Open opens a file for reading.
func (f *FS) Open(name string) (File, error) { return f.OpenFile(name, os.O_RDONLY, 0) }

// OpenFile is os.OpenFile for a path of the container. Errors are *fs.PathError with that path.
func (f *FS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	if name == "" {
		return nil, fail("open", name, syscall.ENOENT)
	}
	l, root, err := f.find(name, true)
	if err != nil {
		return nil, fail("open", name, err)
	}
	if l.virtual != nil {
		if l.virtual.device == "" && flag&(os.O_WRONLY|os.O_RDWR) != 0 {
			return nil, fail("open", name, syscall.EACCES)
		}
		h, err := l.virtual.open()
		if err != nil {
			return nil, fail("open", name, err)
		}
		return h, nil
	}
	if l.readOnly() && flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC) != 0 {
		if _, err := root.Lstat(l.hostRel()); err == nil && flag&(os.O_WRONLY|os.O_RDWR|os.O_TRUNC) == 0 {
			flag &^= os.O_CREATE
		} else {
			return nil, fail("open", name, syscall.EROFS)
		}
	}
	made, err := f.mayOpen(l, root, flag)
	if err != nil {
		return nil, fail("open", name, err)
	}
	h, err := root.OpenFile(l.hostRel(), flag|nonBlocking, perm)
	if err != nil {
		return nil, fail("open", name, err)
	}
	if made {
		f.own(l, h)
	}
	return h, nil
}

// Stat follows links.
func (f *FS) Stat(name string) (fs.FileInfo, error) { return f.stat("stat", name, true) }

// Lstat does not follow the last link.
func (f *FS) Lstat(name string) (fs.FileInfo, error) { return f.stat("lstat", name, false) }

func (f *FS) stat(op, name string, follow bool) (fs.FileInfo, error) {
	if name == "" {
		return nil, fail(op, name, syscall.ENOENT)
	}
	l, root, err := f.find(name, follow)
	if err != nil {
		return nil, fail(op, name, err)
	}
	if l.virtual != nil {
		return l.virtual, nil
	}
	fi, err := root.Lstat(l.hostRel())
	if err != nil && f.above(l.path) {
		return folder(path.Base(l.path)), nil
	}
	if err != nil {
		return nil, fail(op, name, err)
	}
	return info{fi, path.Base(l.path)}, nil
}

// ReadDir lists a folder, sorted by name, mount points included.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	l, root, err := f.find(name, true)
	if err != nil {
		return nil, fail("open", name, err)
	}
	if l.virtual != nil && !l.virtual.IsDir() {
		return nil, fail("readdir", name, syscall.ENOTDIR)
	}
	if l.virtual == nil {
		if err := f.may(l, root, read); err != nil && !f.above(l.path) {
			return nil, fail("open", name, err)
		}
	}
	have := map[string]fs.DirEntry{}
	if l.virtual != nil {
		for _, e := range l.virtual.entries {
			if fi, err := f.Lstat(path.Join(l.path, e)); err == nil {
				have[e] = fs.FileInfoToDirEntry(fi)
			}
		}
	} else if err := list(root, l, have); err != nil && !f.above(l.path) {
		return nil, fail("readdir", name, err)
	}
	f.addMounts(l.path, have)
	out := make([]fs.DirEntry, 0, len(have))
	for _, e := range have {
		out = append(out, e)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name() < out[j].Name() })
	return out, nil
}

func list(root *os.Root, l location, have map[string]fs.DirEntry) error {
	fi, err := root.Lstat(l.hostRel())
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return syscall.ENOTDIR
	}
	h, err := root.Open(l.hostRel())
	if err != nil {
		return err
	}
	defer h.Close()
	entries, err := h.ReadDir(-1)
	for _, e := range entries {
		have[e.Name()] = e
	}
	return err
}

// addMounts adds what is mounted in dir, and the devices and /proc.
func (f *FS) addMounts(dir string, have map[string]fs.DirEntry) {
	var names []string
	for _, m := range f.mounts {
		if rest, ok := strings.CutPrefix(m.path, strings.TrimSuffix(dir, "/")+"/"); ok && rest != "" {
			first, _, _ := strings.Cut(rest, "/")
			names = append(names, first)
		}
	}
	switch dir {
	case "/":
		names = append(names, "proc")
	case "/dev":
		names = append(names, devices[:]...)
	}
	for _, n := range names {
		if fi, err := f.Lstat(path.Join(dir, n)); err == nil {
			have[n] = fs.FileInfoToDirEntry(info{fi, n})
		}
	}
}

// ReadFile reads a whole file.
func (f *FS) ReadFile(name string) ([]byte, error) {
	h, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	b, err := readAll(h)
	return b, fail("read", name, err)
}

// WriteFile writes a whole file, creating it with perm if need be.
func (f *FS) WriteFile(name string, b []byte, perm fs.FileMode) error {
	h, err := f.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	_, err = h.Write(b)
	return fail("write", name, errors.Join(err, h.Close()))
}

// Mkdir makes one folder.
func (f *FS) Mkdir(name string, perm fs.FileMode) error {
	l, root, err := f.find(name, false)
	if err == nil {
		if _, e := f.Lstat(name); e == nil {
			return fail("mkdir", name, syscall.EEXIST)
		}
		if l.readOnly() {
			err = syscall.EROFS
		}
	}
	if err == nil {
		err = f.mayChange(l)
	}
	if err == nil {
		err = root.Mkdir(l.hostRel(), perm)
	}
	if err == nil {
		f.ownFolder(l, root)
	}
	return fail("mkdir", name, err)
}

// MkdirAll makes a folder and its parents.
func (f *FS) MkdirAll(name string, perm fs.FileMode) error {
	fi, err := f.Stat(name)
	if err == nil {
		if fi.IsDir() {
			return nil
		}
		return fail("mkdir", name, syscall.EEXIST)
	}
	if parent := path.Dir(path.Clean(name)); parent != path.Clean(name) {
		if err := f.MkdirAll(parent, perm); err != nil {
			return err
		}
	}
	err = f.Mkdir(name, perm)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Remove removes a file, a link or an empty folder.
func (f *FS) Remove(name string) error {
	l, root, err := f.change(name, false)
	if err == nil && (l.mountPoint() || f.above(l.path)) {
		err = syscall.EBUSY
	}
	if err == nil {
		err = f.mayRemove(l, root)
	}
	if err == nil {
		err = root.Remove(l.hostRel())
	}
	return fail("remove", name, err)
}

// RemoveAll removes name and all below it; what is not there is no error.
func (f *FS) RemoveAll(name string) error {
	l, root, err := f.change(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && (l.mountPoint() || f.above(l.path)) {
		err = syscall.EBUSY
	}
	if err == nil {
		err = f.mayRemove(l, root)
	}
	if err == nil && f.user.UID != 0 {
		f.emptyFirst(l)
		err = root.Remove(l.hostRel())
	} else if err == nil {
		err = root.RemoveAll(l.hostRel())
	}
	return fail("remove", name, err)
}

// Rename moves a file or folder; from one mount to another it is refused as Linux does (EXDEV).
func (f *FS) Rename(from, to string) error {
	a, root, err := f.change(from, false)
	if err != nil {
		return fail("rename", from, err)
	}
	b, toRoot, err := f.change(to, false)
	switch {
	case err != nil:
	case a.mountPoint() || b.mountPoint() || f.above(a.path):
		err = syscall.EBUSY
	case a.m != b.m:
		err = syscall.EXDEV
	default:
		if err = f.mayRemove(a, root); err == nil {
			err = f.mayRemove(b, toRoot)
		}
		if err == nil {
			err = root.Rename(a.hostRel(), b.hostRel())
		}
	}
	return fail("rename", to, err)
}

// Symlink makes a link at name. The target is taken as it is: it is a path of the container, and
// means nothing on the host.
func (f *FS) Symlink(target, name string) error {
	l, root, err := f.change(name, false)
	if err == nil {
		err = f.mayChange(l)
	}
	if err == nil {
		err = root.Symlink(target, l.hostRel())
	}
	return fail("symlink", name, err)
}

// Link makes a hard link.
func (f *FS) Link(from, name string) error {
	a, root, err := f.change(from, false)
	if err != nil {
		return fail("link", from, err)
	}
	b, _, err := f.change(name, false)
	if err == nil && a.m != b.m {
		err = syscall.EXDEV
	}
	if err == nil {
		err = f.mayChange(b)
	}
	if err == nil {
		err = root.Link(a.hostRel(), b.hostRel())
	}
	return fail("link", name, err)
}

// Readlink returns the target of a link.
func (f *FS) Readlink(name string) (string, error) {
	l, err := f.resolve(name, false)
	if err != nil {
		return "", fail("readlink", name, err)
	}
	target, _, err := f.link(l)
	if err == nil && target == "" {
		err = syscall.EINVAL
	}
	return target, fail("readlink", name, err)
}

// RealPath resolves all links. The last name need not exist.
func (f *FS) RealPath(name string) (string, error) {
	l, err := f.resolve(name, true)
	return l.path, fail("realpath", name, err)
}

// HostPath is where the host has a file that is there, for what must be started from it. It has no
// meaning for what is only virtual.
func (f *FS) HostPath(name string) (string, error) {
	l, _, err := f.find(name, true)
	if err == nil && l.virtual != nil {
		err = syscall.EACCES
	}
	if err != nil {
		return "", fail("open", name, err)
	}
	if l.m.file != "" {
		return l.m.source, nil
	}
	return filepath.Join(l.m.source, l.hostRel()), nil
}

// Chmod changes permission bits.
func (f *FS) Chmod(name string, mode fs.FileMode) error {
	l, root, err := f.change(name, true)
	if err == nil && f.user.UID != 0 && ownerOf(root, l).UID != f.user.UID {
		err = syscall.EPERM
	}
	if err == nil {
		err = root.Chmod(l.hostRel(), mode)
	}
	return fail("chmod", name, err)
}

// Chtimes sets access and modification time.
func (f *FS) Chtimes(name string, at, mt time.Time) error {
	l, root, err := f.change(name, true)
	if err == nil && (f.user.UID == 0 || ownerOf(root, l).UID != f.user.UID) {
		err = f.may(l, root, write)
	}
	if err == nil {
		err = root.Chtimes(l.hostRel(), at, mt)
	}
	return fail("chtimes", name, err)
}

// Writable says whether files can be created or changed at name, as access(2) with W_OK.
func (f *FS) Writable(name string) error {
	l, root, err := f.find(name, true)
	if err != nil {
		return fail("access", name, err)
	}
	if l.virtual != nil {
		if l.virtual.device == "" {
			return fail("access", name, syscall.EACCES)
		}
		return nil
	}
	if l.readOnly() {
		return fail("access", name, syscall.EROFS)
	}
	return fail("access", name, f.may(l, root, write))
}

// Readable says whether name can be read, as access(2) with R_OK.
func (f *FS) Readable(name string) error {
	l, root, err := f.find(name, true)
	if err == nil && l.virtual == nil {
		err = f.may(l, root, read)
	}
	return fail("access", name, err)
}

// A Point is a mount as the container sees it.
type Point struct {
	Path     string
	ReadOnly bool
	// Type is the file system's: tmpfs, or empty for the node's disk.
	Type string
	// Size is the file system's in bytes, or 0 where it was given none.
	Size int64
}

func (m *mount) point() Point { return Point{m.path, m.readOnly, m.kind, m.size} }

// PointOf returns the mount that a file or folder is in. That of what stands in /dev or /proc has nothing but a path.
func (f *FS) PointOf(name string) (Point, error) {
	if _, err := f.Stat(name); err != nil {
		return Point{}, err
	}
	l, err := f.resolve(name, true)
	if err != nil {
		return Point{}, fail("stat", name, err)
	}
	if l.virtual != nil {
		top, _, _ := strings.Cut(l.path[1:], "/")
		return Point{Path: "/" + top}, nil
	}
	return l.m.point(), nil
}

// Points lists the mounts, the root first.
func (f *FS) Points() []Point {
	var out []Point
	for i := len(f.mounts) - 1; i >= 0; i-- {
		out = append(out, f.mounts[i].point())
	}
	return out
}

// Host returns the path that a file has on the host, for a program of the host's that is to open it.
// All links are resolved as the container's. The last name need not exist. Devices and /proc have no
// such path: they are fs.ErrPermission.
func (f *FS) Host(name string) (string, error) {
	l, err := f.resolve(name, true)
	switch {
	case err != nil:
		return "", fail("open", name, err)
	case l.m == nil || l.virtual != nil:
		return "", fail("open", name, fs.ErrPermission)
	case l.m.file != "":
		return l.m.source, nil
	}
	return filepath.Join(l.m.source, l.hostRel()), nil
}
