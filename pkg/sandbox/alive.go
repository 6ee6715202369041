package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrAlive says that a part is running already.
var ErrAlive = errors.New("is running already")

// HoldAlive marks the calling process as the part of that name, until what it returns is closed or
// the process ends. The lock goes with the process, however it ends, so a process ID in a locked
// file is always the right one; who starts a part calls ForgetAlive first.
func HoldAlive(ctx context.Context, l Layout, part string) (io.Closer, error) {
	path := l.Alive(part)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("mark %s as running: %w", part, err)
	}
	f := flock.New(path+".lock", flock.SetPermissions(0o600))
	// Somebody who asks Alive holds the lock for an instant: that is not a running part.
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if ok, err := f.TryLockContext(ctx, 5*time.Millisecond); !ok {
		if errors.Is(err, context.DeadlineExceeded) {
			err = ErrAlive
		}
		return nil, fmt.Errorf("%s: %w", part, err)
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return nil, fmt.Errorf("mark %s as running: %w", part, err)
	}
	return f, nil
}

// ForgetAlive removes the process ID of an earlier run.
func ForgetAlive(l Layout, part string) { _ = os.Remove(l.Alive(part)) }

// Alive tells whether a part is running, and its process ID: 0 while it has not written it yet.
func Alive(l Layout, part string) (pid int, ok bool) {
	path := l.Alive(part)
	if _, err := os.Stat(path + ".lock"); err != nil {
		return 0, false
	}
	f := flock.New(path + ".lock")
	// Where the lock cannot be asked, as with too many open files, a part is not taken for ended: it would
	// be started twice, or left behind.
	if got, err := f.TryRLock(); got || errors.Is(err, fs.ErrNotExist) {
		_ = f.Unlock()
		return 0, false
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, true
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	return pid, true
}
