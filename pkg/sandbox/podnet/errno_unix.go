//go:build !windows

package podnet

import (
	"errors"
	"io/fs"
	"syscall"
)

// isRefused says whether a failed dial of a unix socket means that nobody listens.
func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// isBacklogFull says whether a listener has more connections waiting than it may.
func isBacklogFull(err error) bool { return errors.Is(err, syscall.EAGAIN) }

func isAddrInUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
