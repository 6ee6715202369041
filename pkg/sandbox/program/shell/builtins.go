package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

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

func (s *Shell) setCommand(_ context.Context, args []string) int {
	args = args[1:]
	if len(args) == 0 {
		for _, name := range slices.Sorted(maps.Keys(s.vars)) {
			fmt.Fprintf(s.out, "%s=%s\n", name, singleQuote(s.vars[name].String()))
		}
		return 0
	}
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		a := args[0]
		args = args[1:]
		if a == "--" {
			s.params = append([]string{}, args...)
			return 0
		}
		for _, c := range a[1:] {
			var err error
			if c != 'o' {
				err = s.shortOption(c, a[0] == '-')
			} else if len(args) > 0 {
				err = s.option(args[0], a[0] == '-')
				args = args[1:]
			}
			if err != nil {
				s.complain("set: %v", err)
				return 2
			}
		}
	}
	if len(args) > 0 {
		s.params = append([]string{}, args...)
	}
	return 0
}

func singleQuote(v string) string { return "'" + strings.ReplaceAll(v, "'", `'"'"'`) + "'" }

func (s *Shell) shiftCommand(_ context.Context, args []string) int {
	n, ok := s.number(args, 1)
	if !ok || n < 0 || n > len(s.params) {
		return 1
	}
	s.params = s.params[n:]
	return 0
}

func (s *Shell) unsetCommand(_ context.Context, args []string) int {
	vars, code := true, 0
	for _, a := range args[1:] {
		switch {
		case a == "-v":
		case a == "-f":
			vars = false
		case !vars:
			delete(s.funcs, a)
		case s.vars[a].ReadOnly:
			s.complain("unset: %s: is read only", a)
			code = 1
		default:
			if _, ok := s.vars[a]; !ok {
				delete(s.funcs, a)
			}
			delete(s.vars, a)
		}
	}
	return code
}

// declare runs export, readonly, local and declare as the parser gives them.
func (s *Shell) declare(cm *syntax.DeclClause) {
	args := []string{cm.Variant.Value}
	var assigns []*syntax.Assign
	for _, as := range cm.Args {
		switch {
		case as.Name != nil && !as.Naked && as.Array == nil && as.Index == nil && !as.Append:
			args = append(args, as.Name.Value+"="+s.literal(as.Value))
		case as.Name != nil && as.Naked:
			args = append(args, as.Name.Value)
		case as.Name != nil:
			assigns = append(assigns, as)
			args = append(args, as.Name.Value)
		default:
			args = append(args, s.fields(as.Value)...)
		}
	}
	if s.flow != flowNone {
		return
	}
	if s.status = s.declareCommand(s.ctx, args); s.status == 0 {
		for _, as := range assigns {
			s.assign(as, false)
		}
	}
}

func (s *Shell) declareCommand(_ context.Context, args []string) int {
	kind := args[0]
	exported, readOnly, local := kind == "export", kind == "readonly", kind == "local"
	remove := false
	names := args[1:]
	for len(names) > 0 && strings.HasPrefix(names[0], "-") {
		exported = exported || strings.Contains(names[0], "x")
		readOnly = readOnly || strings.Contains(names[0], "r")
		remove = remove || kind == "export" && names[0] == "-n"
		names = names[1:]
	}
	if (kind == "declare" || kind == "typeset") && len(s.frames) > 0 {
		local = true
	}
	if local && len(s.frames) == 0 {
		s.complain("local: not in a function")
		return 1
	}
	if len(names) == 0 && !local {
		s.listVariables(kind)
		return 0
	}
	for _, a := range names {
		name, value, has := strings.Cut(a, "=")
		if !syntax.ValidName(name) {
			s.complain("%s: %s: bad variable name", kind, name)
			return 2
		}
		if local {
			s.hide(name)
		}
		v := s.vars[name]
		if v.ReadOnly && has {
			s.complain("%s: is read only", name)
			return 2
		}
		if has {
			v = expand.Variable{Set: true, Kind: expand.String, Str: value, Exported: v.Exported}
		}
		v.Exported, v.ReadOnly = (v.Exported || exported) && !remove, v.ReadOnly || readOnly
		s.vars[name] = v
	}
	return 0
}

// hide keeps a variable's value until the function ends.
func (s *Shell) hide(name string) {
	frame := s.frames[len(s.frames)-1]
	if _, ok := frame[name]; ok {
		return
	}
	if v, ok := s.vars[name]; ok {
		frame[name] = &v
		delete(s.vars, name)
		return
	}
	frame[name] = nil
}

func (s *Shell) listVariables(kind string) {
	for _, name := range slices.Sorted(maps.Keys(s.vars)) {
		v := s.vars[name]
		if kind == "export" && v.Exported || kind == "readonly" && v.ReadOnly || kind == "declare" || kind == "typeset" {
			fmt.Fprintf(s.out, "%s %s=%s\n", kind, name, singleQuote(v.String()))
		}
	}
}

func (s *Shell) pwdCommand(_ context.Context, args []string) int {
	dir := s.dir
	if len(args) > 1 && args[1] == "-P" {
		if real, err := s.t.FS.RealPath(dir); err == nil {
			dir = real
		}
	}
	fmt.Fprintln(s.out, dir)
	return 0
}

