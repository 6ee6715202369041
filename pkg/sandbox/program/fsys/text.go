package fsys

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(r) }

// Text is what C programs print for an error: 'No such file or directory'.
func Text(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		for _, t := range texts {
			if t.errno == errno {
				return t.text
			}
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory"
	case errors.Is(err, fs.ErrExist):
		return "File exists"
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied"
	case errors.Is(err, fs.ErrClosed):
		return "Bad file descriptor"
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

var texts = [...]struct {
	errno syscall.Errno
	text  string
}{
	{syscall.EPERM, "Operation not permitted"},
	{syscall.ENOENT, "No such file or directory"},
	{syscall.ESRCH, "No such process"},
	{syscall.EIO, "I/O error"},
	{syscall.EBADF, "Bad file descriptor"},
	{syscall.EACCES, "Permission denied"},
	{syscall.EBUSY, "Resource busy"},
	{syscall.EEXIST, "File exists"},
	{syscall.EXDEV, "Invalid cross-device link"},
	{syscall.ENOTDIR, "Not a directory"},
	{syscall.EISDIR, "Is a directory"},
	{syscall.EINVAL, "Invalid argument"},
	{syscall.ENOSPC, "No space left on device"},
	{syscall.EROFS, "Read-only file system"},
	{syscall.EPIPE, "Broken pipe"},
	{syscall.ENAMETOOLONG, "File name too long"},
	{syscall.ENOTEMPTY, "Directory not empty"},
	{syscall.ELOOP, "Symbolic link loop"},
	{syscall.ECONNREFUSED, "Connection refused"},
}
