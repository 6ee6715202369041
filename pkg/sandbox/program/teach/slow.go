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

// slow is a server that needs time before it can work.
type slow struct {
	t     *task.Task
	since time.Time
	ready time.Duration
}

// SlowStart is the program of kubectl-learn/slow-start: what startup and readiness probes are for.
func SlowStart(ctx context.Context, t *task.Task) int {
	s := &slow{t: t, since: t.Now()}
	f := newFlags(t, "needs time to start. /healthz says that it lives, /readyz whether it can work, / works.")
	f.DurationVar(&s.ready, "ready-after", 20*time.Second, "time from the start until it can work; before, / and /readyz answer 503")
	listen := f.Duration("listen-after", 0, "time from the start until it listens; before, connections are refused")
	port := f.Int("port", 8080, "port that it listens on")
	if !parse(t, f) {
		return codeUsage
	}
	if *listen > 0 {
		if code, ended := s.wait(ctx, *listen); ended {
			return code
		}
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	return web.App{
		Addr: fmt.Sprintf(":%d", *port), Handler: s, Graceful: true,
		Hello: func() {
			log(t, "slow-start: listening on port %d, ready in %v", *port, round(max(0, s.left())))
			go s.tell(ctx)
		},
	}.Run(ctx, t)
}

// wait waits, unless the program is told to end.
func (s *slow) wait(ctx context.Context, d time.Duration) (code int, ended bool) {
	told := make(chan struct{}, 1)
	s.t.Proc.Handle(func(sig process.Signal) bool {
		if sig != process.TERM && sig != process.INT {
			return false
		}
		select {
		case told <- struct{}{}:
		default:
		}
		return true
	})
	log(s.t, "slow-start: loading; it will listen in %v", d)
	select {
	case <-ctx.Done():
		return task.CodeOf(ctx), true
	case <-told:
		log(s.t, "slow-start: told to end while it was loading")
		return 0, true
	case <-time.After(d):
		return 0, false
	}
}

// tell says in the log when it is ready.
func (s *slow) tell(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(s.left()):
		log(s.t, "slow-start: ready, %v after the start", round(s.t.Now().Sub(s.since)))
	}
}

func (s *slow) left() time.Duration { return s.ready - s.t.Now().Sub(s.since) }

// ServeHTTP answers 503 until it is ready, but for /healthz.
func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	left := s.left()
	switch {
	case r.URL.Path == "/healthz":
		fmt.Fprintln(w, "alive")
	case left > 0:
		http.Error(w, fmt.Sprintf("not ready: %v to go", round(left)), http.StatusServiceUnavailable)
	case r.URL.Path == "/readyz":
		fmt.Fprintln(w, "ready")
	default:
		fmt.Fprintf(w, "Hello from slow-start in Pod %s\n", s.t.Spec.Pod)
	}
}
