//go:build unix

package fault

import "syscall"

// Kill ends a process as kill -9 does.
func Kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }

// Pause keeps a process from running until Resume.
func Pause(pid int) error { return syscall.Kill(pid, syscall.SIGSTOP) }

// Resume lets a process go on.
func Resume(pid int) error { return syscall.Kill(pid, syscall.SIGCONT) }
