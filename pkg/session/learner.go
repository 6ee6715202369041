package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
)

// Refused says that a cluster lacks what a lesson needs.
type Refused struct {
	Lesson, Cluster string
	// Reasons are sentences without their full stop.
	Reasons []string
}

func (e *Refused) Error() string {
	return fmt.Sprintf("lesson %s can't be done on cluster %s: %s", e.Lesson, e.Cluster, strings.Join(e.Reasons, "; "))
}

// Meets says what of a lesson's needs the cluster does not meet; the error is a *Refused.
func (s *Session) Meets(l *lesson.Lesson) error {
	c := s.Capabilities()
	reasons := l.Needs.Unmet(lesson.Needs{
		Nodes: c.Nodes, Metrics: c.Metrics, Exec: c.Exec, AddNodes: c.AddNodes,
		StopNode: c.StopNode, KillContainer: c.KillContainer, PressNode: c.PressNode, Audit: c.Audit,
		ReadNodes: c.ReadNodes, SeeNodes: c.SeeNodes, CordonNodes: c.CordonNodes,
	})
	if len(reasons) == 0 {
		return nil
	}
	return &Refused{Lesson: l.ID, Cluster: s.Cluster, Reasons: reasons}
}

// Begin starts a lesson at a step (empty: the first) from nothing. Another lesson that is under
// way on the cluster is quit. Where this very step is under way, it is gone on with instead, unless
// a step was named.
func (s *Session) Begin(ctx context.Context, lessonID, stepID string) (p *Position, err error) {
	l, step, err := s.find(lessonID, stepID)
	if err != nil {
		return nil, err
	}
	err = s.alone(ctx, func() error {
		if err := s.prepare(ctx, l); err != nil {
			return err
		}
		if stepID == "" {
			if p, err = s.underWay(ctx, l.ID); p != nil || err != nil {
				return err
			}
		}
		p, err = s.begin(ctx, l, step)
		return err
	})
	return p, err
}

// prepare refuses a lesson that the cluster can't do, and adds what it can add. A lesson that was
// broken off may have left a node stopped: nodes are brought back before they are counted for good.
func (s *Session) prepare(ctx context.Context, l *lesson.Lesson) error {
	err := s.Meets(l)
	if err != nil && s.Nodes != nil {
		if err := s.restoreNodes(ctx); err != nil {
			return err
		}
		err = s.Meets(l)
	}
	if err != nil || !l.Needs.Metrics || s.Metrics == nil {
		return err
	}
	return s.Metrics.InstallMetrics(ctx, adding{s})
}

// adding is a cluster.Progress that says what is added for a lesson.
type adding struct{ s *Session }

func (a adding) Stage(name string) func(error) {
	a.s.note("Adding %s, which this lesson needs.", name)
	return func(error) {}
}

func (a adding) Note(format string, args ...any) { a.s.note(format, args...) }

// underWay is the position where the lesson is under way, else nil.
func (s *Session) underWay(ctx context.Context, lessonID string) (*Position, error) {
	st, err := s.read()
	if err != nil {
		return nil, err
	}
	state, err := s.Record.State()
	if err != nil {
		return nil, err
	}
	past := state.Current[s.Cluster]
	switch {
	case st != nil && (st.Lesson != lessonID || st.Intent == leaving):
		return nil, nil
	case st == nil && (past == nil || past.Lesson != lessonID):
		return nil, nil
	}
	return s.position(ctx)
}

func (s *Session) begin(ctx context.Context, l *lesson.Lesson, step *lesson.Step) (*Position, error) {
	state, err := s.Record.State()
	if err != nil {
		return nil, err
	}
	if past := state.Current[s.Cluster]; past != nil && past.Lesson != l.ID {
		s.note("Leaving lesson %s, which was under way.", past.Lesson)
		e := progress.Event{Time: s.Now(), Cluster: s.Cluster, Lesson: past.Lesson, Kind: progress.Quit}
		if err := s.Record.Append(ctx, e); err != nil {
			return nil, err
		}
	}
	return s.rebuild(ctx, l, step)
}

// Predict records what the learner expects: option choice of the step's prediction number question.
func (s *Session) Predict(ctx context.Context, question, choice int) error {
	return s.at(ctx, func(p *Position) error {
		predictions := lesson.All[*lesson.Predict](p.Step)
		if question < 0 || question >= len(predictions) || choice < 0 || choice >= len(predictions[question].Options) {
			return fmt.Errorf("record prediction: step %s has no option %d of prediction %d", p.Step.ID, choice, question)
		}
		o := predictions[question].Options[choice]
		return s.Record.Append(ctx, s.happened(p, progress.Predicted, progress.Detail{
			Question: question, Choice: choice, Said: o.Say, Belief: o.Belief, Right: o.Right,
		}))
	})
}

// ErrLast says that no step comes after the one under way.
var ErrLast = fmt.Errorf("this was the last step")

