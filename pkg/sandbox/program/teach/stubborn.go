package teach

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/web"
)

// Stubborn is the program of kubectl-learn/stubborn: it does not end when it is told to, so that the
// Pod's grace period can be seen.
func Stubborn(ctx context.Context, t *task.Task) int {
	f := newFlags(t, "serves, and goes on when SIGTERM tells it to end.")
	last := f.Duration("exit-after", 0, "time from SIGTERM until it ends by itself, with exit code 0; 0: never, it takes a SIGKILL")
	port := f.Int("port", 8080, "port that it listens on")
	if !parse(t, f) {
		return codeUsage
	}
	serving, end := context.WithCancel(ctx)
	defer end()
	told := make(chan process.Signal, 1)
	t.Proc.Handle(func(s process.Signal) bool {
		if s != process.TERM && s != process.INT {
			return false
		}
		select {
		case told <- s:
		default:
		}
		return true
	})
	go resist(serving, t, told, *last, end)
	code := web.App{
		Addr: fmt.Sprintf(":%d", *port), Deaf: true,
		Hello: func() { log(t, "stubborn: listening on port %d", *port) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "Hello from stubborn in Pod %s\n", t.Spec.Pod)
		}),
	}.Run(serving, t)
	if serving.Err() != nil && ctx.Err() == nil {
		return 0 // it ended by itself
	}
	return code
}

// resist tells each second how long it has not ended, from the first signal on. It ends when last is
// over; never if that is 0.
func resist(ctx context.Context, t *task.Task, told <-chan process.Signal, last time.Duration, end func()) {
	select {
	case <-ctx.Done():
		return
	case s := <-told:
		log(t, "stubborn: SIG%s: not now", s)
	}
	since := t.Now()
	enough := after(last)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			log(t, "stubborn: still here, %v after the signal", t.Now().Sub(since).Round(time.Second))
		case <-enough:
			log(t, "stubborn: ending by itself, %v after the signal, as --exit-after says", last)
			end()
			return
		}
	}
}
