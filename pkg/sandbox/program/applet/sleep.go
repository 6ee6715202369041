package applet

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func sleep(ctx context.Context, t *task.Task) int {
	if len(t.Args) < 2 {
		return usage(t, "[N]...")
	}
	var total time.Duration
	for _, a := range t.Args[1:] {
		d, err := sleepTime(a)
		if err != nil {
			if gnu(t) {
				t.Errorf("invalid time interval '%s'", a)
				fmt.Fprintf(t.Err, "Try 'sleep --help' for more information.\n")
			} else {
				t.Errorf("invalid number '%s'", a)
			}
			return 1
		}
		total += min(d, forever-total)
	}
	if t.Name() == "usleep" {
		total /= 1e6
	}
	timer := time.NewTimer(total)
	defer timer.Stop()
	select {
	case <-timer.C:
		return 0
	case <-ctx.Done():
		return task.CodeOf(ctx)
	}
}

// forever is as long as a time.Duration can be, nearly.
const forever = 250 * 365 * 24 * time.Hour

func sleepTime(s string) (time.Duration, error) {
	if s == "infinity" || s == "inf" {
		return forever, nil
	}
	unit := time.Second
	if s != "" {
		switch s[len(s)-1] {
		case 's':
			s = s[:len(s)-1]
		case 'm':
			s, unit = s[:len(s)-1], time.Minute
		case 'h':
			s, unit = s[:len(s)-1], time.Hour
		case 'd':
			s, unit = s[:len(s)-1], 24*time.Hour
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 {
		return 0, fmt.Errorf("invalid number %q", s)
	}
	if f*float64(unit) > float64(forever) {
		return forever, nil
	}
	return time.Duration(f * float64(unit)), nil
}

func timeout(ctx context.Context, t *task.Task) int {
	o, args, ok := leading(t, "s:k:t:", "signal=s", "kill-after=k")
	if !ok {
		return 125
	}
	limit := o.value('t', "")
	if limit == "" && len(args) > 0 {
		limit, args = args[0], args[1:]
	}
	d, err := sleepTime(limit)
	if err != nil || len(args) == 0 {
		return usage(t, "[-s SIG] SECS PROG ARGS")
	}
	sig, err := process.ParseSignal(o.value('s', "TERM"))
	if err != nil {
		t.Errorf("%v", err)
		return 125
	}
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(d, func() { cancel(process.ErrKilled{Signal: sig}) })
	defer timer.Stop()
	code := runProgram(run, t, args)
	if run.Err() != nil && ctx.Err() == nil {
		if gnu(t) {
			return 124
		}
		return 128 + int(sig)
	}
	return code
}

func timed(ctx context.Context, t *task.Task) int {
	if len(t.Args) < 2 {
		return usage(t, "PROG ARGS")
	}
	start := time.Now()
	code := runProgram(ctx, t, t.Args[1:])
	d := time.Since(start)
	fmt.Fprintf(t.Err, "real\t%dm %.2fs\nuser\t0m 0.00s\nsys\t0m 0.00s\n", int(d.Minutes()), d.Seconds()-60*float64(int(d.Minutes())))
	return code
}

func watch(ctx context.Context, t *task.Task) int {
	o, args, ok := leading(t, "n:t", "interval=n")
	if !ok {
		return 1
	}
	every, err := sleepTime(o.value('n', "2"))
	if err != nil || len(args) == 0 {
		return usage(t, "[-n SEC] [-t] PROG ARGS")
	}
	for {
		t.Printf("\x1b[H\x1b[J")
		if !o.has('t') {
			t.Printf("Every %.1fs: %s%30s\n\n", every.Seconds(), strings.Join(args, " "), t.Now().UTC().Format("2006-01-02 15:04:05"))
		}
		runProgram(ctx, t, []string{"sh", "-c", strings.Join(args, " ")})
		timer := time.NewTimer(max(every, 100*time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return task.CodeOf(ctx)
		case <-timer.C:
		}
	}
}
