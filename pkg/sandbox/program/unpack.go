package program

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// skeleton are the folders that every container has, whatever the image brings.
func skeleton() []string {
	return []string{"/dev", "/etc", "/home", "/root", "/run", "/sys", "/tmp", "/usr", "/var"}
}

// Unpack writes the image's files into root, an empty folder of the host. Links are links there too
// where the host has them. It is done for every container, so it is plain calls and few of them: the
// paths are the table's own, and nobody else knows the folder yet.
func Unpack(img *Image, root string) error {
	u := &unpacker{root: root, img: img, made: map[string]bool{}, programs: map[string]string{}}
	u.mkdir("/")
	for _, p := range skeleton() {
		if img.Files[p].Link == "" {
			u.mkdir(p)
		}
	}
	names := slices.Sorted(maps.Keys(img.Files))
	// Folders that are links (/bin is usr/bin) must be there before what goes into them.
	for _, p := range names {
		if f := img.Files[p]; f.Link != "" {
			u.link(p, f)
		}
	}
	for _, p := range names {
		if f := img.Files[p]; f.Link == "" {
			u.write(p, f)
		}
	}
	for _, p := range u.copies {
		u.copy(p)
	}
	if u.err != nil {
		return fmt.Errorf("unpack image %s: %w", Familiar(img.Repository), u.err)
	}
	return nil
}

type unpacker struct {
	root     string
	img      *Image
	made     map[string]bool
	programs map[string]string // content of an executable to the first file that has it
	copies   []string          // links that the host cannot have
	err      error             // the first
}

func (u *unpacker) host(p string) string { return filepath.Join(u.root, filepath.FromSlash(p)) }

func (u *unpacker) note(err error) {
	if u.err == nil {
		u.err = err
	}
}

// mkdir makes a folder and those above it.
func (u *unpacker) mkdir(dir string) {
	if u.made[dir] {
		return
	}
	u.made[dir] = true
	if dir == "/" {
		u.note(os.MkdirAll(u.root, 0o755))
		u.mode(dir, 0o755)
		return
	}
	u.mkdir(path.Dir(dir))
	switch err := os.Mkdir(u.host(dir), 0o755); {
	case err == nil:
		u.mode(dir, 0o755)
	case !errors.Is(err, fs.ErrExist):
		u.note(err)
	}
}

// mode gives a file or folder the mode that the node's umask, which keeps all that it writes private,
// took from it: a container's users are told apart by modes.
func (u *unpacker) mode(p string, mode fs.FileMode) { u.note(os.Chmod(u.host(p), mode)) }

func (u *unpacker) link(p string, f File) {
	u.mkdir(path.Dir(p))
	if !path.IsAbs(f.Link) {
		// The folder that a relative link leads to is made along, so that files can go through it.
		if target := path.Join(path.Dir(p), f.Link); !u.isFile(target) {
			u.mkdir(target)
		}
	}
	u.made[p] = true
	if err := os.Symlink(filepath.FromSlash(f.Link), u.host(p)); err != nil {
		u.copies = append(u.copies, p)
	}
}

func (u *unpacker) isFile(p string) bool {
	f, ok := u.img.Files[p]
	return ok && !f.Dir
}

func (u *unpacker) write(p string, f File) {
	mode := fs.FileMode(f.Mode & 0o777)
	if f.Dir {
		u.mkdir(p)
		if f.Mode&0o1000 != 0 {
			mode |= fs.ModeSticky
		}
		if mode != 0 {
			u.mode(p, mode)
		}
		return
	}
	u.mkdir(path.Dir(p))
	if mode == 0 {
		mode = 0o644
	}
	if f.Source != "" {
		u.note(share(f.Source, u.host(p), mode))
		return
	}
	// Names of one program are hard links, as they are in the busybox image.
	first, again := u.programs[f.Content]
	if again && os.Link(u.host(first), u.host(p)) == nil {
		return
	}
	if mode&0o111 != 0 {
		u.programs[f.Content] = p
	}
	u.note(os.WriteFile(u.host(p), []byte(f.Content), mode))
	u.mode(p, mode)
}

// share makes a file of the host one of the container's.
func share(source, file string, mode fs.FileMode) error {
	if os.Link(source, file) == nil {
		return nil
	}
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// copy stands in for a link: the file it leads to, or for a folder all files in it.
func (u *unpacker) copy(p string) {
	target := u.img.Files[p].Link
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(p), target)
	}
	if f, ok := u.img.Files[target]; ok {
		if !f.Dir {
			u.write(p, f)
		}
		return
	}
	u.made[p] = false
	for _, q := range slices.Sorted(maps.Keys(u.img.Files)) {
		if f := u.img.Files[q]; path.Dir(q) == target && f.Link == "" && !f.Dir {
			u.write(path.Join(p, path.Base(q)), f)
		}
	}
}
