//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// inGroup gives cmd a process group of its own, which is ended as a whole when its time is over.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// endGroup ends what is left of the group.
func endGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// interrupt asks the process to end, as Ctrl-C does.
func interrupt(cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGINT) }

// apply has cmd, which is in a group already, run as the account.
func (a account) apply(cmd *exec.Cmd) {
	if a.other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.id, Gid: a.id}
	}
}
