//go:build unix

package sandbox

import (
	"os/signal"
	"syscall"
)

// ignoreBrokenPipes keeps a write to the pipe of a command that is gone from ending this process.
func ignoreBrokenPipes() { signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP) }
