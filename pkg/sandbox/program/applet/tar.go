package applet

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// tarRun is one call of tar; kubectl cp is two of them with a connection in between.
type tarRun struct {
	t    *task.Task
	o    opts
	code int
	// stripped is true once it was said that member names lose their first slash.
	stripped bool
}

func tarArchive(t *task.Task) int {
	words := t.Args[1:]
	// The first word may be options without a dash: tar cf -.
	if len(words) > 0 && !strings.HasPrefix(words[0], "-") {
		words = append([]string{"-" + words[0]}, words[1:]...)
	}
	o, names, ok := parse(t, words, "cxtzvmpokOf:C:hX:", true, []string{"create=c", "extract=x", "list=t", "gzip=z", "verbose=v", "file=f", "directory=C",
		"no-same-permissions=k", "no-same-owner=k", "touch=m", "to-stdout=O", "dereference=h", "exclude=X"})
	if !ok {
		return 1
	}
	r := &tarRun{t: t, o: o}
	if code := r.folder(); code != 0 {
		return code
	}
	var err error
	switch {
	case o.has('c'):
		err = r.create(names)
	case o.has('x'), o.has('t'):
		err = r.read(names)
	default:
		return usage(t, "c|x|t [-zvO] [-f TARFILE] [-C DIR] [FILE]...")
	}
	if err != nil {
		t.Errorf("%s", fsys.Text(err))
		return 1
	}
	return r.code
}

// folder is the exit code of a tar whose folder of -C is none.
func (r *tarRun) folder() int {
	dir := r.o.value('C', ".")
	fi, err := r.t.FS.Stat(r.t.Path(dir))
	if err == nil && !fi.IsDir() {
		err = syscall.ENOTDIR
	}
	switch {
	case err == nil:
		return 0
	case gnu(r.t):
		r.t.Errorf("%s: Cannot open: %s", dir, fsys.Text(err))
		r.t.Errorf("Error is not recoverable: exiting now")
		return 2
	}
	r.t.Errorf("can't change directory to '%s': %s", dir, fsys.Text(err))
	return 1
}

// path is where a name stands: in the folder of -C or the working directory.
func (r *tarRun) path(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(r.t.Path(r.o.value('C', ".")), name)
}

func (r *tarRun) create(names []string) error {
	out, err := outFile(r.t, r.o.value('f', "-"))
	if err != nil {
		return err
	}
	w := io.Writer(out)
	var z *gzip.Writer
	if r.o.has('z') {
		z = gzip.NewWriter(out)
		w = z
	}
	a := tar.NewWriter(w)
	for _, n := range names {
		if err := r.add(a, n); err != nil {
			return err
		}
	}
	err = a.Close()
	if z != nil {
		err = errors.Join(err, z.Close())
	}
	if r.code != 0 {
		r.t.Errorf("error exit delayed from previous errors")
	}
	return errors.Join(err, out.Close())
}

func (r *tarRun) add(a *tar.Writer, name string) error {
	p := r.path(name)
	fi, err := r.t.FS.Lstat(p)
	if r.o.has('h') {
		fi, err = r.t.FS.Stat(p)
	}
	if err != nil {
		failure(r.t, name, err)
		r.code = 1
		return nil
	}
	link := ""
	if fi.Mode()&fs.ModeSymlink != 0 {
		link, _ = r.t.FS.Readlink(p)
	}
	h, err := tar.FileInfoHeader(fi, link)
	if err != nil {
		return nil // a socket or a device
	}
	// Nothing of the host's users.
	id := r.t.FS.Owner(p, false)
	h.Uid, h.Gid = int(id.UID), int(id.GID)
	h.Uname, h.Gname = owners(r.t, id, false)
	h.Name = strings.TrimLeft(path.Clean(name), "/")
	if strings.HasPrefix(name, "/") && !r.stripped {
		r.stripped = true
		r.t.Errorf("removing leading '/' from member names")
	}
	if fi.IsDir() {
		h.Name += "/"
	}
	if r.o.has('v') {
		fmt.Fprintln(r.t.Err, h.Name)
	}
	if err := a.WriteHeader(h); err != nil {
		return err
	}
	switch {
	case fi.IsDir():
		entries, err := r.t.FS.ReadDir(p)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := r.add(a, path.Join(name, e.Name())); err != nil {
				return err
			}
		}
	case fi.Mode().IsRegular():
		f, err := r.t.FS.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.CopyN(a, f, h.Size); err != nil {
			return err
		}
	}
	return nil
}

func (r *tarRun) read(names []string) error {
	in := r.t.In
	if f := r.o.value('f', "-"); f != "-" {
		h, err := r.t.Open(f)
		if err != nil {
			return err
		}
		defer h.Close()
		in = h
	}
	raw := in
	if r.o.has('z') {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("invalid gzip magic")
		}
		in = z
	}
	a := tar.NewReader(in)
	for {
		h, err := a.Next()
		if errors.Is(err, io.EOF) {
			// What follows the end of the archive is read as well, so that who writes it never writes to nobody.
			_, err := io.Copy(io.Discard, raw)
			return err
		}
		if err != nil {
			return errors.New("short read")
		}
		if !wanted(h.Name, names) {
			continue
		}
		if r.o.has('t') || r.o.has('v') {
			r.t.Printf("%s\n", h.Name)
		}
		if r.o.has('t') {
			continue
		}
		if r.o.has('O') {
			if _, err := io.Copy(r.t.Out, a); err != nil {
				return err
			}
			continue
		}
		if err := r.extract(h, a); err != nil {
			return err
		}
	}
}

func wanted(name string, names []string) bool {
	if len(names) == 0 {
		return true
	}
	name = path.Clean(name)
	for _, n := range names {
		if n = path.Clean(strings.TrimLeft(n, "/")); name == n || strings.HasPrefix(name, n+"/") {
			return true
		}
	}
	return false
}

func (r *tarRun) extract(h *tar.Header, content io.Reader) error {
	p := r.path(strings.TrimLeft(path.Clean("/"+h.Name), "/"))
	f := r.t.FS
	if err := f.MkdirAll(path.Dir(p), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(h.Mode).Perm()
	switch h.Typeflag {
	case tar.TypeDir:
		return f.MkdirAll(p, mode|0o700)
	case tar.TypeSymlink:
		_ = f.Remove(p)
		return f.Symlink(h.Linkname, p)
	case tar.TypeLink:
		_ = f.Remove(p)
		return f.Link(r.path(h.Linkname), p)
	case tar.TypeReg:
	default:
		return nil
	}
	_ = f.Remove(p)
	out, err := f.OpenFile(p, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	_ = f.Chmod(p, mode)
	if !r.o.has('m') {
		_ = f.Chtimes(p, h.ModTime, h.ModTime)
	}
	return nil
}
