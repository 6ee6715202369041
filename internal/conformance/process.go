package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// endWithin is how long a spec that was interrupted may clean up.
const endWithin = 20 * time.Second

// process is one process of the suite.
type process struct {
	site  *site
	suite string
	specs []spec
	told  func(result)

	mu       sync.Mutex
	reader   reader
	limit    time.Time // of the spec that runs
	timedOut bool
	results  []result
	printed  tail
}

// run runs the specs one after the other, and returns the results of those that ended, each of which was told. A spec that takes longer
// than its limit is interrupted, with which the process ends.
func (p *process) run(ctx context.Context) []result {
	byName := map[string]bool{}
	for _, s := range p.specs {
		byName[s.Name] = true
	}
	p.limit = time.Now().Add(leastLimit) // it has to begin, too
	p.reader = reader{
		specs: byName,
		begun: func(name string) { p.limit = time.Now().Add(p.limitOf(name)) },
		ended: func(r result) {
			p.add(r)
			p.limit = time.Now().Add(leastLimit)
		},
	}
	cmd := p.command(ctx)
	out, err := cmd.StdoutPipe()
	if err == nil {
		cmd.Stderr = cmd.Stdout
		err = cmd.Start()
	}
	if err != nil {
		return p.failAll(fmt.Sprintf("start the suite: %v", err))
	}
	stop := every(time.Second, func(time.Duration) { p.watch(cmd) })
	readErr := p.read(out)
	err = cmd.Wait()
	stop()
	endGroup(cmd)
	return p.conclude(ctx, errors.Join(readErr, err))
}

func (p *process) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.suite,
		"--kubeconfig="+p.site.kubeconfig, "--kubectl-path="+p.site.kubectl, "--provider=skeleton",
		"--disable-log-dump", "--allowed-not-ready-nodes=1",
		"--ginkgo.v", "--ginkgo.no-color", "--ginkgo.grace-period=10s", "--ginkgo.timeout=24h",
		"--ginkgo.focus="+focus(p.specs))
	cmd.Dir = p.site.work
	cmd.Env = p.site.env()
	inGroup(cmd)
	p.site.account.apply(cmd)
	cmd.WaitDelay = time.Second
	return cmd
}

func (p *process) read(out io.Reader) error {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		p.mu.Lock()
		p.printed.add(line)
		p.reader.line(strings.TrimRight(line, "\r\n"))
		p.mu.Unlock()
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the suite's output: %w", err)
		}
	}
}

// watch interrupts the process when its spec takes too long, and ends it when that does not help.
func (p *process) watch(cmd *exec.Cmd) {
	p.mu.Lock()
	defer p.mu.Unlock()
	over := time.Since(p.limit)
	switch {
	case over > endWithin:
		endGroup(cmd)
	case over > 0 && !p.timedOut:
		p.timedOut = true
		interrupt(cmd)
	}
}

// conclude says how the spec ended that was running when the process ended.
func (p *process) conclude(ctx context.Context, err error) []result {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reader.finish()
	if ctx.Err() != nil {
		return p.results
	}
	name, text := p.reader.running()
	switch {
	case name != "" && p.timedOut:
		p.add(result{Spec: name, Verdict: failed, Seconds: p.limitOf(name), Reason: "did not end within its limit", Output: text})
	case name != "":
		p.add(result{Spec: name, Verdict: failed, Reason: fmt.Sprintf("the suite's process ended: %v", err), Output: text})
	case len(p.results) == 0 && len(p.specs) == 1:
		return p.failAll(fmt.Sprintf("the suite ran nothing (%v)", err))
	}
	return p.results
}

func (p *process) add(r result) {
	if p.timedOut && r.Verdict == failed {
		r.Reason = "took longer than its limit: " + r.Reason
	}
	p.results = append(p.results, r)
	p.told(r)
}

func (p *process) limitOf(name string) time.Duration {
	for _, s := range p.specs {
		if s.Name == name {
			return s.limit()
		}
	}
	return 0
}

// failAll has every spec of the process be missing: it says nothing of them.
func (p *process) failAll(why string) []result {
	for _, s := range p.specs {
		p.add(result{Spec: s.Name, Verdict: missing, Reason: why, Output: p.printed.String()})
	}
	return p.results
}

// tail keeps the end of what a process prints.
type tail struct{ lines []string }

const tailLines = 60

func (t *tail) add(line string) {
	if t.lines = append(t.lines, line); len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}

func (t *tail) String() string { return strings.Join(t.lines, "") }
