package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/gofrs/flock"
)

var validName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$`)

// ValidName says what is wrong with a cluster's name, if anything: it becomes a folder, and part
// of the names of nodes.
func ValidName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("cluster name %q: use lower case letters, digits and '-', at most 32", name)
	}
	return nil
}

// Lock makes sure that one command at a time changes a cluster. It waits for another, and says so.
// The file is made, and stays.
func Lock(ctx context.Context, file, name string, progress Progress) (unlock func(), err error) {
	for told := false; ; {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, fmt.Errorf("lock cluster %s: %w", name, err)
		}
		f := flock.New(file, flock.SetPermissions(0o600))
		ok, err := f.TryLock()
		if err == nil && !ok {
			if !told {
				progress.Note("Another command is working on cluster %s; waiting for it.", name)
			}
			told = true
			ok, err = f.TryLockContext(ctx, 50*time.Millisecond)
		}
		if errors.Is(err, fs.ErrNotExist) && ctx.Err() == nil {
			continue // the cluster's folder went just now
		}
		if !ok || err != nil {
			return nil, fmt.Errorf("lock cluster %s: %w", name, errors.Join(err, ctx.Err()))
		}
		if stands(f, file) {
			return func() { _ = f.Unlock() }, nil
		}
		_ = f.Unlock() // whoever held it removed it; others lock another file of that name
	}
}

// stands says that a file which is locked is still the one that others would lock.
func stands(f *flock.Flock, file string) bool {
	locked, err := f.Stat()
	if err != nil {
		return false
	}
	found, err := os.Stat(file)
	return err == nil && os.SameFile(locked, found)
}
