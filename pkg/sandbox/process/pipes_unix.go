//go:build unix

package process

import (
	"os/signal"
	"syscall"
)

// ignoreBrokenPipes keeps a write to the pipe of a command that is gone from ending this process.
func ignoreBrokenPipes() { signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP) }

// keepPrivate makes every file and socket of the process the learner's alone.
func keepPrivate() { syscall.Umask(0o077) }
