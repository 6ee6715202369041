package task

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
)

// nativeGrace is how long a native program that was signalled, or whose input is still open, has.
const nativeGrace = time.Second

// native is a program that was built for containers by itself (package native): host is where its file
// is, self its path in the container.
func native(host, self string) Program {
	return func(ctx context.Context, t *Task) int {
		dir, err := t.FS.HostPath(t.Dir)
		if err != nil {
			t.Errorf("%v", err)
			return CodeCannotRun
		}
		cmd := exec.CommandContext(ctx, host)
		cmd.Args, cmd.Dir = t.Args, dir
		cmd.Env = append(append([]string{}, t.Env...), t.Spec.NativeEnv(self, t.Dir)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = t.In, t.Out, t.Err
		cmd.Cancel = func() error { return cmd.Process.Signal(signalOf(ctx)) }
		cmd.WaitDelay = nativeGrace
		if err := cmd.Start(); err != nil {
			fmt.Fprintf(t.Err, "%s: %v\n", t.Args[0], errors.Unwrap(err))
			return CodeCannotRun
		}
		_ = cmd.Wait()
		if w, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
			return codeSignalled + int(w.Signal())
		}
		return cmd.ProcessState.ExitCode()
	}
}

// signalOf is the signal that ended a program's context.
func signalOf(ctx context.Context) syscall.Signal {
	if k, ok := errors.AsType[process.ErrKilled](context.Cause(ctx)); ok {
		return syscall.Signal(k.Signal)
	}
	return syscall.SIGKILL
}
