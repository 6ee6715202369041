package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
)

// skeleton are the folders that every container has, whatever the image brings.
func skeleton() []string {
	return []string{"/dev", "/etc", "/home", "/proc", "/root", "/run", "/sys", "/tmp", "/usr", "/var"}
}

// Unpack writes the image's files into root, an empty folder of the host. Links are links there too
// where the host has them.
func Unpack(img *Image, root string) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return fmt.Errorf("unpack image: %w", err)
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		return fmt.Errorf("unpack image: %w", err)
	}
	defer r.Close()
	names := make([]string, 0, len(img.Files))
	for p := range img.Files {
		names = append(names, p)
	}
	sort.Strings(names)
	u := &unpacker{root: r, img: img, made: map[string]bool{"/": true}}
	for _, p := range skeleton() {
		if f := img.Files[p]; f.Link == "" {
			u.parents(path.Join(p, "x"))
		}
	}
	// Folders that are links (/bin is usr/bin) must be there before what goes into them.
	for _, p := range names {
		if f := img.Files[p]; f.Link != "" {
			u.err = errors.Join(u.err, u.link(p, f))
		}
	}
	for _, p := range names {
		if f := img.Files[p]; f.Link == "" {
			u.err = errors.Join(u.err, u.write(p, f))
		}
	}
	for _, p := range u.copies {
		u.err = errors.Join(u.err, u.copy(p))
	}
	if u.err != nil {
		return fmt.Errorf("unpack image %s: %w", Familiar(img.Repository), u.err)
	}
	return nil
}

type unpacker struct {
	root   *os.Root
	img    *Image
	made   map[string]bool
	copies []string // links that the host cannot have
	err    error
}

func local(p string) string { return filepath.FromSlash(p[1:]) }

// parents makes the folders above p.
func (u *unpacker) parents(p string) {
	dir := path.Dir(p)
	if u.made[dir] {
		return
	}
	u.parents(dir)
	u.made[dir] = true
	if err := u.root.Mkdir(local(dir), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		u.err = errors.Join(u.err, err)
	}
}

func (u *unpacker) link(p string, f File) error {
	u.parents(p)
	if !path.IsAbs(f.Link) {
		// The folder that a relative link leads to is made along, so that files can go through it.
		if target := path.Join(path.Dir(p), f.Link); !u.isFile(target) {
			u.parents(path.Join(target, "x"))
		}
	}
	u.made[p] = true
	if err := u.root.Symlink(f.Link, local(p)); err != nil {
		u.copies = append(u.copies, p)
	}
	return nil
}

func (u *unpacker) isFile(p string) bool {
	f, ok := u.img.Files[p]
	return ok && !f.Dir
}

func (u *unpacker) write(p string, f File) error {
	u.parents(p)
	mode := fs.FileMode(f.Mode & 0o777)
	if f.Mode&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	if f.Dir {
		u.parents(path.Join(p, "x"))
		if mode == 0 {
			return nil
		}
		return u.root.Chmod(local(p), mode)
	}
	if mode == 0 {
		mode = 0o644
	}
	h, err := u.root.OpenFile(local(p), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = h.WriteString(f.Content)
	return errors.Join(err, h.Close())
}

// copy stands in for a link: the file it leads to, or for a folder all files in it.
func (u *unpacker) copy(p string) error {
	target := u.img.Files[p].Link
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(p), target)
	}
	if f, ok := u.img.Files[target]; ok {
		if f.Dir {
			return nil
		}
		return u.write(p, f)
	}
	var inside []string
	for q := range u.img.Files {
		if path.Dir(q) == target {
			inside = append(inside, q)
		}
	}
	slices.Sort(inside)
	for _, q := range inside {
		if f := u.img.Files[q]; f.Link == "" && !f.Dir {
			if err := u.write(path.Join(p, path.Base(q)), f); err != nil {
				return err
			}
		}
	}
	return nil
}
