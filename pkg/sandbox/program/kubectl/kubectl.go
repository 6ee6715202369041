// Package kubectl has the program kubectl of the images that carry one. It is not linked in here: it is
// the one of the program that made the cluster, started as a process of its own which knows the
// container's files and speaks on the Pod's network. That side of it is package pkg/cmd/kubectl.
package kubectl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/role"
)

// Main is the program kubectl.
func Main(ctx context.Context, t *task.Task) int {
	if t.Spec.Kubectl == "" {
		t.Errorf("this node has no kubectl for its containers")
		return task.CodeCannotRun
	}
	cmd, err := command(ctx, t)
	if err != nil {
		t.Errorf("%v", err)
		return task.CodeCannotRun
	}
	if reads(t.Args[1:]) {
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Errorf("%v", err)
			return task.CodeCannotRun
		}
		// What is typed after it has ended is for the next program.
		reading, stop := context.WithCancel(ctx)
		defer stop()
		go func() {
			_, _ = io.Copy(in, stream.Bind(reading, t.In))
			_ = in.Close()
		}()
	}
	if err := cmd.Start(); err != nil {
		t.Errorf("%v", err)
		return task.CodeCannotRun
	}
	t.Proc.Handle(func(s process.Signal) bool {
		if s != process.TERM && s != process.INT {
			return false
		}
		if cmd.Process.Signal(os.Interrupt) != nil { // which some systems do not have
			_ = cmd.Process.Kill()
		}
		return true
	})
	err = cmd.Wait()
	if ctx.Err() != nil {
		return task.CodeOf(ctx)
	}
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Errorf("%v", err)
		return task.CodeCannotRun
	}
	return max(cmd.ProcessState.ExitCode(), -1) & 0xff
}

// command is the process, which gets nothing but the description of its container.
func command(ctx context.Context, t *task.Task) (*exec.Cmd, error) {
	spec := *t.Spec
	spec.Args, spec.Env, spec.Dir = t.Args, t.Env, t.Dir
	b, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("describe container: %w", err)
	}
	cmd := exec.CommandContext(ctx, t.Spec.Kubectl)
	cmd.Args = []string{string(role.Kubectl)}
	cmd.Env = append(hostEnvironment(), container.KubectlSpec+"="+string(b))
	cmd.Dir = t.Spec.Root
	cmd.Stdout, cmd.Stderr = t.Out, t.Err
	return cmd, nil
}

// hostEnvironment is what the operating system needs to start a process.
func hostEnvironment() []string {
	var env []string
	for _, name := range []string{"SystemRoot"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// reads says whether kubectl is to read standard input. It is given to it only then: what stands
// after kubectl in a script that comes that way is not meant for it.
func reads(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.ContainsFunc(args, func(a string) bool {
		switch {
		case a == "-" || a == "-f-" || a == "--stdin" || a == "attach" || a == "--stdin=true" || a == "/dev/stdin":
			return true
		case strings.HasPrefix(a, "--"):
			return strings.HasSuffix(a, "=-") || strings.HasSuffix(a, "=/dev/stdin")
		case strings.HasPrefix(a, "-"):
			// -i, -it, -ti; but not -o=wide and the like.
			return len(a) <= 3 && strings.Contains(a, "i") && strings.Trim(a, "-it") == ""
		}
		return false
	})
}
