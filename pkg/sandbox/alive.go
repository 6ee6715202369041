package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"k8s.io/apimachinery/pkg/util/wait"
)

// ErrAlive says that a part is running already.
var ErrAlive = errors.New("is running already")

// A Claim marks a part as running for the process that is about to be started as that part, so that there is no
// moment in which the process is there and nobody can know of it, whoever is killed in that moment. Windows hands no
// lock down: there the process marks itself when it comes so far.
type Claim struct{ lock *os.File }

// ClaimAlive claims a part, and forgets the process ID of an earlier run. It is ErrAlive where the part runs.
func ClaimAlive(ctx context.Context, l Layout, part string) (*Claim, error) {
	if err := os.MkdirAll(filepath.Dir(l.Alive(part)), 0o700); err != nil {
		return nil, fmt.Errorf("claim %s: %w", part, err)
	}
	lock, err := takeLock(ctx, l.aliveLock(part))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", part, err)
	}
	if err := os.Remove(l.Alive(part)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		_ = lock.Close()
		return nil, fmt.Errorf("forget the last process of %s: %w", part, err)
	}
	return &Claim{lock}, nil
}

// GiveTo has the process that cmd will start inherit the claim, for its HoldAlive.
func (c *Claim) GiveTo(cmd *exec.Cmd) {
	if c.lock != nil {
		cmd.ExtraFiles = []*os.File{c.lock}
	}
}

// Close lets go of the claim. A process that has inherited it keeps it.
func (c *Claim) Close() error {
	if c.lock == nil {
		return nil
	}
	return c.lock.Close()
}

// HoldAlive marks the calling process as the part of that name, until what it returns is closed or
// the process ends. The lock goes with the process, however it ends, so a process ID in a locked
// file is always the right one. Whoever starts a part gives the process its Claim.
func HoldAlive(ctx context.Context, l Layout, part string) (io.Closer, error) {
	held, err := holdLock(ctx, l.aliveLock(part))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", part, err)
	}
	if err := os.WriteFile(l.Alive(part), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return nil, fmt.Errorf("mark %s as running: %w", part, err)
	}
	return held, nil
}

// holdLock is the lock that whoever started this process took for it, or one of its own.
func holdLock(ctx context.Context, path string) (io.Closer, error) {
	if given := inheritedLock(path); given != nil {
		return given, nil
	}
	f := flock.New(path, flock.SetPermissions(0o600))
	return f, lockSoon(ctx, f.TryLock)
}

// lockSoon takes a lock, or returns ErrAlive where somebody has it who keeps it. Somebody who asks Alive holds it for
// an instant: that is not a running part.
func lockSoon(ctx context.Context, try func() (bool, error)) error {
	err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, time.Second, true, func(context.Context) (bool, error) {
		return try()
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return ErrAlive
	}
	return err
}

// Alive tells whether a part is running, and its process ID: 0 while it has not written it yet.
func Alive(l Layout, part string) (pid int, ok bool) {
	if _, err := os.Stat(l.aliveLock(part)); err != nil {
		return 0, false
	}
	f := flock.New(l.aliveLock(part))
	// Where the lock cannot be asked, as with too many open files, a part is not taken for ended: it would
	// be started twice, or left behind.
	if got, err := f.TryRLock(); got || errors.Is(err, fs.ErrNotExist) {
		_ = f.Unlock()
		return 0, false
	}
	b, err := os.ReadFile(l.Alive(part))
	if err != nil {
		return 0, true
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	return pid, true
}
