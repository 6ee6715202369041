//go:build unix

package sandbox

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// inherited is the file descriptor of the first file that a process is given beside the three usual ones.
const inherited = 3

// takeLock takes the lock in a file. It belongs to the open file, and with that to every process that inherits it.
func takeLock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = lockSoon(ctx, func() (bool, error) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == unix.EWOULDBLOCK || err == unix.EINTR {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// inheritedLock is the lock in a file that this process was started with, or nil. It stays with this process: what
// it starts does not inherit it.
func inheritedLock(path string) *os.File {
	var got, want unix.Stat_t
	if unix.Fstat(inherited, &got) != nil || unix.Stat(path, &want) != nil || got.Dev != want.Dev || got.Ino != want.Ino {
		return nil
	}
	unix.CloseOnExec(inherited)
	return os.NewFile(inherited, path)
}
