package sandbox

import (
	"context"
	"os"

	"github.com/gofrs/flock"
)

// takeLock makes sure that nobody has the lock. Windows gives it to a process and not to those that it starts.
func takeLock(ctx context.Context, path string) (*os.File, error) {
	f := flock.New(path, flock.SetPermissions(0o600))
	if err := lockSoon(ctx, f.TryLock); err != nil {
		return nil, err
	}
	return nil, f.Unlock()
}

// inheritedLock is nil: see takeLock.
func inheritedLock(string) *os.File { return nil }
