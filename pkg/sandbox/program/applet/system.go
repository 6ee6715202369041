package applet

import (
	"os"
	"path"
	"sort"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func findSystem(name string) task.Program {
	switch name {
	case "env", "printenv":
		return env
	case "hostname":
		return plain(hostname)
	case "id":
		return plain(id)
	case "nnp":
		return plain(func(t *task.Task) int { t.Printf("Effective uid: %d\n", t.Spec.User.UID); return 0 })
	case "whoami":
		return plain(whoami)
	case "sysctl":
		return plain(sysctl)
	case "uname":
		return plain(uname)
	case "date":
		return plain(date)
	case "sleep":
		return sleep
	case "usleep":
		return sleep
	case "true":
		return plain(func(*task.Task) int { return 0 })
	case "false":
		return plain(func(*task.Task) int { return 1 })
	case "mount":
		return plain(mount)
	case "ps":
		return plain(ps)
	case "pgrep", "pkill", "killall":
		return plain(pgrep)
	case "uptime":
		return plain(uptime)
	case "free":
		return plain(free)
	case "top":
		return top
	case "tty":
		return plain(tty)
	case "stty":
		return plain(stty)
	case "nproc":
		return plain(func(t *task.Task) int { t.Printf("%d\n", task.NodeCPUs); return 0 })
	case "clear":
		return plain(func(t *task.Task) int { t.Printf("\x1b[H\x1b[2J\x1b[3J"); return 0 })
	case "timeout":
		return timeout
	case "time":
		return timed
	case "watch":
		return watch
	case "which":
		return plain(which)
	case "xargs":
		return xargs
	case "basename":
		return plain(basename)
	case "dirname":
		return plain(dirname)
	}
	return nil
}

func tty(t *task.Task) int {
	if t.TTY() == nil {
		t.Printf("not a tty\n")
		return 1
	}
	t.Printf("/dev/pts/0\n")
	return 0
}

// stty tells of the terminal. Its settings are the far end's, and are not changed.
func stty(t *task.Task) int {
	tty := t.TTY()
	if tty == nil {
		t.Errorf("standard input: Not a tty")
		return 1
	}
	columns, rows := tty.Size()
	switch strings.Join(t.Args[1:], " ") {
	case "size":
		t.Printf("%d %d\n", rows, columns)
	case "":
		t.Printf("speed 38400 baud; line = 0;\n")
	case "-a":
		t.Printf("speed 38400 baud; rows %d; columns %d; line = 0;\n", rows, columns)
	default:
		t.Errorf("invalid argument '%s'", t.Args[1])
		return 1
	}
	return 0
}

func which(t *task.Task) int {
	_, args, ok := options(t, "a")
	if !ok {
		return 1
	}
	code := 0
	for _, a := range args {
		p, err := task.LookPath(t.FS, t.Env, t.Dir, a)
		if err != nil {
			code = 1
			continue
		}
		t.Printf("%s\n", p)
	}
	return code
}

func basename(t *task.Task) int {
	a := t.Args[1:]
	if len(a) == 0 {
		return usage(t, "FILE [SUFFIX]")
	}
	name := path.Base(a[0])
	if len(a) > 1 && name != a[1] {
		name = strings.TrimSuffix(name, a[1])
	}
	t.Printf("%s\n", name)
	return 0
}

func dirname(t *task.Task) int {
	if len(t.Args) < 2 {
		return usage(t, "FILENAME")
	}
	for _, a := range t.Args[1:] {
		if trimmed := strings.TrimRight(a, "/"); trimmed != "" {
			a = trimmed
		}
		t.Printf("%s\n", path.Dir(a))
	}
	return 0
}

// netstatPorts lists the TCP ports that programs of the Pod listen on.
func netstatPorts(t *task.Task) []int {
	entries, err := os.ReadDir(t.Spec.Net)
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".sock")); err == nil {
			out = append(out, n)
		}
	}
	sort.Ints(out)
	return out
}
