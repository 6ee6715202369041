package shell

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// job is a command in the background.
type job struct {
	number int
	pid    int
	text   string
	done   chan struct{}
	status int // once done is closed
}

func (j *job) running() bool {
	select {
	case <-j.done:
		return false
	default:
		return true
	}
}

// jobs is a shell's background commands, oldest first.
type jobs struct {
	list []*job
	last int // $!
}

// jobsKept bounds how many ended jobs a script's wait can still ask for.
const jobsKept = 1000

func (j *jobs) add(n *job) {
	if len(j.list) >= jobsKept && !j.list[0].running() {
		j.list = j.list[1:]
	}
	for _, o := range j.list {
		n.number = max(n.number, o.number)
	}
	n.number++
	j.last = n.pid
	j.list = append(j.list, n)
}

func (j *jobs) remove(n *job) {
	for i, o := range j.list {
		if o == n {
			j.list = append(j.list[:i:i], j.list[i+1:]...)
			return
		}
	}
}

// find returns the job of a process ID or of %n, %%, %+.
func (j *jobs) find(spec string) *job {
	if spec == "%%" || spec == "%+" || spec == "%" {
		if len(j.list) == 0 {
			return nil
		}
		return j.list[len(j.list)-1]
	}
	byNumber := strings.HasPrefix(spec, "%")
	n, err := strconv.Atoi(strings.TrimPrefix(spec, "%"))
	if err != nil {
		return nil
	}
	for _, o := range j.list {
		if byNumber && o.number == n || !byNumber && o.pid == n {
			return o
		}
	}
	return nil
}

// background starts a statement and goes on. It is a process of its own; if it is one program, then
// that program's.
func (s *Shell) background(ctx context.Context, st *syntax.Stmt) {
	c := s.sub()
	if s.life != nil {
		ctx = s.life
	}
	parent := s.pid
	proc, bg, err := s.t.Table.Start(ctx, false, parent, true, s.t.Args)
	if err != nil {
		s.complain("%v", err)
		return
	}
	st2 := *st
	st2.Background, st2.Disown = false, false
	c.proc, c.interactive, c.tail = proc, false, true
	if !s.interactive {
		c.in = empty{}
	}
	c.handle()
	j := &job{pid: proc.PID, text: text(&st2), done: make(chan struct{})}
	s.jobs.add(j)
	go func() {
		defer close(j.done)
		defer proc.End()
		c.stmt(bg, &st2)
		c.finish()
		j.status = c.status
		if bg.Err() != nil {
			j.status = task.CodeOf(bg)
		}
	}()
}

// text prints a statement as it was typed, more or less.
func text(st *syntax.Stmt) string {
	var b bytes.Buffer
	_ = syntax.NewPrinter(syntax.SingleLine(true)).Print(&b, st)
	return strings.TrimSpace(b.String())
}

// report tells of background jobs that have ended, before a prompt.
func (s *Shell) report() {
	for _, j := range append([]*job{}, s.jobs.list...) {
		if !j.running() {
			s.show(s.err, j)
			s.jobs.remove(j)
		}
	}
}

func (s *Shell) show(w io.Writer, j *job) {
	state := "Running"
	if !j.running() {
		switch {
		case j.status == 0:
			state = "Done"
		case j.status > 128 && process.Signal(j.status-128) == process.TERM:
			state = "Terminated"
		case j.status > 128 && process.Signal(j.status-128) == process.KILL:
			state = "Killed"
		default:
			state = fmt.Sprintf("Done(%d)", j.status)
		}
	}
	mark := '-'
	if len(s.jobs.list) > 0 && s.jobs.list[len(s.jobs.list)-1] == j {
		mark = '+'
	}
	fmt.Fprintf(w, "[%d]%c  %-22s %s\n", j.number, mark, state, j.text)
}

