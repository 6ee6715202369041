// Package shell is the POSIX shell of the practice containers: ash of busybox, dash and bash by name
// and messages, one interpreter behind them. It uses the parser and the word expansion of mvdan.cc/sh;
// commands run through package task, so that nothing of the host is reached.
package shell

import (
	"context"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// Dialect is whose messages and prompt the shell has.
type Dialect string

// The shells of the images.
const (
	Ash  Dialect = "ash"
	Dash Dialect = "dash"
	Bash Dialect = "bash"
)

// flow is what makes a list of commands end early.
type flow int

const (
	flowNone flow = iota
	flowBreak
	flowContinue
	flowReturn
	flowExit
)

type options struct {
	errexit, nounset, xtrace, noglob, noexec, allexport, pipefail, verbose bool
}

// Shell is one shell or subshell. It is used by one goroutine.
type Shell struct {
	t       *task.Task
	dialect Dialect
	// proc is the process that this shell is, nil for a subshell that shares its parent's.
	proc        *process.Process
	pid         int
	name        string // $0
	script      bool
	interactive bool

	vars    map[string]expand.Variable
	frames  []map[string]*expand.Variable // what local hides, one a function call
	params  []string
	funcs   map[string]*syntax.Stmt
	aliases map[string]string
	handed  []string // of the environment, what no variable can have as its name: handed on as it came
	dir     string
	env     *expand.Config

	in    io.Reader
	out   io.Writer
	err   io.Writer
	extra map[int]any // descriptors from 3 on: io.Reader or io.Writer
	kept  []io.Closer // opened by exec for good
	keep  bool        // exec was called: the redirections of this command are to stay

	opts   options
	status int
	subst  int // status of the last command substitution, -1 for none
	line   uint

	flow   flow
	levels int // of break and continue
	loops  int
	quiet  int // conditions, in which errexit does not count
	tail   bool
	getopt getoptState
	jobs   jobs
	traps  *traps
	ctx    context.Context
	life   context.Context // outlives the line typed, for what goes to the background
	depth  int
}

// maxDepth bounds the nesting of functions and substitutions; a shell that recurses for ever ends with
// an error and not with the process's memory.
const maxDepth = 1000

// New returns a shell that reads and writes the task's streams.
func New(t *task.Task, d Dialect) *Shell {
	s := &Shell{
		t: t, dialect: d, proc: t.Proc, name: t.Args[0], dir: t.Dir, in: t.In, out: t.Out, err: t.Err,
		vars: map[string]expand.Variable{}, funcs: map[string]*syntax.Stmt{}, aliases: map[string]string{},
		extra: map[int]any{}, subst: -1, traps: newTraps(),
	}
	if t.Proc != nil {
		s.pid = t.Proc.PID
	}
	for _, kv := range t.Env {
		k, v, ok := strings.Cut(kv, "=")
		switch {
		case ok && syntax.ValidName(k):
			s.vars[k] = expand.Variable{Set: true, Exported: true, Kind: expand.String, Str: v}
		case ok && k != "":
			s.handed = append(s.handed, kv)
		}
	}
	s.setString("PWD", s.dir)
	s.setString("IFS", " \t\n")
	s.setString("OPTIND", "1")
	s.setString("PPID", "0")
	if t.Proc != nil {
		s.setString("PPID", strconv.Itoa(t.Proc.Parent))
	}
	if d == Bash {
		s.setString("BASH_VERSION", t.Binary.Version)
		s.setString("UID", strconv.FormatInt(s.t.Spec.User.UID, 10))
		s.setString("EUID", strconv.FormatInt(s.t.Spec.User.UID, 10))
		s.setString("HOSTNAME", t.Spec.Hostname)
	}
	s.configure()
	return s
}

// sub returns a copy for a subshell, which shares nothing that it can change.
func (s *Shell) sub() *Shell {
	c := *s
	c.vars = maps.Clone(s.vars)
	c.funcs = maps.Clone(s.funcs)
	c.aliases = maps.Clone(s.aliases)
	c.extra = maps.Clone(s.extra)
	c.frames, c.kept = nil, nil
	c.flow, c.levels, c.loops, c.tail, c.subst = flowNone, 0, 0, false, -1
	c.jobs = jobs{last: s.jobs.last}
	c.traps = s.traps.sub()
	c.proc = nil
	c.depth++
	c.configure()
	return &c
}

// environ returns what a program that is started inherits.
func (s *Shell) environ() []string {
	out := slices.Clone(s.handed)
	for name, v := range s.vars {
		if v.Exported && v.Set && v.Kind == expand.String {
			out = append(out, name+"="+v.Str)
		}
	}
	return sorted(out)
}

// task returns a task for a program with the shell's present streams.
func (s *Shell) task(args []string) *task.Task {
	c := *s.t
	c.Args, c.Env, c.Dir = args, s.environ(), s.dir
	c.In, c.Out, c.Err = s.in, s.out, s.err
	if s.proc != nil {
		c.Proc = s.proc
	}
	return &c
}
