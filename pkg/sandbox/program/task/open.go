package task

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

// Open opens a file, relative to the working directory, for reading. /dev/stdin is standard input.
func (t *Task) Open(name string) (io.ReadCloser, error) {
	return t.OpenFile(name, os.O_RDONLY, 0)
}

// OpenFile opens a file as fsys does; /dev/stdin, /dev/stdout, /dev/stderr and what links to them are
// the task's own streams.
func (t *Task) OpenFile(name string, flag int, perm fs.FileMode) (fsys.File, error) {
	p := t.Path(name)
	if real, err := t.FS.RealPath(p); err == nil && path.Dir(real) == "/dev/fd" {
		switch path.Base(real) {
		case "0":
			return &own{r: t.In}, nil
		case "1":
			return &own{w: t.Out}, nil
		case "2":
			return &own{w: t.Err}, nil
		}
	}
	f, err := t.FS.OpenFile(p, flag, perm)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		e.Path = name
	}
	return f, err
}

// own is one of the task's streams as a file.
type own struct {
	r io.Reader
	w io.Writer
}

func (o *own) Read(b []byte) (int, error) {
	if o.r == nil {
		return 0, io.EOF
	}
	return o.r.Read(b)
}

func (o *own) Write(b []byte) (int, error) {
	if o.w == nil {
		return 0, fs.ErrPermission
	}
	return o.w.Write(b)
}

func (o *own) Close() error                   { return nil }
func (o *own) Seek(int64, int) (int64, error) { return 0, fs.ErrInvalid }
func (o *own) Stat() (fs.FileInfo, error)     { return nil, fs.ErrInvalid }
