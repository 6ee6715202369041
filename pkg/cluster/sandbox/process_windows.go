package sandbox

import (
	"os"
	"syscall"
)

const detachedProcess = 0x00000008 // DETACHED_PROCESS of the Windows API, which package syscall lacks

// detached makes a process live on when the console of the command that started it closes.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP | detachedProcess, HideWindow: true}
}

// askToEnd ends the process: Windows has no signal for a process without a console.
func askToEnd(p *os.Process) { _ = p.Kill() }
