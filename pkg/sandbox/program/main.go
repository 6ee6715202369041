// Package program is what runs inside a practice container: the table of images, and the programs
// that they carry, written for the sandbox's file system, process table and Pod network. Main is the
// whole of a container's process; Lookup, Unpack and Image.LookPath are for the node's runtime, which
// starts it (package runtime). Nothing here knows the Kubernetes API.
package program

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/terminal"
)

const (
	codeKilled    = 137 // the node is gone: as if by SIGKILL
	codeNoSpec    = 125 // what container engines give for an error of their own
	threads       = 2
	collectAt     = 25 // percent of growth after which memory is collected
	controlWithin = 5 * time.Second
	sizeWithin    = 100 * time.Millisecond
)

// Main runs the container, or the process that joined one, described in the file that args[1] names.
// It returns the exit code of the program, and 137 at once when the node goes away.
func Main(args []string) int {
	caught := process.Catch()
	runtime.GOMAXPROCS(threads)
	debug.SetGCPercent(collectAt)
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: learn-container SPEC.json")
		return codeNoSpec
	}
	spec, err := specOf(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return codeNoSpec
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	gone, orders, err := hold(spec)
	if err != nil {
		return codeKilled
	}
	setUmask()
	code := make(chan int, 1)
	go func() { code <- run(ctx, spec, caught, orders) }()
	select {
	case c := <-code:
		return c
	case <-gone:
		return codeKilled
	}
}

// specOf reads the description that the arguments name. A native program of the container that starts
// another one gives its own Spec's, and what to run.
func specOf(args []string) (*container.Spec, error) {
	if args[1] != container.JoinArg || len(args) < 5 {
		return readSpec(args[1])
	}
	spec, err := readSpec(args[2])
	if err != nil {
		return nil, err
	}
	spec.Dir, spec.Args, spec.Env = args[3], args[4:], os.Environ()
	spec.Exec, spec.Stdin, spec.Terminal = true, true, false
	return spec, nil
}

func readSpec(name string) (*container.Spec, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read container: %w", err)
	}
	spec := &container.Spec{}
	if err := json.Unmarshal(b, spec); err != nil {
		return nil, fmt.Errorf("read container %s: %w", name, err)
	}
	if len(spec.Args) == 0 {
		return nil, fmt.Errorf("read container %s: no command specified", name)
	}
	return spec, nil
}

// hold opens the connection that says this process lives. gone is closed when the node ends it;
// orders are the lines that the node sends.
func hold(spec *container.Spec) (gone chan struct{}, orders chan string, err error) {
	gone, orders = make(chan struct{}), make(chan string, 8)
	if spec.Control == "" {
		return gone, orders, nil
	}
	c, err := net.DialTimeout("unix", spec.Control, controlWithin)
	if err != nil {
		return nil, nil, err
	}
	if spec.Terminal {
		fmt.Fprintln(c, "window", spec.Window) // who cannot be told is gone, as is seen below
	}
	go func() {
		defer close(gone)
		lines := bufio.NewScanner(c)
		for lines.Scan() {
			select {
			case orders <- lines.Text():
			default:
			}
		}
	}()
	return gone, orders, nil
}

// run starts the program and obeys the node's orders.
func run(ctx context.Context, spec *container.Spec, caught process.Caught, orders <-chan string) int {
	t := newTask(spec)
	t.Life = ctx
	defer t.FS.Close()
	if t.Terminal != nil && spec.Control != "" {
		select { // so that a program finds the size that the terminal has from the start
		case line := <-orders:
			obey(line, nil, t.Terminal)
		case <-time.After(sizeWithin):
		}
	}
	code, err := t.RunTop(ctx, !spec.Exec && !spec.Joined, func(top *process.Process) {
		if t.Terminal != nil {
			t.Terminal.OnSignal(top.Deliver)
			if spec.Stdin {
				t.Terminal.OnHangup(func() { top.Deliver(process.HUP) })
			}
		}
		t.Table.Listen(caught, top)
		go func() {
			for line := range orders {
				obey(line, top, t.Terminal)
			}
		}()
	})
	if err != nil {
		fmt.Fprintf(t.Err, "exec: %q: %v\n", spec.Args[0], err)
	}
	return code
}

// obey does what a line on the control connection says: TERM ends the program where the host has no
// signals, SIZE tells how big the far terminal is.
func obey(line string, top *process.Process, tty *terminal.Terminal) {
	var w, h int
	if line == "TERM" && top != nil {
		top.Deliver(process.TERM)
	} else if _, err := fmt.Sscanf(line, "SIZE %d %d", &w, &h); err == nil && tty != nil {
		tty.SetSize(w, h)
	}
}

func newTask(spec *container.Spec) *task.Task {
	table := process.Open(spec.Procs)
	p := &procFS{spec: spec, table: table, started: time.Now()}
	s := &task.System{Spec: spec, FS: fsys.New(spec, p.read), Net: podnet.NewStack(spec), Table: table, Find: find, Now: time.Now}
	if !spec.Exec {
		s.FS.MakeMountPoints()
	}
	t := &task.Task{System: s, Args: spec.Args, Env: environment(spec), Dir: spec.Dir}
	if spec.Terminal {
		s.Terminal = terminal.New(os.Stdin, os.Stdout)
		t.In, t.Out, t.Err = s.Terminal, s.Terminal.Output(), s.Terminal.Output()
	} else {
		t.In, t.Out, t.Err = stream.NewInput(os.Stdin), &stream.Locked{W: os.Stdout}, &stream.Locked{W: os.Stderr}
	}
	if t.Dir == "" {
		t.Dir = "/"
	}
	if _, err := s.FS.Stat(t.Dir); err != nil && s.FS.Privileged().MkdirAll(t.Dir, 0o755) != nil {
		t.Dir = "/"
	}
	return t
}

// environment is the Spec's, with what a container runtime sets if nobody else did. Of a name that
// comes twice the last value counts.
func environment(spec *container.Spec) []string {
	at := map[string]int{}
	var env []string
	for _, kv := range append([]string{"PATH=" + task.DefaultPath, "HOSTNAME=" + spec.Hostname, "HOME=/root"}, spec.Env...) {
		key, _, _ := strings.Cut(kv, "=")
		if i, ok := at[key]; ok {
			env[i] = kv
			continue
		}
		at[key] = len(env)
		env = append(env, kv)
	}
	return env
}
