//go:build unix

package runtime

import (
	"os"
	"syscall"
)

// hostEnvironment is what the operating system needs to start a process: nothing.
func hostEnvironment() []string { return []string{} }

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// terminate asks the main process to end; its children are its own affair, as in a container.
func terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// exitCode is the code that a shell would give: 128 and the signal's number for a process that was killed.
func exitCode(s *os.ProcessState) int32 {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int32(w.Signal())
	}
	return int32(s.ExitCode())
}
