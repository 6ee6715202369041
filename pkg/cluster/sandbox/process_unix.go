//go:build unix

package sandbox

import (
	"os"
	"syscall"
)

// detached makes a process live on when the terminal of the command that started it closes.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func askToEnd(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }
