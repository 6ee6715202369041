// Package process is what the processes of a cluster do, each by the name under which it was started: the
// control plane, a node, a container. Package cluster/sandbox starts and ends them.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"k8s.io/klog/v2"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/controlplane"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/node"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/role"
)

// Main runs the part of a cluster that args[0] names, and returns its exit code when it ends.
// handled is false when args are those of the command line tool.
func Main(args []string) (handled bool, code int) {
	switch role.Of(args) {
	case role.Container:
		return true, program.Main(args)
	case role.ControlPlane:
		return true, runPart(args, runControlPlane)
	case role.Node:
		return true, runPart(args, func(ctx context.Context, l sandbox.Layout, part, program string, _ io.Writer) error {
			os.Args[0] = "kubelet" // what clients call themselves is made of it
			return node.Run(ctx, l, part, program)
		})
	}
	return false, 0
}

// How much garbage may add to the heap, in percent of what is in use, before it is collected: memory is dearer than
// time here, but when a control plane starts again. It would spend a fifth of that time on collecting.
const (
	frugal  = 50
	hurried = 400
)

// settled is when a part has done what it does once, and gives back the memory that this took.
const settled = 10 * time.Second

// runControlPlane runs the control plane, and in the same process the kubelet of its node.
func runControlPlane(ctx context.Context, l sandbox.Layout, part, program string, stages io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if _, err := os.Stat(l.Etcd()); err == nil { // it ran before, and somebody waits for it to be there again
		debug.SetGCPercent(hurried)
	}
	err := controlplane.Run(ctx, l, func(s sandbox.Stage) {
		// Nobody listens any more when the command that started the cluster was killed.
		_, _ = fmt.Fprintln(stages, sandbox.StagePrefix+string(s))
		switch s {
		case sandbox.APIServer:
			go func() { cancel(node.Run(ctx, l, part, program)) }()
		case sandbox.Components:
			debug.SetGCPercent(frugal)
		}
	})
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

type partFunc func(ctx context.Context, l sandbox.Layout, part, program string, stages io.Writer) error

// runPart sets up the process of a part: its log is standard error, its stages are standard output.
func runPart(args []string, run partFunc) int {
	if len(args) != 4 {
		fmt.Fprintln(os.Stderr, args[0], "is a part of a practice cluster and is started by "+plugin.Command)
		return 2
	}
	l, part := sandbox.Layout{Dir: args[1]}, args[2]
	stages := os.Stdout
	os.Stdout = os.Stderr
	ignoreBrokenPipes()
	keepPrivate()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	alive, err := sandbox.HoldAlive(ctx, l, part)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Held until the process is gone, listeners and all: not closed before.
	defer runtime.KeepAlive(alive)
	sandbox.StampVersion()
	debug.SetGCPercent(frugal)
	time.AfterFunc(settled, debug.FreeOSMemory)
	defer klog.Flush()
	if err := run(ctx, l, part, args[3], stages); err != nil && ctx.Err() == nil {
		klog.Flush()
		fmt.Fprintf(os.Stderr, "%s: %v\n", part, err)
		return 1
	}
	return 0
}
