package shell

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// builtin is a command that is part of the shell. It returns the status.
type builtin func(ctx context.Context, args []string) int

// builtin returns a builtin by name, or nil.
func (s *Shell) builtin(name string) builtin {
	switch name {
	case ":", "true", "hash", "disown", "times":
		return func(context.Context, []string) int { return 0 }
	case "false":
		return func(context.Context, []string) int { return 1 }
	case "exit":
		return s.exitCommand
	case "return":
		return s.returnCommand
	case "break", "continue":
		return s.breakCommand
	case "set":
		return s.setCommand
	case "shift":
		return s.shiftCommand
	case "unset":
		return s.unsetCommand
	case "export", "readonly", "local":
		return s.declareCommand
	case "echo":
		return func(_ context.Context, args []string) int { return s.echo(args[1:]) }
	case "printf":
		return s.printfCommand
	case "pwd":
		return s.pwdCommand
	case "cd", "chdir":
		return s.cdCommand
	case "eval":
		return s.evalCommand
	case ".", "source":
		return s.sourceCommand
	case "exec":
		return s.execCommand
	case "command", "builtin":
		return s.commandCommand
	case "type":
		return s.typeCommand
	case "test", "[":
		return func(_ context.Context, args []string) int { return s.testCommand(args) }
	case "read":
		return s.readCommand
	case "getopts":
		return s.getoptsCommand
	case "alias":
		return s.aliasCommand
	case "unalias":
		return s.unaliasCommand
	case "umask":
		return func(context.Context, []string) int { fmt.Fprintln(s.out, "0022"); return 0 }
	case "ulimit":
		return func(context.Context, []string) int { fmt.Fprintln(s.out, "unlimited"); return 0 }
	case "history":
		return s.historyCommand
	case "trap":
		return s.trapCommand
	case "kill":
		return s.killCommand
	case "jobs":
		return s.jobsCommand
	case "fg", "bg":
		return s.fgCommand
	case "wait":
		return s.waitCommand
	}
	return nil
}

// Builtin returns a builtin (echo, printf, test, [, kill, pwd) as a program.
func Builtin(name string, d Dialect) task.Program {
	return func(ctx context.Context, t *task.Task) int {
		s := New(t, d)
		s.ctx, s.name = ctx, t.Name()
		if name == "kill" {
			s.name = "sh"
		}
		return s.builtin(name)(ctx, append([]string{name}, t.Args[1:]...))
	}
}

// number reads the numeric operand of exit and the like.
func (s *Shell) number(args []string, otherwise int) (int, bool) {
	if len(args) < 2 {
		return otherwise, true
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		s.complain("%s: Illegal number: %s", args[0], args[1])
		s.flow = flowExit
		return 2, false
	}
	return n, true
}

func (s *Shell) exitCommand(_ context.Context, args []string) int {
	n, _ := s.number(args, s.status)
	s.flow = flowExit
	return n & 255
}

func (s *Shell) returnCommand(_ context.Context, args []string) int {
	n, ok := s.number(args, s.status)
	if ok {
		s.flow = flowReturn
	}
	return n & 255
}

func (s *Shell) breakCommand(_ context.Context, args []string) int {
	n, ok := s.number(args, 1)
	if !ok || s.loops == 0 {
		return boolStatus(ok)
	}
	s.levels = min(max(n, 1), s.loops)
	s.flow = flowBreak
	if args[0] == "continue" {
		s.flow = flowContinue
	}
	return 0
}

func (s *Shell) shiftCommand(_ context.Context, args []string) int {
	n, ok := s.number(args, 1)
	if !ok || n < 0 || n > len(s.params) {
		return 1
	}
	s.params = s.params[n:]
	return 0
}

func (s *Shell) evalCommand(ctx context.Context, args []string) int {
	s.status = 0
	if s.depth++; s.depth > maxDepth {
		s.expansionFailed(errors.New("maximum nesting level exceeded"))
	} else {
		s.runText(ctx, strings.Join(args[1:], " "))
	}
	s.depth--
	return s.status
}

func (s *Shell) sourceCommand(ctx context.Context, args []string) int {
	if len(args) < 2 {
		s.complain("%s: filename argument required", args[0])
		return 2
	}
	name := args[1]
	b, err := s.t.FS.ReadFile(s.find(name))
	if err != nil {
		s.complain("%s: can't open '%s': %s", args[0], name, fsys.Text(err))
		if !s.interactive && s.dialect != Bash {
			s.flow = flowExit
		}
		return 2
	}
	old := s.params
	if len(args) > 2 {
		s.params = args[2:]
	}
	tail := s.tail
	s.status, s.tail = 0, false
	s.runText(ctx, string(b))
	s.params, s.tail = old, tail
	if s.flow == flowReturn {
		s.flow = flowNone
	}
	return s.status
}

// find returns the file that is sourced by name: in PATH, else here.
func (s *Shell) find(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	here := s.dir + "/" + name
	if strings.Contains(name, "/") {
		return here
	}
	for _, d := range strings.Split(s.get("PATH"), ":") {
		if fi, err := s.t.FS.Stat(path.Join("/", d, name)); err == nil && fi.Mode().IsRegular() {
			return path.Join("/", d, name)
		}
	}
	return here
}

func (s *Shell) execCommand(ctx context.Context, args []string) int {
	if len(args) == 1 {
		s.keep = true
		return 0
	}
	s.become(ctx, args[1:])
	if s.flow != flowExit && !s.interactive {
		s.flow = flowExit
	}
	return s.status
}

func (s *Shell) historyCommand(context.Context, []string) int {
	if tty := s.t.TTY(); tty != nil {
		for i, l := range tty.History() {
			fmt.Fprintf(s.out, "%4d %s\n", i, l)
		}
	}
	return 0
}
