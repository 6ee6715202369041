package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/embedded"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/role"
)

const (
	// controlPlaneWithin is how long the control plane may take to come up. A slow laptop takes a tenth of it.
	controlPlaneWithin = 3 * time.Minute
	// endWithin is how long a part may take to end before it is killed.
	endWithin = 5 * time.Second
)

// starting are the processes that one command has just started.
type starting struct {
	since    map[string]time.Time // part -> when it was started
	stages   io.ReadCloser        // of the control plane; nil when it was running already
	progress cluster.Progress
	ended    chan error
}

// startDead starts every part that should run and does not.
func (h *Handle) startDead(ctx context.Context, p cluster.Progress) (*starting, error) {
	s := &starting{since: map[string]time.Time{}, progress: p, ended: make(chan error, len(h.config.Nodes))}
	for _, dir := range []string{h.layout.Logs(), h.layout.Net(), h.layout.Bin()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make cluster folder: %w", err)
		}
	}
	program, err := containerProgram(h.layout)
	if err != nil {
		return nil, err
	}
	for _, part := range h.dead() {
		name := role.Node
		if part == sandbox.ControlPlane {
			name = role.ControlPlane
		}
		if err := s.start(ctx, h.layout, part, string(name), program); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// containerProgram is what containers run: the small program that comes inside this one, or this
// one where it was built without.
func containerProgram(l sandbox.Layout) (string, error) {
	if _, ok := embedded.Container(); !ok {
		return os.Executable()
	}
	return embedded.Extract(l.Bin())
}

// way is one of the ways to start a process.
type way struct {
	attributes  *syscall.SysProcAttr
	environment []string // beside what every process of the cluster gets
}

func (s *starting) start(ctx context.Context, l sandbox.Layout, part, arg0, program string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start %s: %w", part, err)
	}
	log, err := os.OpenFile(l.Log(part), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", part, err)
	}
	defer log.Close()
	claim, err := sandbox.ClaimAlive(ctx, l, part)
	if err != nil {
		return fmt.Errorf("start %s: %w", part, err)
	}
	defer claim.Close()
	var cmd *exec.Cmd
	for _, w := range ways() {
		cmd = &exec.Cmd{
			Path: self, Args: []string{arg0, l.Dir, part, program}, Dir: l.Dir, Env: append(environment(), w.environment...),
			Stderr: log, SysProcAttr: w.attributes,
		}
		claim.GiveTo(cmd)
		if part == sandbox.ControlPlane {
			if s.stages, err = cmd.StdoutPipe(); err != nil {
				return fmt.Errorf("start %s: %w", part, err)
			}
		}
		s.since[part] = time.Now()
		if err = cmd.Start(); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", part, err)
	}
	go func() {
		_, err := cmd.Process.Wait()
		s.ended <- fmt.Errorf("%s ended while it started (%w); see: "+plugin.Command+" cluster logs %s", part, errors.Join(err, errors.New(lastLine(l.Log(part)))), part)
	}()
	return nil
}

// environment is what a cluster's process sees of the learner's: nothing that changes what it does.
func environment() []string {
	env := []string{}
	for _, name := range []string{"HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "USERPROFILE", "LOCALAPPDATA", "GOCOVERDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// wait shows the control plane's stages until the last one is reached.
func (s *starting) wait(ctx context.Context) error {
	if s.stages == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, controlPlaneWithin)
	defer cancel()
	reached := make(chan string)
	go func() {
		defer close(reached)
		lines := bufio.NewScanner(s.stages)
		for lines.Scan() {
			if stage, ok := strings.CutPrefix(lines.Text(), sandbox.StagePrefix); ok {
				reached <- stage
			}
		}
	}()
	for _, stage := range sandbox.Stages {
		done := s.progress.Stage(string(stage))
		err := s.waitStage(ctx, string(stage), reached)
		done(err)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *starting) waitStage(ctx context.Context, stage string, reached <-chan string) error {
	select {
	case got, ok := <-reached:
		if !ok {
			return <-s.ended
		}
		if got != stage {
			return fmt.Errorf("start %s: the control plane says %q", stage, got)
		}
		return nil
	case err := <-s.ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("start %s: %w", stage, ctx.Err())
	}
}

func lastLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "no log"
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}

// endAll ends every part of a cluster, whatever its Config says: at once, or with a chance to end by itself.
func endAll(ctx context.Context, l sandbox.Layout, atOnce bool) error {
	entries, err := os.ReadDir(filepath.Dir(l.Alive("x")))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find processes: %w", err)
	}
	var parts []string
	for _, e := range entries {
		if part, ok := strings.CutSuffix(e.Name(), sandbox.AliveLockSuffix); ok {
			parts = append(parts, part)
		}
	}
	errs := make(chan error, len(parts))
	for _, part := range parts {
		go func() { errs <- endPart(ctx, l, part, atOnce) }()
	}
	var all []error
	for range parts {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// endPart ends one part and waits until it is gone: at once, or with a chance to end by itself.
func endPart(ctx context.Context, l sandbox.Layout, part string, atOnce bool) error {
	deadline := time.Now().Add(endWithin)
	asked := false
	err := wait.PollUntilContextTimeout(ctx, 10*time.Millisecond, 2*endWithin, true, func(context.Context) (bool, error) {
		pid, ok := sandbox.Alive(l, part)
		if !ok {
			return true, nil
		}
		if pid == 0 {
			return false, nil // it has just started and will say who it is
		}
		p, err := os.FindProcess(pid)
		if err != nil {
			return false, nil
		}
		switch {
		case atOnce || time.Now().After(deadline):
			_ = p.Kill()
		case !asked:
			asked = true
			askToEnd(p)
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("end %s: %w", part, err)
	}
	return nil
}
