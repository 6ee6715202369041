package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

const (
	// stepLimit is how long one command, or the waiting for one to succeed, may take.
	stepLimit = 100 * time.Second
	// pause is what lies between two tries of a command that is waited for.
	pause = 300 * time.Millisecond
)

// transcript is what a session printed on one cluster, step by step and made comparable.
type transcript struct {
	steps   [][]string // lines; nil for a step that is not compared
	took    []time.Duration
	elapsed time.Duration
	// failed says which step that had to succeed did not; the session ended there.
	failed string
}

// play runs the session on the cluster. Its namespace is deleted afterwards, without waiting.
func (t *target) play(ctx context.Context, s *session) (*transcript, error) {
	began := time.Now()
	dir := filepath.Join(t.work, s.Name)
	env, err := t.prepare(ctx, s, dir)
	if err != nil {
		return nil, err
	}
	tr := &transcript{}
	for _, st := range s.steps {
		start := time.Now()
		out, err := t.step(ctx, st, dir, env)
		tr.took = append(tr.took, time.Since(start))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !st.compared() && err != nil {
			tr.failed = fmt.Sprintf("%c %s: %v\n%s", st.kind, st.command, err, out)
			break
		}
		var lines []string
		if st.compared() {
			lines = t.lines(st, out, err)
		}
		tr.steps = append(tr.steps, lines)
	}
	tr.elapsed = time.Since(began)
	_, err = t.run(ctx, "", "delete namespace "+namespace(s)+" --wait=false --ignore-not-found")
	return tr, err
}

func namespace(s *session) string { return "cmp-" + s.Name }

// prepare makes the namespace and a folder with the session's files, a kubeconfig that means the
// namespace, and a kubectl that uses it. It returns the environment of the session's commands.
func (t *target) prepare(ctx context.Context, s *session, dir string) ([]string, error) {
	bin := filepath.Join(t.work, "bin-"+s.Name)
	for _, d := range []string{dir, bin} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
	}
	for _, f := range s.files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			return nil, fmt.Errorf("write file: %w", err)
		}
	}
	config := filepath.Join(bin, "kubeconfig")
	given, err := os.ReadFile(t.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	if err := os.WriteFile(config, given, 0o600); err != nil {
		return nil, fmt.Errorf("write kubeconfig: %w", err)
	}
	shim := fmt.Sprintf("#!/bin/sh\nexec %s --kubeconfig %s \"$@\"\n", t.kubectl, quote(config))
	if err := os.WriteFile(filepath.Join(bin, "kubectl"), []byte(shim), 0o700); err != nil {
		return nil, fmt.Errorf("write kubectl: %w", err)
	}
	own := *t
	own.kubeconfig = config
	if _, err := own.run(ctx, "", "config set-context --current --namespace="+namespace(s)); err != nil {
		return nil, err
	}
	if _, err := t.run(ctx, "", "create namespace "+namespace(s)); err != nil {
		return nil, err
	}
	return append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "NS="+namespace(s),
		"CONTROL="+t.control, "WORKER1="+t.workers[0], "WORKER2="+t.workers[1], "TZ=UTC", "LC_ALL=C"), nil
}

// step runs one step and returns what it printed.
func (t *target) step(ctx context.Context, st *step, dir string, env []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	for {
		out, err := shell(ctx, st.command, dir, env)
		if err == nil || st.kind != await {
			return out, err
		}
		select {
		case <-ctx.Done():
			return out, fmt.Errorf("not after %s: %w", stepLimit, err)
		case <-time.After(pause):
		}
	}
}

// shell runs a command of sh and returns what it printed, standard error included. What the command
// leaves in the background ends with it.
func shell(ctx context.Context, command, dir string, env []string) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Dir, cmd.Env = dir, env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	inGroup(cmd)
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start sh: %w", err)
	}
	err := cmd.Wait()
	endGroup(cmd)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("ended after %s", stepLimit)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return out.String(), err
}

// lines are a step's output as it is compared, with how it ended where it did not succeed.
func (t *target) lines(st *step, out string, err error) []string {
	lines := t.normal.lines(out)
	if st.kind == sorted {
		sort.Strings(lines)
	}
	if err != nil {
		lines = append(lines, "["+err.Error()+"]")
	}
	return append([]string{}, lines...)
}

// firstLine is a command as it is named in a report.
func firstLine(command string) string {
	line, _, more := strings.Cut(command, "\n")
	if more {
		line += " ..."
	}
	return line
}
