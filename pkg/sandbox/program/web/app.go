package web

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// codeGoSignalled is what a Go program that does not mind signals ends with when it is process 1 and
// gets one: the kernel does nothing, so the Go runtime gives up in its own way.
const codeGoSignalled = 2

// App is a server that is no more than a handler on one port.
type App struct {
	// Addr is where it listens, :8080.
	Addr    string
	Handler http.Handler
	// Hello is called when it listens, before the first request. It may be nil.
	Hello func()
	// Graceful lets the requests under way be answered when the program is told to end.
	Graceful bool
	// Code is the exit code after SIGTERM or SIGINT.
	Code int
	// Deaf is true for a server that minds no signal: its context alone ends it.
	Deaf bool
}

// Run serves until the program is told to end.
func (a App) Run(ctx context.Context, t *task.Task) int {
	var told <-chan process.Signal
	if !a.Deaf {
		told = signals(t, process.TERM, process.INT)
	}
	l, err := t.Net.Listen(ctx, "tcp", a.Addr)
	if err != nil {
		why := err.Error()
		if inUse(err) {
			why = fmt.Sprintf("listen tcp %s: bind: address already in use", a.Addr)
		}
		t.Errorf("%s", why)
		return 1
	}
	if a.Hello != nil {
		a.Hello()
	}
	s := start(ctx, []net.Listener{l}, a.Handler)
	select {
	case <-ctx.Done():
		s.stop()
		return task.CodeOf(ctx)
	case <-told:
		if a.Graceful {
			s.finish(ctx)
		}
		s.stop()
		return a.Code
	}
}