func (s *Shell) jobsCommand(_ context.Context, args []string) int {
	for _, j := range append([]*job{}, s.jobs.list...) {
		if len(args) > 1 && args[1] == "-p" {
			fmt.Fprintln(s.out, j.pid)
			continue
		}
		s.show(s.out, j)
		if !j.running() {
			s.jobs.remove(j)
		}
	}
	return 0
}

// await waits for a job, until a signal with a trap arrives.
func (s *Shell) await(ctx context.Context, j *job) int {
	select {
	case <-s.traps.arrived:
	default:
	}
	if sig, ok := s.traps.waiting(); ok {
		return 128 + int(sig)
	}
	select {
	case <-j.done:
		s.jobs.remove(j)
		return j.status
	case <-s.traps.arrived:
		if sig, ok := s.traps.waiting(); ok {
			return 128 + int(sig)
		}
		return 0
	case <-ctx.Done():
		return task.CodeOf(ctx)
	}
}

func (s *Shell) waitCommand(ctx context.Context, args []string) int {
	if len(args) == 1 {
		for _, j := range append([]*job{}, s.jobs.list...) {
			if code := s.await(ctx, j); code > 128 && j.running() {
				return code
			}
		}
		return 0
	}
	code := 0
	for _, a := range args[1:] {
		j := s.jobs.find(a)
		if j == nil {
			code = task.CodeNotFound
			continue
		}
		code = s.await(ctx, j)
	}
	return code
}

func (s *Shell) fgCommand(ctx context.Context, args []string) int {
	spec := "%%"
	if len(args) > 1 {
		spec = args[1]
	}
	j := s.jobs.find(spec)
	if j == nil {
		s.complain("%s: no such job", args[0])
		return 1
	}
	fmt.Fprintln(s.out, j.text)
	if args[0] == "bg" {
		return 0
	}
	code := s.await(ctx, j)
	if ctx.Err() != nil {
		_ = s.t.Table.Signal(j.pid, process.INT)
	}
	return code
}

func (s *Shell) killList() int {
	for i := 1; i < 32; i++ {
		fmt.Fprintf(s.out, "%2d) %s\n", i, process.Signal(i))
	}
	return 0
}

// killCommand is the builtin kill, which knows jobs too.
func (s *Shell) killCommand(_ context.Context, args []string) int {
	args = args[1:]
	sig := process.TERM
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name := strings.TrimLeft(args[0], "-")
		switch {
		case args[0] == "-l":
			if len(args) > 1 {
				if n, err := strconv.Atoi(args[1]); err == nil {
					fmt.Fprintln(s.out, process.Signal(n&127))
					return 0
				}
			}
			return s.killList()
		case args[0] == "--":
		case args[0] == "-s" || args[0] == "-n":
			if args = args[1:]; len(args) == 0 {
				s.complain("kill: you need to specify whom to kill")
				return 1
			}
			name = args[0]
			fallthrough
		default:
			n, err := process.ParseSignal(name)
			if err != nil {
				s.complain("kill: %v", err)
				return 1
			}
			sig = n
		}
		args = args[1:]
	}
	if len(args) == 0 {
		s.complain("kill: you need to specify whom to kill")
		return 1
	}
	code := 0
	for _, a := range args {
		if err := s.killOne(a, sig); err != nil {
			s.complain("%v", err)
			code = 1
		}
	}
	return code
}

func (s *Shell) killOne(a string, sig process.Signal) error {
	pid, err := strconv.Atoi(a)
	if strings.HasPrefix(a, "%") {
		j := s.jobs.find(a)
		if j == nil {
			return fmt.Errorf("kill: %s: no such job", a)
		}
		pid, err = j.pid, nil
	}
	if err != nil {
		return fmt.Errorf("invalid number '%s'", a)
	}
	if err := s.t.Table.Signal(pid, sig); err != nil {
		if s.dialect == Ash {
			return fmt.Errorf("can't kill pid %d: No such process", pid)
		}
		return fmt.Errorf("kill: (%d) - No such process", pid)
	}
	return nil
}
