package applet

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// topEvery is how often top shows itself anew.
const topEvery = 5 * time.Second

func top(ctx context.Context, t *task.Task) int {
	o, _, ok := options(t, "bn:d:mH")
	if !ok {
		return 1
	}
	rounds, err := strconv.Atoi(o.value('n', "0"))
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('n', ""))
		return 1
	}
	every := topEvery
	if d := o.value('d', ""); d != "" {
		if every, err = sleepTime(d); err != nil {
			t.Errorf("invalid number '%s'", d)
			return 1
		}
	}
	keys := make(chan byte, 1)
	if tty := t.TTY(); tty != nil && !o.has('b') {
		restore := tty.Raw()
		defer restore()
		go func() {
			b := make([]byte, 1)
			for {
				if _, err := tty.ReadRaw(ctx, b); err != nil {
					return
				}
				keys <- b[0]
				if b[0] == 'q' || b[0] == 3 {
					return
				}
			}
		}()
	}
	for i := 1; ; i++ {
		if !o.has('b') {
			t.Printf("\x1b[H\x1b[J")
		}
		topOnce(t)
		if i == rounds {
			return 0
		}
		timer := time.NewTimer(every)
		select {
		case <-ctx.Done():
			timer.Stop()
			return task.CodeOf(ctx)
		case k := <-keys:
			timer.Stop()
			if k == 'q' || k == 3 {
				t.Printf("\n")
				return 0
			}
		case <-timer.C:
		}
	}
}

func topOnce(t *task.Task) {
	const kb = int64(task.NodeMemory >> 10)
	list := t.Table.List()
	t.Printf("Mem: %dK used, %dK free, 0K shrd, 0K buff, %dK cached\nCPU:   0%% usr   0%% sys   0%% nic 100%% idle   0%% io   0%% irq   0%% sirq\nLoad average: 0.00 0.00 0.00 1/%d %d\n", kb/8, kb*3/4, kb/8, len(list), list[len(list)-1].PID)
	t.Printf("  PID  PPID USER     STAT   VSZ %%VSZ CPU %%CPU COMMAND\n")
	for _, e := range list {
		t.Printf("%5d %5d %-8s S     4400   0%%   0   0%% %s\n", e.PID, e.Parent, user(t), strings.Join(e.Args, " "))
	}
}
