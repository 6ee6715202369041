package applet

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// target returns where a source goes when it is copied or moved to dest.
func target(t *task.Task, source, dest string) string {
	if isDir(t, dest) {
		return strings.TrimSuffix(dest, "/") + "/" + path.Base(path.Clean(source))
	}
	return dest
}

func cp(t *task.Task) int {
	o, names, ok := options(t, "rRapfdLv", "recursive=r", "archive=a", "force=f", "preserve=p")
	if !ok {
		return 1
	}
	if len(names) < 2 {
		return usage(t, "[-arf] SOURCE... DEST")
	}
	sources, dest := names[:len(names)-1], names[len(names)-1]
	if len(sources) > 1 && !isDir(t, dest) {
		t.Errorf("target '%s' is not a directory", dest)
		return 1
	}
	c := copier{t: t, recursive: o.has('r') || o.has('R') || o.has('a'), keep: o.has('a') || o.has('p'), links: o.has('a') || o.has('d') || o.has('r') || o.has('R')}
	code := 0
	for _, s := range sources {
		code = max(code, c.copy(s, target(t, s, dest)))
	}
	return code
}

type copier struct {
	t         *task.Task
	recursive bool
	keep      bool
	links     bool
}

func (c copier) copy(from, to string) int {
	t := c.t
	fi, err := t.FS.Stat(t.Path(from))
	if lfi, lerr := t.FS.Lstat(t.Path(from)); lerr == nil && c.links && lfi.Mode()&fs.ModeSymlink != 0 {
		fi, err = lfi, nil
	}
	if err != nil {
		if gnu(t) {
			return cannot(t, "stat", from, err)
		}
		t.Errorf("can't stat '%s': %s", from, fsys.Text(err))
		return 1
	}
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		link, err := t.FS.Readlink(t.Path(from))
		if err == nil {
			_ = t.FS.Remove(t.Path(to))
			err = t.FS.Symlink(link, t.Path(to))
		}
		if err != nil {
			return c.cannotCreate(to, err)
		}
		return 0
	case fi.IsDir():
		return c.folder(from, to, fi)
	}
	return c.file(from, to, fi)
}

func (c copier) cannotCreate(to string, err error) int {
	if gnu(c.t) {
		return cannot(c.t, "create regular file", to, err)
	}
	c.t.Errorf("can't create '%s': %s", to, fsys.Text(err))
	return 1
}

func (c copier) folder(from, to string, fi fs.FileInfo) int {
	t := c.t
	if !c.recursive {
		if gnu(t) {
			t.Errorf("-r not specified; omitting directory '%s'", from)
		} else {
			t.Errorf("omitting directory '%s'", from)
		}
		return 1
	}
	if err := t.FS.Mkdir(t.Path(to), fi.Mode().Perm()|0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Errorf("can't create directory '%s': %s", to, fsys.Text(err))
		return 1
	}
	entries, err := t.FS.ReadDir(t.Path(from))
	if err != nil {
		return cannotOpen(t, from, err)
	}
	code := 0
	for _, e := range entries {
		code = max(code, c.copy(from+"/"+e.Name(), to+"/"+e.Name()))
	}
	return code
}

func (c copier) file(from, to string, fi fs.FileInfo) int {
	t := c.t
	in, err := t.Open(from)
	if err != nil {
		return cannotOpen(t, from, err)
	}
	defer in.Close()
	if a, e1 := t.FS.RealPath(t.Path(from)); e1 == nil {
		if b, e2 := t.FS.RealPath(t.Path(to)); e2 == nil && a == b {
			t.Errorf("'%s' and '%s' are the same file", from, to)
			return 1
		}
	}
	out, err := t.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fi.Mode().Perm())
	if err != nil {
		return c.cannotCreate(to, err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return failure(t, to, err)
	}
	if c.keep {
		_ = t.FS.Chmod(t.Path(to), fi.Mode().Perm())
		_ = t.FS.Chtimes(t.Path(to), fi.ModTime(), fi.ModTime())
	}
	return 0
}

func mv(t *task.Task) int {
	_, names, ok := options(t, "finvT", "force=f", "no-clobber=n")
	if !ok {
		return 1
	}
	if len(names) < 2 {
		return usage(t, "[-fin] SOURCE... DEST")
	}
	sources, dest := names[:len(names)-1], names[len(names)-1]
	if len(sources) > 1 && !isDir(t, dest) {
		t.Errorf("target '%s' is not a directory", dest)
		return 1
	}
	code := 0
	for _, s := range sources {
		to := target(t, s, dest)
		err := t.FS.Rename(t.Path(s), t.Path(to))
		if errors.Is(err, syscall.EXDEV) {
			// Between volumes a move is a copy, as in life.
			c := copier{t: t, recursive: true, keep: true, links: true}
			if c.copy(s, to) != 0 {
				code = 1
				continue
			}
			fi, serr := t.FS.Lstat(t.Path(s))
			if err = serr; err == nil {
				err = removeTree(t, t.Path(s), fi)
			}
		}
		if err != nil {
			code = 1
			if gnu(t) {
				t.Errorf("cannot move '%s' to '%s': %s", s, to, fsys.Text(err))
			} else {
				t.Errorf("can't rename '%s': %s", s, fsys.Text(err))
			}
		}
	}
	return code
}
