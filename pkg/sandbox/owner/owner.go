// Package owner remembers whom a file belongs to in a practice container. On the host all files are the
// learner's, since giving them away needs root; so user and group stand beside the file, in an extended
// attribute that goes where the file goes. Where the host's file system has none, all is root's.
// Programs that look at it are package program's, volumes with a group package node's.
package owner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// ID is a user and a group, as numbers. The zero value is root.
type ID struct{ UID, GID int64 }

// Read returns the owner of an open file or folder.
func Read(f *os.File) ID {
	uid, gid, ok := strings.Cut(get(f), ":")
	if !ok {
		return ID{}
	}
	u, err := strconv.ParseInt(uid, 10, 64)
	g, err2 := strconv.ParseInt(gid, 10, 64)
	if err != nil || err2 != nil {
		return ID{}
	}
	return ID{u, g}
}

// Write changes the owner of an open file or folder.
func Write(f *os.File, id ID) error {
	if Read(f) == id {
		return nil
	}
	record := fmt.Sprintf("%d:%d", id.UID, id.GID)
	err := set(f, record)
	if errors.Is(err, fs.ErrPermission) {
		err = setReadOnly(f, record)
	}
	if err != nil {
		return fmt.Errorf("change owner: %w", err)
	}
	return nil
}

// setReadOnly makes a file writable while its record is written, as the host wants it.
func setReadOnly(f *os.File, record string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := f.Chmod(info.Mode() | 0o200); err != nil {
		return err
	}
	return errors.Join(set(f, record), f.Chmod(info.Mode()))
}

// SetGroup gives all files in the folder dir, and the folder, to a group. Links are not followed, and have
// no owner of their own. The error is the first; what can't be changed does not keep the rest.
func SetGroup(dir string, gid int64) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var first error
	_ = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && (d.IsDir() || d.Type().IsRegular()) {
			err = setGroup(root, path, gid)
		}
		if first == nil {
			first = err
		}
		return nil
	})
	return first
}

func setGroup(root *os.Root, path string, gid int64) error {
	f, err := root.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return Write(f, ID{Read(f).UID, gid})
}
