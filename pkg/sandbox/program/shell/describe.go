package shell

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

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
