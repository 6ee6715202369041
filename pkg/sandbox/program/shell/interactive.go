package shell

import (
	"context"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/terminal"
)

// prompt reads and runs lines from the terminal until exit or Ctrl-D.
func (s *Shell) prompt(ctx context.Context) {
	tty := s.t.TTY()
	text := ""
	for !s.stop(ctx) {
		s.report()
		prompt := s.expandPrompt(s.get("PS1"))
		if text != "" {
			prompt = "> "
		}
		line, err := tty.ReadLine(ctx, prompt, s.complete)
		switch {
		case errors.Is(err, terminal.ErrInterrupted):
			text, s.status = "", 128+int(process.INT)
			continue
		case err != nil:
			if text == "" {
				s.leave()
				return
			}
			s.complain("syntax error: unexpected end of file")
			text = ""
			continue
		}
		text += line + "\n"
		f, err := parser().Parse(strings.NewReader(text), "")
		if err != nil && syntax.IsIncomplete(err) {
			continue
		}
		text = ""
		if err != nil {
			s.syntaxError(err)
			continue
		}
		s.foreground(ctx, f.Stmts)
	}
}

func (s *Shell) leave() {
	if s.dialect == Bash {
		_, _ = s.err.Write([]byte("exit\n"))
		return
	}
	_, _ = s.err.Write([]byte("\n"))
}

// foreground runs a typed line; Ctrl-C ends the line's programs and not the shell.
func (s *Shell) foreground(ctx context.Context, list []*syntax.Stmt) {
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tty := s.t.TTY()
	before := tty.OnSignal(func(sig process.Signal) { cancel(process.ErrKilled{Signal: sig}) })
	defer func() { tty.OnSignal(before) }()
	// What goes to the background must outlive the line.
	s.life = ctx
	s.stmts(run, list)
	if s.flow == flowReturn || s.flow == flowBreak || s.flow == flowContinue {
		s.flow = flowNone
	}
	s.ctx = ctx
}

// expandPrompt replaces \w and the like; without PS1 it is the image's own prompt.
func (s *Shell) expandPrompt(ps1 string) string {
	if ps1 == "" {
		switch s.dialect {
		case Dash:
			return "# "
		case Bash:
			ps1 = `\u@\h:\w\$ `
		default:
			ps1 = `\w \$ `
		}
	}
	dir := s.dir
	home := s.get("HOME")
	if dir == home && home != "/" {
		dir = "~"
	} else if home != "/" && strings.HasPrefix(dir, home+"/") {
		dir = "~" + strings.TrimPrefix(dir, home)
	}
	user, sign := s.userName(), "#"
	if s.t.Spec.User.UID != 0 {
		sign = "$"
	}
	return strings.NewReplacer(`\w`, dir, `\W`, path.Base(dir), `\h`, s.t.Spec.Hostname, `\u`, user, `\$`, sign, `\n`, "\n", `\[`, "", `\]`, "", `\e`, "\x1b", `\033`, "\x1b").Replace(ps1)
}

// userName is the name of who runs the shell, as bash has it where there is none.
func (s *Shell) userName() string {
	uid := strconv.FormatInt(s.t.Spec.User.UID, 10)
	b, _ := s.t.FS.ReadFile("/etc/passwd")
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(line, ":"); len(f) > 2 && f[2] == uid {
			return f[0]
		}
	}
	return "I have no name!"
}

// complete completes the path, or for the first word the command, before the cursor.
func (s *Shell) complete(line string, pos int) (string, int, []string) {
	head := line[:pos]
	start := strings.LastIndexAny(head, " \t;|&<>=") + 1
	word := head[start:]
	names := s.candidates(word, strings.TrimSpace(head[:start]) == "")
	if len(names) == 0 {
		return line, pos, nil
	}
	common := names[0]
	for _, n := range names[1:] {
		for !strings.HasPrefix(n, common) {
			common = common[:len(common)-1]
		}
	}
	if len(names) == 1 && !strings.HasSuffix(common, "/") {
		common += " "
	}
	if common == word {
		return line, pos, names
	}
	return head[:start] + common + line[pos:], start + len(common), nil
}

func (s *Shell) candidates(word string, command bool) []string {
	if command && !strings.Contains(word, "/") {
		return s.commands(word)
	}
	dir, base := path.Split(word)
	at := dir
	if !strings.HasPrefix(dir, "/") {
		at = s.dir + "/" + dir
	}
	entries, err := s.t.FS.ReadDir(at)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) || strings.HasPrefix(e.Name(), ".") && base == "" {
			continue
		}
		name := dir + e.Name()
		if fi, err := s.t.FS.Stat(path.Join(at, e.Name())); err == nil && fi.IsDir() {
			name += "/"
		}
		out = append(out, name)
	}
	return out
}

func (s *Shell) commands(word string) []string {
	var out []string
	for _, dir := range strings.Split(s.get("PATH"), ":") {
		entries, _ := s.t.FS.ReadDir(dir)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), word) {
				out = append(out, e.Name())
			}
		}
	}
	for name := range s.funcs {
		if strings.HasPrefix(name, word) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
