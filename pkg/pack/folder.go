package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// folder is the file system of a folder on disk. It opens regular files, and follows no link.
type folder struct{ root *os.Root }

func newFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, cause(err)
	}
	return &folder{root}, nil
}

// Open implements fs.FS.
func (f *folder) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	refuse := func(why string) error { return &fs.PathError{Op: "open", Path: name, Err: errors.New(why)} }
	parts := strings.Split(name, "/")
	for i := range parts {
		part := strings.Join(parts[:i+1], "/")
		info, err := f.root.Lstat(part)
		switch {
		case err != nil:
			return nil, err
		case info.Mode()&fs.ModeSymlink != 0:
			return nil, refuse(fmt.Sprintf("%s is a link, and links are not followed; put the file itself there", part))
		case i < len(parts)-1 && !info.IsDir(), i == len(parts)-1 && !info.Mode().IsRegular():
			return nil, refuse("it is no file")
		}
	}
	return f.root.Open(name)
}
