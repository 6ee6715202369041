package home

import (
	"errors"
	"os"
	"path/filepath"
)

// ReplaceFile writes a file for its owner alone, as a whole or not at all: whoever reads it, and
// whatever is killed meanwhile, there is the old content or the new one. Its folder is made.
func ReplaceFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
