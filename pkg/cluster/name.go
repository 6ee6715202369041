package cluster

import (
	"context"
	"errors"
	"fmt"
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
	f := flock.New(file, flock.SetPermissions(0o600))
	ok, err := f.TryLock()
	if err == nil && !ok {
		progress.Note("Another command is working on cluster %s; waiting for it.", name)
		ok, err = f.TryLockContext(ctx, 50*time.Millisecond)
	}
	if !ok || err != nil {
		return nil, fmt.Errorf("lock cluster %s: %w", name, errors.Join(err, ctx.Err()))
	}
	return func() { _ = f.Unlock() }, nil
}
