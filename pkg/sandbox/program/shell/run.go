package shell

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// stop says that no further command of a list is to run.
func (s *Shell) stop(ctx context.Context) bool {
	if ctx.Err() != nil {
		s.status = task.CodeOf(ctx)
		return true
	}
	return s.flow != flowNone
}

func (s *Shell) stmts(ctx context.Context, list []*syntax.Stmt) {
	tail := s.tail
	for i, st := range list {
		s.tail = tail && i == len(list)-1
		s.stmt(ctx, st)
	}
	s.tail = tail
}

// stmt runs one statement, after the traps of the signals that came meanwhile.
func (s *Shell) stmt(ctx context.Context, st *syntax.Stmt) {
	s.ctx = ctx
	s.runTraps(ctx)
	if s.stop(ctx) || s.opts.noexec {
		return
	}
	s.line = st.Pos().Line()
	if st.Background || st.Disown {
		s.background(ctx, st)
		s.status = 0
		return
	}
	s.sync(ctx, st)
	s.runTraps(ctx)
}

func (s *Shell) sync(ctx context.Context, st *syntax.Stmt) {
	tail := s.tail
	s.tail = tail && !st.Negated
	if st.Negated {
		s.quiet++
	}
	restore, ok := s.redirect(ctx, st.Redirs)
	switch {
	case !ok:
		s.status = 1
	case st.Cmd == nil:
		s.status = 0
	default:
		s.command(ctx, st.Cmd)
	}
	restore()
	s.tail = tail
	if st.Negated {
		s.quiet--
		if s.flow != flowExit && s.flow != flowReturn {
			s.status = boolStatus(s.status != 0)
		}
		return
	}
	if s.status != 0 && s.opts.errexit && s.quiet == 0 && s.flow == flowNone && !isAndOr(st.Cmd) {
		s.flow = flowExit
	}
}

// isAndOr says whether a failure was decided on within the statement already.
func isAndOr(c syntax.Command) bool {
	b, ok := c.(*syntax.BinaryCmd)
	return ok && (b.Op == syntax.AndStmt || b.Op == syntax.OrStmt)
}

func boolStatus(ok bool) int {
	if ok {
		return 0
	}
	return 1
}

func (s *Shell) command(ctx context.Context, cm syntax.Command) {
	switch cm := cm.(type) {
	case *syntax.CallExpr:
		s.simple(ctx, cm)
	case *syntax.Block:
		s.stmts(ctx, cm.Stmts)
	case *syntax.Subshell:
		c := s.sub()
		c.stmts(ctx, cm.Stmts)
		c.finish()
		s.status = c.status
	case *syntax.BinaryCmd:
		s.binary(ctx, cm)
	case *syntax.IfClause:
		s.ifClause(ctx, cm)
	case *syntax.WhileClause:
		s.while(ctx, cm)
	case *syntax.ForClause:
		s.forClause(ctx, cm)
	case *syntax.CaseClause:
		s.caseClause(ctx, cm)
	case *syntax.FuncDecl:
		s.funcs[cm.Name.Value] = cm.Body
		s.status = 0
	case *syntax.DeclClause:
		s.declare(cm)
	case *syntax.TestClause:
		s.status = boolStatus(s.testClause(cm.X))
	case *syntax.ArithmCmd:
		s.status = boolStatus(s.arithmetic(cm.X) != 0)
	case *syntax.LetClause:
		n := 0
		for _, x := range cm.Exprs {
			n = s.arithmetic(x)
		}
		s.status = boolStatus(n != 0)
	case *syntax.TimeClause:
		s.time(ctx, cm)
	default:
		s.complain("syntax error: this shell has no %s", strings.TrimPrefix(fmt.Sprintf("%T", cm), "*syntax."))
		s.status = 2
	}
}

func (s *Shell) binary(ctx context.Context, cm *syntax.BinaryCmd) {
	tail := s.tail
	defer func() { s.tail = tail }()
	switch cm.Op {
	case syntax.AndStmt, syntax.OrStmt:
		s.tail = false
		s.quiet++
		s.stmt(ctx, cm.X)
		s.quiet--
		if !s.stop(ctx) && (s.status == 0) == (cm.Op == syntax.AndStmt) {
			s.tail = tail
			s.stmt(ctx, cm.Y)
		}
	case syntax.Pipe, syntax.PipeAll:
		s.tail = false
		s.pipeline(ctx, cm)
	}
}

// pipeline runs both sides at once, each in a subshell.
func (s *Shell) pipeline(ctx context.Context, cm *syntax.BinaryCmd) {
	p := stream.NewPipe()
	left, right := s.sub(), s.sub()
	left.out = p
	if cm.Op == syntax.PipeAll {
		left.err = p
	}
	right.in = p
	done := make(chan struct{})
	go func() {
		defer close(done)
		left.stmt(ctx, cm.X)
		left.finish()
		p.CloseWrite()
	}()
	right.stmt(ctx, cm.Y)
	right.finish()
	p.CloseRead()
	select {
	case <-done:
	case <-ctx.Done():
	}
	s.status = right.status
	if s.opts.pipefail && s.status == 0 && ctx.Err() == nil {
		s.status = left.status
	}
}

func (s *Shell) time(ctx context.Context, cm *syntax.TimeClause) {
	start := time.Now()
	s.tail = false
	if cm.Stmt != nil {
		s.stmt(ctx, cm.Stmt)
	}
	d := time.Since(start)
	m, sec := int(d.Minutes()), d.Seconds()-60*float64(int(d.Minutes()))
	if s.dialect == Ash {
		fmt.Fprintf(s.err, "real\t%dm %.2fs\nuser\t0m 0.00s\nsys\t0m 0.00s\n", m, sec)
		return
	}
	fmt.Fprintf(s.err, "\nreal\t%dm%.3fs\nuser\t0m0.000s\nsys\t0m0.000s\n", m, sec)
}

// finish runs the exit trap and closes what exec opened.
func (s *Shell) finish() {
	s.runExit()
	for _, c := range s.kept {
		_ = c.Close()
	}
	s.kept = nil
}

// complain writes an error in the dialect's way.
func (s *Shell) complain(format string, a ...any) {
	msg := fmt.Sprintf(format, a...)
	switch {
	case s.dialect == Dash:
		msg = fmt.Sprintf("%d: %s", max(s.line, 1), msg)
	case s.dialect == Bash && !s.interactive, s.dialect == Ash && s.script:
		msg = fmt.Sprintf("line %d: %s", max(s.line, 1), msg)
	}
	_, _ = io.WriteString(s.err, s.name+": "+msg+"\n")
}
