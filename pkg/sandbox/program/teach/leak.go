package teach

import (
	"context"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const megabyte = 1 << 20

// Leak is the program of kubectl-learn/leak: it takes more memory every second and gives none back,
// until the container's limit ends it (OOMKilled) or it has as much as it was told.
func Leak(ctx context.Context, t *task.Task) int {
	f := newFlags(t, "takes memory and gives none back.")
	rate := f.Float64("mb-per-second", 4, "MB that it takes each second")
	first := f.Int("start-mb", 0, "MB that it takes at once")
	until := f.Int("until-mb", 512, "MB at which it takes no more and goes on to live; 0: never stop")
	if !parse(t, f) {
		return codeUsage
	}
	if *rate < 0 || *first < 0 || *until < 0 {
		t.Errorf("memory cannot be negative")
		return codeUsage
	}
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
	l := &leak{t: t, until: *until}
	log(t, "leak: taking %g MB a second%s", *rate, map[bool]string{true: "", false: "; the memory limit of the container is what ends it"}[*until > 0])
	l.take(*first)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	owed := 0.0
	for {
		select {
		case <-ctx.Done():
			return task.CodeOf(ctx)
		case s := <-told:
			log(t, "leak: SIG%s: ending, with %d MB", s, len(l.held))
			return 0
		case <-tick.C:
			owed += *rate
			l.take(int(owed))
			owed -= float64(int(owed))
		}
	}
}

// leak is what was taken so far.
type leak struct {
	t     *task.Task
	until int
	held  [][]byte
	full  bool
}

// take takes so many MB, and writes to all of it: memory that nobody wrote to is not counted.
func (l *leak) take(mb int) {
	for range mb {
		if l.until > 0 && len(l.held) >= l.until {
			if !l.full {
				log(l.t, "leak: %d MB is all that it was told to take", len(l.held))
			}
			l.full = true
			return
		}
		b := make([]byte, megabyte)
		for i := 0; i < len(b); i += 512 {
			b[i] = byte(i>>9) | 1
		}
		l.held = append(l.held, b)
	}
	if mb > 0 {
		log(l.t, "leak: holding %d MB", len(l.held))
	}
}
