package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/owner"
)

// The host sees one user, the learner. What a container's user may do is decided here, by the owners that
// package owner remembers and by the permission bits, as the kernel would decide it.

// What one may want of a file or folder; the values are those of permission bits.
const (
	search fs.FileMode = 1
	write  fs.FileMode = 2
	read   fs.FileMode = 4
)

// Owner returns whom a file belongs to. Links belong to root, and so does what does not exist.
func (f *FS) Owner(name string, follow bool) owner.ID {
	l, root, err := f.find(name, follow)
	if err != nil || l.virtual != nil {
		return owner.ID{}
	}
	return ownerOf(root, l)
}

// Chown changes whom a file belongs to; -1 keeps the user or the group. Only root may give a file away,
// others may give their own to a group that they are in.
func (f *FS) Chown(name string, follow bool, uid, gid int64) error {
	l, root, err := f.change(name, follow)
	if err != nil {
		return fail("chown", name, err)
	}
	old := ownerOf(root, l)
	id := old
	if uid >= 0 {
		id.UID = uid
	}
	if gid >= 0 {
		id.GID = gid
	}
	if f.user.UID != 0 && (old.UID != f.user.UID || id.UID != old.UID || id.GID != old.GID && !f.inGroup(id.GID)) {
		return fail("chown", name, syscall.EPERM)
	}
	fi, err := root.Lstat(l.hostRel())
	if err != nil || !fi.IsDir() && !fi.Mode().IsRegular() {
		return fail("chown", name, err)
	}
	h, err := root.OpenFile(l.hostRel(), os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return fail("chown", name, err)
	}
	defer h.Close()
	if err := owner.Write(h, id); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fail("chown", name, syscall.EPERM)
	}
	return nil
}

// Privileged is the same file system for root: what a container runtime does before it is the user.
func (f *FS) Privileged() *FS {
	return &FS{mounts: f.mounts, proc: f.proc}
}

func (f *FS) inGroup(gid int64) bool {
	return gid == f.user.GID || slices.Contains(f.user.Groups, gid)
}

func ownerOf(root *os.Root, l location) owner.ID {
	if fi, err := root.Lstat(l.hostRel()); err != nil || !fi.IsDir() && !fi.Mode().IsRegular() {
		return owner.ID{}
	}
	h, err := root.OpenFile(l.hostRel(), os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return owner.ID{}
	}
	defer h.Close()
	return owner.Read(h)
}

// may says whether the container's user may do what it wants with what stands at l.
func (f *FS) may(l location, root *os.Root, want fs.FileMode) error {
	if f.user.UID == 0 {
		return nil
	}
	fi, err := root.Lstat(l.hostRel())
	if err != nil {
		return err
	}
	bits := fi.Mode().Perm()
	if all := want * 0o111; bits&all == all {
		return nil // whoever it is
	}
	id := ownerOf(root, l)
	switch {
	case id.UID == f.user.UID:
		bits >>= 6
	case f.inGroup(id.GID):
		bits >>= 3
	}
	if bits&want != want {
		return syscall.EACCES
	}
	return nil
}

// maySearch says whether a path may go through a folder.
func (f *FS) maySearch(l location) error {
	if f.user.UID == 0 || l.virtual != nil {
		return nil
	}
	root, err := l.m.open()
	if err != nil {
		return err
	}
	if err := f.may(l, root, search); err != nil && !f.above(l.path) {
		return err
	}
	return nil
}

// parent is the folder that l stands in.
func (f *FS) parent(l location) (location, *os.Root, error) {
	p, err := f.at(path.Dir(l.path))
	if err != nil || p.virtual != nil {
		return p, nil, errors.Join(err, syscall.EACCES)
	}
	root, err := p.m.open()
	return p, root, err
}

// mayChange says whether names may come and go in the folder that l stands in.
func (f *FS) mayChange(l location) error {
	if f.user.UID == 0 {
		return nil
	}
	p, root, err := f.parent(l)
	if err != nil {
		return err
	}
	return f.may(p, root, write|search)
}

// mayRemove is mayChange for a name that is there: in a folder like /tmp one may remove one's own.
func (f *FS) mayRemove(l location, root *os.Root) error {
	if f.user.UID == 0 {
		return nil
	}
	if err := f.mayChange(l); err != nil {
		return err
	}
	p, above, err := f.parent(l)
	if err != nil {
		return err
	}
	fi, err := above.Lstat(p.hostRel())
	if err != nil || fi.Mode()&fs.ModeSticky == 0 || ownerOf(above, p).UID == f.user.UID {
		return err
	}
	if fi, err := root.Lstat(l.hostRel()); err != nil || !fi.IsDir() && !fi.Mode().IsRegular() {
		return nil // a link, whose owner nobody knows, or nothing
	}
	if ownerOf(root, l).UID != f.user.UID {
		return syscall.EPERM
	}
	return nil
}

// emptyFirst removes what is in a folder, as far as the container's user may.
func (f *FS) emptyFirst(l location) {
	entries, err := f.ReadDir(l.path)
	if err != nil {
		return
	}
	for _, e := range entries {
		_ = f.RemoveAll(path.Join(l.path, e.Name()))
	}
}

// mayOpen says whether a file may be opened as flag says, and whether that makes it.
func (f *FS) mayOpen(l location, root *os.Root, flag int) (made bool, err error) {
	if flag&os.O_CREATE != 0 {
		if _, err := root.Lstat(l.hostRel()); errors.Is(err, fs.ErrNotExist) {
			return true, f.mayChange(l)
		}
	}
	if f.user.UID == 0 {
		return false, nil
	}
	want := read
	if flag&os.O_WRONLY != 0 {
		want = write
	} else if flag&os.O_RDWR != 0 {
		want = read | write
	}
	if flag&os.O_TRUNC != 0 {
		want |= write
	}
	return false, f.may(l, root, want)
}

// own gives what was just made to the container's user, and to the folder's group where the folder says so.
func (f *FS) own(l location, h *os.File) {
	id := owner.ID{UID: f.user.UID, GID: f.user.GID}
	if p, root, err := f.parent(l); err == nil && l.m == p.m {
		if fi, err := root.Lstat(p.hostRel()); err == nil && fi.Mode()&fs.ModeSetgid != 0 {
			id.GID = ownerOf(root, p).GID
		}
	}
	if id != (owner.ID{}) {
		_ = owner.Write(h, id) // where the host can't tell, all is root's
	}
}

func (f *FS) ownFolder(l location, root *os.Root) {
	h, err := root.Open(filepath.FromSlash(l.rel))
	if err != nil {
		return
	}
	defer h.Close()
	f.own(l, h)
}
