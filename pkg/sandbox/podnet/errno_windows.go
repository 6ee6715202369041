package podnet

import (
	"errors"
	"io/fs"
	"syscall"
)

// Winsock's own numbers; package syscall's ECONNREFUSED and EADDRINUSE are invented ones there.
const (
	wsaEINVAL       syscall.Errno = 10022
	wsaEADDRINUSE   syscall.Errno = 10048
	wsaECONNREFUSED syscall.Errno = 10061
)

// isRefused says whether a failed dial of a unix socket means that nobody listens. Winsock has
// several answers to a path where nothing stands.
func isRefused(err error) bool {
	return errors.Is(err, wsaECONNREFUSED) || errors.Is(err, wsaEINVAL) ||
		errors.Is(err, fs.ErrNotExist)
}

func isBacklogFull(error) bool { return false }

func isAddrInUse(err error) bool { return errors.Is(err, wsaEADDRINUSE) }
