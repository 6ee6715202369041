package task

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
)

// Exit codes of what was not run, as shells use them.
const (
	CodeNotFound    = 127
	CodeCannotRun   = 126
	codeSignalled   = 128
	afterKill       = 100 * time.Millisecond
	codeInterrupted = codeSignalled + int(process.INT)
)

// Run runs t.Args as a new process and returns its exit code. The error says that nothing was run.
func (t *Task) Run(ctx context.Context) (int, error) {
	code, _, err := t.RunWatched(ctx)
	return code, err
}

// RunWatched is Run that also tells which signal ended the process, 0 if none did.
func (t *Task) RunWatched(ctx context.Context) (int, process.Signal, error) {
	parent := 0
	if t.Proc != nil {
		parent = t.Proc.PID
	}
	return t.start(ctx, false, parent, true, nil)
}

// RunTop runs t.Args as the program of this host process: process 1 if main. started is called when it
// has its entry in the process table.
func (t *Task) RunTop(ctx context.Context, main bool, started func(*process.Process)) (int, error) {
	code, _, err := t.start(ctx, main, 0, false, started)
	return code, err
}

func (t *Task) start(ctx context.Context, main bool, parent int, inner bool, started func(*process.Process)) (int, process.Signal, error) {
	prog, bin, args, err := t.load(t.Env, t.Dir, t.Args)
	if err != nil {
		return CodeNotFound, 0, err
	}
	proc, own, err := t.Table.Start(ctx, main, parent, inner, args)
	if err != nil {
		return CodeCannotRun, 0, err
	}
	defer proc.End()
	if started != nil {
		started(proc)
	}
	code := t.Become(own, proc, bin, args, prog)
	killed, ok := errors.AsType[process.ErrKilled](context.Cause(own))
	if !ok || ctx.Err() != nil || code != CodeOf(own) {
		return code, 0, nil // it ended by itself, or with all around it
	}
	return code, killed.Signal, nil
}

// Become runs prog as the process proc.
func (t *Task) Become(ctx context.Context, proc *process.Process, bin Binary, args []string, prog Program) int {
	c := *t
	c.Proc, c.Binary, c.Args = proc, bin, args
	c.In, c.Out, c.Err = stream.Bind(ctx, t.In), stream.NewGate(ctx, t.Out), stream.NewGate(ctx, t.Err)
	done := make(chan int, 1)
	go func() { done <- prog(ctx, &c) }()
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
	}
	// A program that is killed has a moment to notice; one that hangs in something that cannot be
	// called off is left behind, shut off from its streams.
	select {
	case <-done:
	case <-time.After(afterKill):
	}
	return CodeOf(ctx)
}

// CodeOf is the exit code of what was ended by its context.
func CodeOf(ctx context.Context) int {
	if k, ok := errors.AsType[process.ErrKilled](context.Cause(ctx)); ok {
		return codeSignalled + int(k.Signal)
	}
	return codeInterrupted
}

// Load finds what a command line would run, without running it.
func (t *Task) Load() (Program, Binary, []string, error) { return t.load(t.Env, t.Dir, t.Args) }

// Daemon goes on with prog as a process of its own, whose parent is process 1, and returns at once. It
// ends with the host process: a daemon that process 1 started ends with the container.
func (t *Task) Daemon(prog Program) error {
	proc, ctx, err := t.Table.Start(t.Life, false, 1, true, t.Args)
	if err != nil {
		return err
	}
	c := *t
	// The streams outlive the command that became a daemon.
	c.Out, c.Err = stream.Ungate(t.Out), stream.Ungate(t.Err)
	go func() {
		defer proc.End()
		c.Become(ctx, proc, t.Binary, t.Args, prog)
	}()
	return nil
}