func (s *Shell) cdCommand(_ context.Context, args []string) int {
	args = args[1:]
	physical := false
	for len(args) > 0 && (args[0] == "-L" || args[0] == "-P" || args[0] == "--") {
		physical = args[0] == "-P"
		args = args[1:]
	}
	to := s.get("HOME")
	if len(args) > 0 {
		to = args[0]
	}
	print := to == "-"
	if print {
		to = s.get("OLDPWD")
	}
	if to == "" {
		to = s.dir
	}
	dir := to
	if !strings.HasPrefix(dir, "/") {
		dir = s.dir + "/" + dir
	}
	dir = path.Clean(dir)
	fi, err := s.t.FS.Stat(dir)
	if err == nil && !fi.IsDir() {
		err = &fs.PathError{Op: "cd", Path: dir, Err: errNotDir}
	}
	if err != nil {
		s.cdError(to, err)
		return 1
	}
	if physical {
		if real, err := s.t.FS.RealPath(dir); err == nil {
			dir = real
		}
	}
	s.setString("OLDPWD", s.dir)
	s.dir = dir
	s.setString("PWD", dir)
	if print {
		fmt.Fprintln(s.out, dir)
	}
	return 0
}

var errNotDir = errors.New("Not a directory") //nolint:staticcheck // the text of a C library

func (s *Shell) cdError(to string, err error) {
	switch s.dialect {
	case Bash:
		s.complain("cd: %s: %s", to, fsys.Text(err))
	case Dash:
		s.complain("cd: can't cd to %s", to)
	default:
		s.complain("cd: can't cd to %s: %s", to, fsys.Text(err))
	}
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

// commandCommand is command and builtin: without functions, or asking what a name is.
func (s *Shell) commandCommand(ctx context.Context, args []string) int {
	name := args[0]
	args = args[1:]
	verbose := ""
	for len(args) > 0 && (args[0] == "-v" || args[0] == "-V" || args[0] == "-p" || args[0] == "--") {
		if args[0] == "-v" || args[0] == "-V" {
			verbose = args[0]
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return 0
	}
	if verbose != "" {
		code := 0
		for _, a := range args {
			if !s.describe(a, verbose == "-V") {
				code = task.CodeNotFound
				if s.dialect == Bash {
					code = 1
				}
			}
		}
		return code
	}
	if b := s.builtin(args[0]); b != nil {
		return b(ctx, args)
	}
	if name == "builtin" {
		s.complain("builtin: %s: not a shell builtin", args[0])
		return 1
	}
	s.external(ctx, args)
	return s.status
}

func (s *Shell) typeCommand(_ context.Context, args []string) int {
	code := 0
	for _, a := range args[1:] {
		if !s.describe(a, true) {
			code = task.CodeNotFound
			if s.dialect == Bash {
				code = 1
			}
		}
	}
	return code
}

// describe says what a name is, and whether it is anything.
func (s *Shell) describe(name string, long bool) bool {
	say := func(short, text string) bool {
		if long {
			fmt.Fprintf(s.out, "%s is %s\n", name, text)
		} else {
			fmt.Fprintln(s.out, short)
		}
		return true
	}
	if text, ok := s.aliases[name]; ok {
		return say("alias "+name+"="+singleQuote(text), "an alias for "+text)
	}
	if syntax.IsKeyword(name) {
		return say(name, "a shell keyword")
	}
	if s.funcs[name] != nil {
		return say(name, "a shell function")
	}
	if s.builtin(name) != nil {
		return say(name, "a shell builtin")
	}
	p, err := task.LookPath(s.t.FS, s.environ(), s.dir, name)
	if err != nil {
		if long && s.dialect == Bash {
			s.complain("type: %s: not found", name)
		} else if long {
			fmt.Fprintf(s.err, "%s: not found\n", name)
		}
		return false
	}
	return say(p, p)
}

func (s *Shell) aliasCommand(_ context.Context, args []string) int {
	if len(args) == 1 {
		for _, name := range slices.Sorted(maps.Keys(s.aliases)) {
			fmt.Fprintf(s.out, "%s=%s\n", name, singleQuote(s.aliases[name]))
		}
		return 0
	}
	code := 0
	for _, a := range args[1:] {
		name, text, ok := strings.Cut(a, "=")
		switch {
		case ok:
			s.aliases[name] = text
		case s.aliases[name] != "":
			fmt.Fprintf(s.out, "%s=%s\n", name, singleQuote(s.aliases[name]))
		default:
			s.complain("alias: %s: not found", name)
			code = 1
		}
	}
	return code
}

func (s *Shell) unaliasCommand(_ context.Context, args []string) int {
	for _, a := range args[1:] {
		if a == "-a" {
			clear(s.aliases)
		}
		delete(s.aliases, a)
	}
	return 0
}

func (s *Shell) historyCommand(context.Context, []string) int {
	if tty := s.t.TTY(); tty != nil {
		for i, l := range tty.History() {
			fmt.Fprintf(s.out, "%4d %s\n", i, l)
		}
	}
	return 0
}
