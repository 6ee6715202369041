package shell

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
)

// traps is what a shell does on signals. Signals arrive on another goroutine and wait here until the
// command under way is done.
type traps struct {
	mu      sync.Mutex
	bodies  map[process.Signal]string
	pending []process.Signal
	arrived chan struct{}
	running bool
	exited  bool
}

func newTraps() *traps {
	return &traps{bodies: map[process.Signal]string{}, arrived: make(chan struct{}, 1)}
}

// sub returns the traps of a subshell: what is ignored stays so, the rest is as usual.
func (t *traps) sub() *traps {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := newTraps()
	for s, body := range t.bodies {
		if body == "" {
			c.bodies[s] = ""
		}
	}
	return c
}

func (t *traps) empty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.bodies) == 0
}

func (t *traps) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bodies, t.pending = map[process.Signal]string{}, nil
}

// take is called when a signal arrives. It says whether there is a trap for it.
func (t *traps) take(s process.Signal) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	body, ok := t.bodies[s]
	if ok && body != "" {
		t.pending = append(t.pending, s)
		select {
		case t.arrived <- struct{}{}:
		default:
		}
	}
	return ok
}

// next returns the trap that is to run now.
func (t *traps) next() (body string, sig process.Signal, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running || len(t.pending) == 0 {
		return "", 0, false
	}
	sig = t.pending[0]
	t.pending = t.pending[1:]
	body = t.bodies[sig]
	t.running = body != ""
	return body, sig, true
}

func (t *traps) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = false
}

// waiting returns the signal that interrupts wait, if one is pending.
func (t *traps) waiting() (process.Signal, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) == 0 {
		return 0, false
	}
	return t.pending[0], true
}

// runTraps runs the traps of the signals that have arrived.
func (s *Shell) runTraps(ctx context.Context) {
	for s.flow == flowNone && ctx.Err() == nil {
		body, _, ok := s.traps.next()
		if !ok {
			return
		}
		if body == "" {
			continue
		}
		status, tail := s.status, s.tail
		s.tail = false
		s.runText(ctx, body)
		s.tail = tail
		if s.flow == flowNone {
			s.status = status
		}
		s.traps.done()
	}
}

// runExit runs the trap for EXIT, once.
func (s *Shell) runExit() {
	s.traps.mu.Lock()
	body := s.traps.bodies[0]
	if s.traps.exited || body == "" {
		s.traps.mu.Unlock()
		return
	}
	s.traps.exited, s.traps.running = true, true
	s.traps.mu.Unlock()
	if s.ctx == nil || s.ctx.Err() != nil {
		return
	}
	status := s.status
	s.flow, s.tail = flowNone, false
	s.runText(s.ctx, body)
	if s.flow != flowExit {
		s.status = status
	}
}

// trapCommand is the builtin trap.
func (s *Shell) trapCommand(_ context.Context, args []string) int {
	args = args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || args[0] == "-p" {
		s.traps.mu.Lock()
		defer s.traps.mu.Unlock()
		for _, sig := range slices.Sorted(maps.Keys(s.traps.bodies)) {
			fmt.Fprintf(s.out, "trap -- %s %s\n", singleQuote(s.traps.bodies[sig]), sig)
		}
		return 0
	}
	if args[0] == "-l" {
		return s.killList()
	}
	body, set := args[0], true
	names := args[1:]
	if _, err := process.ParseSignal(args[0]); args[0] == "-" || err == nil && len(names) == 0 {
		set = false
		if args[0] != "-" {
			names = args
		}
	}
	code := 0
	for _, name := range names {
		sig, err := process.ParseSignal(name)
		if err != nil {
			s.complain("trap: %s: invalid signal specification", name)
			code = 1
			continue
		}
		s.traps.mu.Lock()
		if set {
			s.traps.bodies[sig] = body
		} else {
			delete(s.traps.bodies, sig)
		}
		s.traps.mu.Unlock()
	}
	return code
}

// handle makes the shell's process obey its traps.
func (s *Shell) handle() {
	if s.proc == nil {
		return
	}
	t, interactive := s.traps, s.interactive
	s.proc.Handle(func(sig process.Signal) bool {
		if t.take(sig) {
			return true
		}
		return interactive && (sig == process.TERM || sig == process.INT || sig == process.QUIT)
	})
}
