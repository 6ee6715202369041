package runtime

import (
	"os"
	"syscall"
)

// hostEnvironment is what the operating system needs to start a process.
func hostEnvironment() []string { return []string{"SystemRoot=" + os.Getenv("SystemRoot")} }

func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminate ends the process: Windows has no signal that asks a process to end by itself.
func terminate(p *os.Process, _ string) { _ = p.Kill() }

func killGroup(p *os.Process) { _ = p.Kill() }

func exitCode(s *os.ProcessState) int32 { return int32(s.ExitCode()) }

// groupOf is not asked for: Windows does not tell who is at the far end of a socket.
func groupOf(int) int { return 0 }
