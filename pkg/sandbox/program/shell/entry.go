package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// Main returns the program sh in a dialect.
func Main(d Dialect) task.Program {
	return func(ctx context.Context, t *task.Task) int {
		return New(t, d).main(ctx)
	}
}

// main reads the command line of sh and runs what it says.
func (s *Shell) main(ctx context.Context) int {
	s.ctx = ctx
	args, command, stdin, login, err := s.flags(s.t.Args[1:])
	if errors.Is(err, errVersion) && s.dialect == Bash {
		fmt.Fprintf(s.out, "GNU bash, version %s\n", s.t.Binary.Version)
		return 0
	}
	if err != nil {
		s.complain("%v", err)
		return 2
	}
	defer s.finish()
	switch {
	case command:
		if len(args) == 0 {
			s.complain("-c requires an argument")
			return 2
		}
		text := args[0]
		if args = args[1:]; len(args) > 0 {
			s.name, args = args[0], args[1:]
		}
		s.params = args
		s.handle()
		s.tail = true
		s.runText(ctx, text)
	case len(args) > 0 && !stdin:
		s.name, s.params, s.script = args[0], args[1:], true
		s.handle()
		s.runFile(ctx, args[0])
	default:
		s.params = args
		if s.t.TTY() != nil {
			s.interactive = true
			s.handle()
			s.profile(ctx, login)
			s.prompt(ctx)
			break
		}
		s.handle()
		s.runStream(ctx)
	}
	if s.traps != nil {
		s.runTraps(ctx)
	}
	s.finish()
	return s.status & 255
}

// errVersion says that only the version is asked for.
var errVersion = errors.New("illegal option --version")

// profile reads /etc/profile in a login shell.
func (s *Shell) profile(ctx context.Context, login bool) {
	if !login {
		return
	}
	if b, err := s.t.FS.ReadFile("/etc/profile"); err == nil {
		s.runText(ctx, string(b))
		s.flow = flowNone
	}
}

// flags reads the options before the operands.
func (s *Shell) flags(args []string) (rest []string, command, stdin, login bool, err error) {
	login = strings.HasPrefix(s.t.Args[0], "-")
	for len(args) > 0 {
		a := args[0]
		if a == "--" || a == "-" {
			return args[1:], command, stdin, login, nil
		}
		if len(a) < 2 || a[0] != '-' && a[0] != '+' {
			break
		}
		args = args[1:]
		switch a {
		case "--login":
			login = true
			continue
		case "--version":
			return nil, false, false, false, errVersion
		case "--norc", "--noprofile", "--posix", "--noediting":
			continue
		}
		for _, c := range a[1:] {
			switch c {
			case 'c':
				command = true
			case 's':
				stdin = true
			case 'l':
				login = true
			case 'i':
			case 'o':
				if len(args) == 0 {
					return nil, false, false, false, errors.New("-o requires an argument")
				}
				if err := s.option(args[0], a[0] == '-'); err != nil {
					return nil, false, false, false, err
				}
				args = args[1:]
			default:
				if err := s.shortOption(c, a[0] == '-'); err != nil {
					return nil, false, false, false, err
				}
			}
		}
	}
	return args, command, stdin, login, nil
}

func (s *Shell) shortOption(c rune, on bool) error {
	names := map[rune]string{'e': "errexit", 'u': "nounset", 'x': "xtrace", 'f': "noglob", 'n': "noexec", 'a': "allexport",
		'v': "verbose", 'm': "monitor", 'b': "notify", 'h': "hashall", 'C': "noclobber"}
	name, ok := names[c]
	if !ok {
		return fmt.Errorf("illegal option -%c", c)
	}
	return s.option(name, on)
}

func (s *Shell) option(name string, on bool) error {
	switch name {
	case "errexit":
		s.opts.errexit = on
	case "nounset":
		s.opts.nounset = on
	case "xtrace":
		s.opts.xtrace = on
	case "noglob":
		s.opts.noglob = on
	case "noexec":
		s.opts.noexec = on
	case "allexport":
		s.opts.allexport = on
	case "pipefail":
		s.opts.pipefail = on
	case "verbose":
		s.opts.verbose = on
	case "monitor", "notify", "hashall", "noclobber", "emacs", "vi", "ignoreeof", "nolog":
	default:
		return fmt.Errorf("illegal option -o %s", name)
	}
	s.configure()
	return nil
}

// runText parses and runs a piece of shell, in the present shell.
func (s *Shell) runText(ctx context.Context, text string) {
	f, err := parser().Parse(strings.NewReader(text), "")
	if err != nil {
		s.syntaxError(err)
		return
	}
	s.stmts(ctx, f.Stmts)
}

func (s *Shell) syntaxError(err error) {
	if e, ok := errors.AsType[syntax.ParseError](err); ok {
		s.line = e.Pos.Line()
		s.complain("syntax error: %s", e.Text)
	} else {
		s.complain("syntax error: %v", err)
	}
	s.status = 2
	if !s.interactive {
		s.flow = flowExit
	}
}

// runFile runs a script.
func (s *Shell) runFile(ctx context.Context, name string) {
	b, err := s.t.FS.ReadFile(s.t.Path(name))
	if err != nil {
		s.script = false
		s.status = task.CodeNotFound
		if s.dialect == Ash {
			fmt.Fprintf(s.err, "%s: can't open '%s': %s\n", s.t.Args[0], name, fsys.Text(err))
			s.status = 2
		} else {
			fmt.Fprintf(s.err, "%s: 0: cannot open %s: %s\n", s.t.Args[0], name, fsys.Text(err))
			s.status = 2
		}
		return
	}
	s.runText(ctx, string(b))
}

// runStream runs what comes on standard input, a statement at a time: what follows may be meant for
// the commands.
func (s *Shell) runStream(ctx context.Context) {
	var text strings.Builder
	for !s.stop(ctx) {
		line, err := readLine(s.in)
		text.WriteString(line)
		if err != nil && strings.TrimSpace(text.String()) == "" {
			return
		}
		f, perr := parser().Parse(strings.NewReader(text.String()), "")
		if perr != nil && syntax.IsIncomplete(perr) && err == nil {
			continue
		}
		text.Reset()
		if perr != nil {
			s.syntaxError(perr)
		} else {
			s.stmts(ctx, f.Stmts)
		}
		if err != nil {
			return
		}
	}
}

// readLine reads a line with its line feed and not a byte more.
func readLine(r io.Reader) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for {
		n, err := r.Read(b)
		if n > 0 {
			line = append(line, b[0])
			if b[0] == '\n' {
				return string(line), nil
			}
		}
		if err != nil {
			return string(line), err
		}
	}
}
