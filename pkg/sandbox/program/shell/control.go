package shell

import (
	"context"
	"regexp"

	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// condition runs commands whose failure is an answer.
func (s *Shell) condition(ctx context.Context, list []*syntax.Stmt) bool {
	tail := s.tail
	s.tail = false
	s.quiet++
	s.stmts(ctx, list)
	s.quiet--
	s.tail = tail
	return s.status == 0
}

func (s *Shell) ifClause(ctx context.Context, cm *syntax.IfClause) {
	for ; cm != nil; cm = cm.Else {
		// The else branch is a clause without a condition.
		if len(cm.Cond) == 0 {
			s.stmts(ctx, cm.Then)
			return
		}
		ok := s.condition(ctx, cm.Cond)
		if s.stop(ctx) {
			return
		}
		if ok {
			s.stmts(ctx, cm.Then)
			return
		}
	}
	s.status = 0
}

func (s *Shell) while(ctx context.Context, cm *syntax.WhileClause) {
	s.tail = false
	last := 0
	for !s.stop(ctx) {
		ok := s.condition(ctx, cm.Cond)
		if s.stop(ctx) {
			return
		}
		if ok == cm.Until {
			break
		}
		if s.body(ctx, cm.Do) {
			last = s.status
			break
		}
		last = s.status
	}
	if !s.stop(ctx) {
		s.status = last
	}
}

// body runs the commands of a loop once and says whether the loop is to end.
func (s *Shell) body(ctx context.Context, list []*syntax.Stmt) (done bool) {
	s.loops++
	s.stmts(ctx, list)
	s.loops--
	switch s.flow {
	case flowBreak:
		if s.levels--; s.levels <= 0 {
			s.flow = flowNone
		}
		return true
	case flowContinue:
		if s.levels--; s.levels <= 0 {
			s.flow = flowNone
			return false
		}
		return true
	}
	return s.stop(ctx)
}

func (s *Shell) forClause(ctx context.Context, cm *syntax.ForClause) {
	s.tail = false
	switch loop := cm.Loop.(type) {
	case *syntax.WordIter:
		items := s.params
		if loop.InPos.IsValid() {
			items = s.fields(loop.Items...)
		}
		if cm.Select {
			s.complain("select: not found")
			s.status = task.CodeNotFound
			return
		}
		s.status = 0
		for _, item := range items {
			s.setString(loop.Name.Value, item)
			if s.stop(ctx) || s.body(ctx, cm.Do) {
				return
			}
		}
	case *syntax.CStyleLoop:
		if loop.Init != nil {
			s.arithmetic(loop.Init)
		}
		for !s.stop(ctx) && (loop.Cond == nil || s.arithmetic(loop.Cond) != 0) {
			if s.body(ctx, cm.Do) {
				return
			}
			if loop.Post != nil {
				s.arithmetic(loop.Post)
			}
		}
	}
}

func (s *Shell) caseClause(ctx context.Context, cm *syntax.CaseClause) {
	word := s.literal(cm.Word)
	s.status = 0
	through := false
	for _, item := range cm.Items {
		hit := through
		for _, p := range item.Patterns {
			hit = hit || s.matches(s.pattern(p), word)
		}
		if !hit || s.stop(ctx) {
			continue
		}
		s.stmts(ctx, item.Stmts)
		switch item.Op {
		case syntax.Fallthrough:
			through = true
		case syntax.Resume, syntax.ResumeKorn:
			through = false
		default:
			return
		}
	}
}

// matches says whether a whole word matches a shell pattern.
func (s *Shell) matches(pat, word string) bool {
	expr, err := pattern.Regexp(pat, pattern.EntireString)
	if err != nil {
		return pat == word
	}
	re, err := regexp.Compile(expr)
	return err == nil && re.MatchString(word)
}
