//go:build unix

package runtime

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// hostEnvironment is what the operating system needs to start a process: nothing.
func hostEnvironment() []string { return []string{} }

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// terminate asks the main process to end, by the signal that its image names or SIGTERM; its
// children are its own affair, as in a container. SIGWINCH, which httpd's image names, means
// something else to a container's process (package process), so that httpd gets SIGTERM.
func terminate(p *os.Process, name string) {
	signal := unix.SignalNum(name)
	if signal == 0 || signal == syscall.SIGWINCH {
		signal = syscall.SIGTERM
	}
	_ = p.Signal(signal)
}

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// exitCode is the code that a shell would give: 128 and the signal's number for a process that was killed.
func exitCode(s *os.ProcessState) int32 {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int32(w.Signal())
	}
	return int32(s.ExitCode())
}

// groupOf is the process group of a process, or 0.
func groupOf(pid int) int {
	group, err := syscall.Getpgid(pid)
	if err != nil {
		return 0
	}
	return group
}
