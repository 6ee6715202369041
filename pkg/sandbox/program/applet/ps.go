package applet

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// psTime is minutes and seconds since the start: programs here cost no measurable time of their own.
func psTime() string { return "0:00" }

// psColumns are the columns that -o may name, with their headings; the last one is not padded.
func psColumns(t *task.Task, e process.Entry) map[string]string {
	return map[string]string{
		"pid": fmt.Sprintf("%5d", e.PID), "ppid": fmt.Sprintf("%5d", e.Parent), "user": fmt.Sprintf("%-8s", user(t)),
		"time": fmt.Sprintf("%5s", psTime()), "args": strings.Join(e.Args, " "), "comm": path.Base(e.Args[0]),
	}
}

func psHeading() map[string]string {
	return map[string]string{"pid": "PID  ", "ppid": "PPID ", "user": "USER    ", "time": "TIME ", "args": "COMMAND", "comm": "COMMAND"}
}

// ps takes -o COLUMN,...; other options, which busybox has none of, are passed over as it does.
func ps(t *task.Task) int {
	columns := []string{"pid", "user", "time", "args"}
	for i := 1; i < len(t.Args); i++ {
		names, ok := strings.CutPrefix(t.Args[i], "-o")
		if !ok {
			continue
		}
		if i++; names == "" && i < len(t.Args) {
			names = t.Args[i]
		}
		columns = strings.Split(names, ",")
	}
	width := 1 << 20
	if tty := t.OutTTY(); tty != nil {
		width, _ = tty.Size()
	}
	heading := psHeading()
	for _, c := range columns {
		if heading[c] == "" {
			t.Errorf("bad -o argument '%s', supported arguments: user,comm,args,pid,ppid,time", c)
			return 1
		}
	}
	t.Printf("%s\n", psLine(columns, heading, width))
	for _, e := range t.Table.List() {
		t.Printf("%s\n", psLine(columns, psColumns(t, e), width))
	}
	return 0
}

func psLine(columns []string, cells map[string]string, width int) string {
	var line []string
	for _, c := range columns {
		line = append(line, cells[c])
	}
	text := strings.TrimRight(strings.Join(line, " "), " ")
	return text[:min(len(text), width)]
}

// pgrep is pgrep, pkill and killall.
func pgrep(t *task.Task) int {
	args := t.Args[1:]
	sig, full, long := process.TERM, false, false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch a := args[0]; a {
		case "-f":
			full = true
		case "-l", "-a":
			long = true
		case "-x", "-q":
		default:
			s, err := process.ParseSignal(a[1:])
			if err != nil {
				badOption(t, a[1:], false)
				return 1
			}
			sig = s
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return usage(t, "[-fl] PATTERN")
	}
	found := false
	for _, e := range t.Table.List() {
		if t.Proc != nil && e.PID == t.Proc.PID {
			continue
		}
		text := path.Base(e.Args[0])
		if full {
			text = strings.Join(e.Args, " ")
		}
		hit := strings.Contains(text, args[0])
		if t.Name() == "killall" {
			hit = text == args[0]
		}
		if !hit {
			continue
		}
		found = true
		switch {
		case t.Name() != "pgrep":
			_ = t.Table.Signal(e.PID, sig)
		case long:
			t.Printf("%d %s\n", e.PID, strings.Join(e.Args, " "))
		default:
			t.Printf("%d\n", e.PID)
		}
	}
	if !found && t.Name() == "killall" {
		t.Errorf("%s: no process killed", args[0])
	}
	return 1 - boolInt(found)
}

// bootTime is when the container's first process began.
func bootTime(t *task.Task) time.Time {
	for _, e := range t.Table.List() {
		return e.Started
	}
	return t.Now()
}

func uptime(t *task.Task) int {
	t.Printf("%s\n", uptimeText(t))
	return 0
}

func uptimeText(t *task.Task) string {
	now := t.Now().UTC()
	up := now.Sub(bootTime(t))
	text := fmt.Sprintf("%d min", int(up.Minutes()))
	if h := int(up.Hours()); h > 0 {
		text = fmt.Sprintf("%2d:%02d", h%24, int(up.Minutes())%60)
		if d := h / 24; d > 0 {
			text = fmt.Sprintf("%d days, %s", d, text)
		}
	}
	return fmt.Sprintf(" %s up %s,  0 users,  load average: 0.00, 0.00, 0.00", now.Format("15:04:05"), text)
}

func free(t *task.Task) int {
	o, _, ok := options(t, "bkmgh", "human=h", "mega=m")
	if !ok {
		return 1
	}
	unit := func(n int64) string { return fmt.Sprint(n >> 10) }
	switch {
	case o.has('b'):
		unit = func(n int64) string { return fmt.Sprint(n) }
	case o.has('m'):
		unit = func(n int64) string { return fmt.Sprint(n >> 20) }
	case o.has('g'):
		unit = func(n int64) string { return fmt.Sprint(n >> 30) }
	case o.has('h'):
		unit = human
	}
	const total = int64(task.NodeMemory)
	t.Printf("%19s%12s%12s%12s%12s%12s\n", "total", "used", "free", "shared", "buff/cache", "available")
	t.Printf("Mem:   %12s%12s%12s%12s%12s%12s\n", unit(total), unit(total/8), unit(total*3/4), unit(0), unit(total/8), unit(total*7/8))
	t.Printf("Swap:  %12s%12s%12s\n", unit(0), unit(0), unit(0))
	return 0
}
