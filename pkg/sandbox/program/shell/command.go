package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// simple runs an assignment, function, builtin or program.
func (s *Shell) simple(ctx context.Context, cm *syntax.CallExpr) {
	s.subst = -1
	args := s.fields(s.unalias(cm.Args)...)
	if s.stop(ctx) {
		return
	}
	if len(args) == 0 {
		for _, as := range cm.Assigns {
			s.assign(as, false)
		}
		if s.flow == flowNone {
			s.status = max(s.subst, 0)
		}
		return
	}
	saved := map[string]expand.Variable{}
	for _, as := range cm.Assigns {
		if _, ok := saved[as.Name.Value]; !ok {
			saved[as.Name.Value] = s.vars[as.Name.Value]
		}
		s.assign(as, true)
	}
	defer func() {
		for name, v := range saved {
			if v.Declared() {
				s.vars[name] = v
			} else {
				delete(s.vars, name)
			}
		}
	}()
	if s.stop(ctx) {
		return
	}
	s.trace(args)
	s.call(ctx, args)
}

func (s *Shell) trace(args []string) {
	if !s.opts.xtrace {
		return
	}
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = quote(a)
	}
	fmt.Fprintf(s.err, "+ %s\n", strings.Join(quoted, " "))
}

// quote makes a word that reads as a.
func quote(a string) string {
	if q, err := syntax.Quote(a, syntax.LangPOSIX); err == nil {
		return q
	}
	return a
}

// call runs a command by name. The status is then in s.status.
func (s *Shell) call(ctx context.Context, args []string) {
	if body := s.funcs[args[0]]; body != nil {
		s.function(ctx, body, args[1:])
		return
	}
	if b := s.builtin(args[0]); b != nil {
		s.status = b(ctx, args)
		return
	}
	s.external(ctx, args)
}

func (s *Shell) function(ctx context.Context, body *syntax.Stmt, params []string) {
	if s.depth++; s.depth > maxDepth {
		s.expansionFailed(errors.New("maximum function nesting level exceeded"))
		s.depth--
		return
	}
	tail, old := s.tail, s.params
	loops := s.loops
	s.tail, s.params, s.loops = false, params, 0
	s.frames = append(s.frames, map[string]*expand.Variable{})
	s.stmt(ctx, body)
	frame := s.frames[len(s.frames)-1]
	s.frames = s.frames[:len(s.frames)-1]
	for name, v := range frame {
		if v == nil {
			delete(s.vars, name)
		} else {
			s.vars[name] = *v
		}
	}
	s.tail, s.params, s.loops = tail, old, loops
	s.depth--
	if s.flow == flowReturn {
		s.flow = flowNone
	}
}

// external runs a program and waits for it.
func (s *Shell) external(ctx context.Context, args []string) {
	if s.tail && s.proc != nil && s.traps.empty() && !s.interactive {
		s.become(ctx, args)
		return
	}
	code, signal, err := s.task(args).RunWatched(ctx)
	if err != nil {
		s.failed(ctx, args, err)
		return
	}
	// A program that was killed is told of, but for the signals by which a person or a pipe ends it.
	if signal != 0 && signal != process.INT && signal != process.PIPE && s.dialect != Bash {
		fmt.Fprintln(s.err, signal.Text())
	}
	s.status = code
}

// become replaces the shell by a program, as exec does and as the last command of sh -c is run.
func (s *Shell) become(ctx context.Context, args []string) {
	t := s.task(args)
	prog, bin, loaded, err := t.Load()
	if err != nil {
		s.failed(ctx, args, err)
		return
	}
	if s.proc == nil {
		code, err := t.Run(ctx)
		if err != nil {
			s.failed(ctx, args, err)
			return
		}
		s.status, s.flow = code, flowExit
		return
	}
	s.proc.Handle(nil)
	s.proc.SetArgs(loaded)
	s.status = t.Become(ctx, s.proc, bin, loaded, prog)
	s.flow = flowExit
	s.traps.clear()
}

// failed reports why a program could not be run.
func (s *Shell) failed(ctx context.Context, args []string, err error) {
	name := args[0]
	notFound := "not found"
	if s.dialect == Bash {
		notFound = "command not found"
		if strings.Contains(name, "/") {
			notFound = "No such file or directory"
		}
	}
	s.status = task.CodeCannotRun
	switch {
	case errors.Is(err, task.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		s.status = task.CodeNotFound
		s.complain("%s: %s", name, notFound)
	case errors.Is(err, task.ErrFormat):
		s.scriptWithoutHead(ctx, args)
	default:
		s.complain("%s: %s", name, fsys.Text(err))
	}
}

// scriptWithoutHead runs an executable file that does not say what it is, as shells do.
func (s *Shell) scriptWithoutHead(ctx context.Context, args []string) {
	p, err := task.LookPath(s.t.FS, s.environ(), s.dir, args[0])
	if err != nil {
		s.complain("%s: %s", args[0], fsys.Text(err))
		return
	}
	b, err := s.t.FS.ReadFile(p)
	if err != nil || strings.ContainsRune(string(b[:min(len(b), 80)]), 0) {
		s.complain("%s: exec format error", args[0])
		return
	}
	c := s.sub()
	c.name, c.params, c.script, c.interactive = p, args[1:], true, false
	c.runText(ctx, string(b))
	c.finish()
	s.status = c.status
}

// unalias replaces an alias at the beginning of a command by its words.
func (s *Shell) unalias(words []*syntax.Word) []*syntax.Word {
	if len(s.aliases) == 0 || len(words) == 0 {
		return words
	}
	seen := map[string]bool{}
	for len(words) > 0 {
		name := words[0].Lit()
		text, ok := s.aliases[name]
		if !ok || seen[name] {
			break
		}
		seen[name] = true
		var head []*syntax.Word
		for w, err := range parser().WordsSeq(strings.NewReader(text)) {
			if err != nil {
				return words
			}
			head = append(head, w)
		}
		words = append(head, words[1:]...)
	}
	return words
}

func parser() *syntax.Parser { return syntax.NewParser(syntax.Variant(syntax.LangBash)) }