// NotPassed says that a step's checks are not met, so that the next can't begin.
type NotPassed struct{ Outcome *Outcome }

func (e *NotPassed) Error() string { return "this step is not done yet" }

// Next goes to the next step, when this one is passed: its checks are looked at if that is not
// known. The error is a *NotPassed when it is not. After the last step the lesson is finished, its
// traces are cleared away, and the Position is nil.
func (s *Session) Next(ctx context.Context) (next *Position, err error) {
	err = s.at(ctx, func(p *Position) error {
		if !p.Past.Passed {
			outcome, err := s.check(ctx, p)
			if err != nil {
				return err
			}
			if !outcome.Passed {
				return &NotPassed{Outcome: outcome}
			}
		}
		next, err = s.forth(ctx, p)
		return err
	})
	return next, err
}

// forth goes on after a step that lies behind.
func (s *Session) forth(ctx context.Context, p *Position) (*Position, error) {
	if p.Last() {
		return nil, s.leave(ctx, p.Lesson, progress.Finished)
	}
	return s.enter(ctx, p.Lesson, p.Lesson.Steps[p.Index+1])
}

// Skip has the robot do the step, and goes to the next. Where the step's commands no longer work
// on what the learner made, all is built again. After the last step it is as with Next.
func (s *Session) Skip(ctx context.Context) (next *Position, err error) {
	err = s.at(ctx, func(p *Position) error {
		if !p.Past.Passed {
			if err := s.Record.Append(ctx, s.happened(p, progress.Skipped, progress.Detail{})); err != nil {
				return err
			}
		}
		if p.Last() || p.Past.Passed {
			next, err = s.forth(ctx, p)
			return err
		}
		to := p.Lesson.Steps[p.Index+1]
		// From here on the next step is where the learner is, however this ends.
		if err := s.write(&start{Lesson: p.Lesson.ID, Step: to.ID, Intent: rebuilding}); err != nil {
			return err
		}
		if err := s.perform(ctx, p.Lesson, p.Step, p.start); err == nil {
			next, err = s.enter(ctx, p.Lesson, to)
			return err
		}
		next, err = s.rebuild(ctx, p.Lesson, to)
		return err
	})
	return next, err
}

// Reset builds the step's start again.
func (s *Session) Reset(ctx context.Context) (again *Position, err error) {
	err = s.at(ctx, func(p *Position) error {
		if err := s.Record.Append(ctx, s.happened(p, progress.Reset, progress.Detail{})); err != nil {
			return err
		}
		s.note("Emptying namespace %s, to build the start of this step again.", s.Namespace(p.Lesson.ID))
		again, err = s.rebuild(ctx, p.Lesson, p.Step)
		return err
	})
	return again, err
}

// Quit leaves the lesson and clears its traces away. What is lost of it is not built again for that,
// and a namespace that somebody else made under its name meanwhile is not ours to build in. A lesson whose
// file is gone can be left too.
func (s *Session) Quit(ctx context.Context) (l *lesson.Lesson, err error) {
	err = s.alone(ctx, func() error {
		id, err := s.toLeave(ctx)
		if err != nil {
			return err
		}
		l = s.toClear(id)
		return s.leave(ctx, l, progress.Quit)
	})
	return l, err
}

// toLeave is the lesson that is under way, however much of it stands. One that was being left is left
// first, as it was to end.
func (s *Session) toLeave(ctx context.Context) (string, error) {
	st, err := s.read()
	if err != nil {
		return "", err
	}
	if st != nil && st.Intent != leaving {
		return st.Lesson, nil
	}
	if st != nil {
		_, err := s.position(ctx)
		return "", err
	}
	state, err := s.Record.State()
	if err != nil {
		return "", err
	}
	if past := state.Current[s.Cluster]; past != nil {
		return past.Lesson, nil
	}
	return "", ErrNoLesson
}

// Help is a hint, or the word that there is none.
type Help struct {
	Rung lesson.Rung
	Text string
	// Again is true where the hint was given before and nothing was tried since.
	Again bool
	// Exhausted is true where all hints were given, and this is the last of them.
	Exhausted bool
}

// Hint gives the next rung of the step's ladder, and the last one again until the learner tried
// something. It is nil for a step without hints.
func (s *Session) Hint(ctx context.Context) (help *Help, err error) {
	err = s.at(ctx, func(p *Position) error {
		hints := p.Step.Hints()
		if len(hints) == 0 {
			return nil
		}
		given := min(p.Past.Hints, len(hints))
		fresh := given == 0 || (p.Past.TriedSinceHint && given < len(hints))
		if !fresh {
			help, err = s.hint(ctx, p, hints[given-1])
			help.Exhausted = given == len(hints)
			help.Again = !help.Exhausted
			return err
		}
		if help, err = s.hint(ctx, p, hints[given]); err != nil {
			return err
		}
		return s.Record.Append(ctx, s.happened(p, progress.Hint, progress.Detail{Rung: given}))
	})
	return help, err
}
