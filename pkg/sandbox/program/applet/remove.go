package applet

import (
	"errors"
	"io/fs"
	"path"
	"syscall"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func rm(t *task.Task) int {
	o, names, ok := options(t, "rRfiv", "recursive=r", "force=f")
	if !ok {
		return 1
	}
	if len(names) == 0 {
		if o.has('f') {
			return 0
		}
		return usage(t, "[-irf] FILE...")
	}
	code := 0
	for _, n := range names {
		if base := path.Base(n); base == "." || base == ".." || path.Clean(n) == "/" {
			t.Errorf("refusing to remove '%s'", n)
			code = 1
			continue
		}
		fi, err := t.FS.Lstat(t.Path(n))
		switch {
		case missing(err) && o.has('f'):
			continue
		case err != nil:
		case fi.IsDir() && !o.has('r') && !o.has('R'):
			err = &fs.PathError{Op: "remove", Path: n, Err: syscall.EISDIR}
		default:
			err = removeTree(t, t.Path(n), fi)
		}
		if err == nil {
			continue
		}
		code = 1
		switch {
		case gnu(t):
			t.Errorf("cannot remove '%s': %s", n, fsys.Text(err))
		case errors.Is(err, syscall.EISDIR):
			t.Errorf("'%s' is a directory", n)
		default:
			t.Errorf("can't remove '%s': %s", n, fsys.Text(err))
		}
	}
	return code
}

// removeTree removes what it can, as rm does: a mount point in the middle stops only itself.
func removeTree(t *task.Task, p string, fi fs.FileInfo) error {
	if !fi.IsDir() {
		return t.FS.Remove(p)
	}
	entries, err := t.FS.ReadDir(p)
	if err != nil {
		return err
	}
	var failed error
	for _, e := range entries {
		if sub, err := t.FS.Lstat(path.Join(p, e.Name())); err == nil {
			if err := removeTree(t, path.Join(p, e.Name()), sub); err != nil && failed == nil {
				failed = err
			}
		}
	}
	if failed != nil {
		return failed
	}
	return t.FS.Remove(p)
}

func rmdir(t *task.Task) int {
	_, names, ok := options(t, "p")
	if !ok {
		return 1
	}
	code := 0
	for _, n := range names {
		fi, err := t.FS.Lstat(t.Path(n))
		if err == nil && !fi.IsDir() {
			err = syscall.ENOTDIR
		}
		if err == nil {
			err = t.FS.Remove(t.Path(n))
		}
		if err != nil {
			t.Errorf("'%s': %s", n, fsys.Text(err))
			code = 1
		}
	}
	return code
}
