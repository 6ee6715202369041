package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// position is where the learner stands; what was left half done is finished first.
func (s *Session) position(ctx context.Context) (*Position, error) {
	st, err := s.read()
	if err != nil {
		return nil, err
	}
	state, err := s.Record.State()
	if err != nil {
		return nil, err
	}
	past := state.Current[s.Cluster]
	if st == nil {
		return s.recover(ctx, past)
	}
	if st.Intent == leaving {
		s.note("Leaving lesson %s was broken off; finishing that.", st.Lesson)
		if err := s.leave(ctx, s.toClear(st.Lesson), st.Ending); err != nil {
			return nil, err
		}
		return nil, ErrNoLesson
	}
	l, step, err := s.find(st.Lesson, st.Step)
	if err != nil {
		return nil, err
	}
	switch st.Intent {
	case rebuilding:
		s.note("Building the start of step %q was broken off; building it again.", step.Title)
		return s.rebuild(ctx, l, step)
	case entering:
		s.note("Going to step %q was broken off; going there again.", step.Title)
		return s.enter(ctx, l, step)
	}
	if s.vanished(ctx, l) {
		s.note("What lesson %s built is gone from the cluster; building it again.", l.ID)
		return s.rebuild(ctx, l, step)
	}
	return s.stand(ctx, l, step, st, past)
}

// vanished says that the cluster answers and has no trace of the lesson: it was made anew, or
// somebody deleted the namespace.
func (s *Session) vanished(ctx context.Context, l *lesson.Lesson) bool {
	spaces, err := s.Stage.LessonNamespaces(ctx)
	return err == nil && !slices.Contains(spaces, s.Namespace(l.ID))
}

// recover is for a lesson that only the record still knows of.
func (s *Session) recover(ctx context.Context, past *progress.Position) (*Position, error) {
	if past == nil {
		return nil, ErrNoLesson
	}
	l, step, err := s.find(past.Lesson, past.Step)
	if err != nil {
		return nil, err
	}
	s.note("What step %q started from is lost; building it again.", step.Title)
	return s.rebuild(ctx, l, step)
}

// stand puts together a position whose start stands.
func (s *Session) stand(ctx context.Context, l *lesson.Lesson, step *lesson.Step, st *start, past *progress.Position) (*Position, error) {
	p := &Position{Lesson: l, Step: step, Index: slices.Index(l.Steps, step), start: st}
	// A pack that was moved, and named again, is remembered by its new place.
	if past == nil || past.Lesson != l.ID || past.Step != step.ID || past.From != l.From || past.Since.Before(st.Started) {
		if err := s.Record.Append(ctx, s.happened(p, progress.Started, progress.Detail{})); err != nil {
			return nil, err
		}
		return s.refresh(p)
	}
	p.Past = *past
	return p, nil
}

// refresh reads what was recorded of the position.
func (s *Session) refresh(p *Position) (*Position, error) {
	state, err := s.Record.State()
	if err != nil {
		return nil, err
	}
	if past := state.Current[s.Cluster]; past != nil {
		p.Past = *past
	}
	return p, nil
}

func (s *Session) happened(p *Position, kind progress.Kind, d progress.Detail) progress.Event {
	e := progress.Event{Time: s.Now(), Cluster: s.Cluster, Lesson: p.Lesson.ID, Step: p.Step.ID, Kind: kind, Detail: d}
	if kind == progress.Started {
		e.From = p.Lesson.From
	}
	return e
}

func (s *Session) find(lessonID, stepID string) (*lesson.Lesson, *lesson.Step, error) {
	l, err := s.Lessons.Lesson(lessonID)
	if err != nil {
		return nil, nil, err
	}
	if len(l.Steps) == 0 {
		return nil, nil, fmt.Errorf("lesson %s has no steps", l.ID)
	}
	if stepID == "" {
		return l, l.Steps[0], nil
	}
	step, err := l.FindStep(stepID)
	return l, step, err
}

// ErrHalfBuilt says that the building of a step's start was broken off. Current finishes it.
var ErrHalfBuilt = errors.New("the start of the step is half built")

func halfBuilt(ctx context.Context, err *error) {
	if *err != nil && ctx.Err() != nil {
		*err = fmt.Errorf("%w: %w", ErrHalfBuilt, *err)
	}
}

// enter adds a step's own part to what is there.
func (s *Session) enter(ctx context.Context, l *lesson.Lesson, step *lesson.Step) (p *Position, err error) {
	defer halfBuilt(ctx, &err)
	if err := s.write(&start{Lesson: l.ID, Step: step.ID, Intent: entering}); err != nil {
		return nil, err
	}
	return s.place(ctx, l, step)
}

// rebuild builds a step's start from nothing: the robot does the steps before it.
func (s *Session) rebuild(ctx context.Context, l *lesson.Lesson, step *lesson.Step) (p *Position, err error) {
	defer halfBuilt(ctx, &err)
	if err := s.write(&start{Lesson: l.ID, Step: step.ID, Intent: rebuilding}); err != nil {
		return nil, err
	}
	if err := s.sweepOthers(ctx, l); err != nil {
		return nil, err
	}
	if err := s.clear(ctx, l); err != nil {
		return nil, err
	}
	earlier := l.Steps[:slices.Index(l.Steps, step)]
	switch len(earlier) {
	case 0:
	case 1:
		s.note("The robot first does the step before this one for you, which takes a while.")
	default:
		s.note("The robot first does the %d steps before this one for you, which takes a while.", len(earlier))
	}
	for i, before := range earlier {
		s.note("Doing step %d of %d: %s", i+1, len(earlier), before.Title)
		if err := s.replay(ctx, l, before); err != nil {
			return nil, fmt.Errorf("build the start of step %s: %w", step.ID, err)
		}
	}
	return s.place(ctx, l, step)
}

// clear makes the lesson's namespace empty and the nodes whole.
func (s *Session) clear(ctx context.Context, l *lesson.Lesson) error {
	if err := s.restoreNodes(ctx); err != nil {
		return err
	}
	ns := s.Namespace(l.ID)
	if err := s.Stage.MakeNamespace(ctx, ns, l.ID); err != nil {
		return err
	}
	if err := s.Stage.Clear(ctx, ns); err != nil {
		return err
	}
	return s.Stage.Delete(ctx, ns, clusterWide(l))
}

// place builds the step's own part, keeps what it starts from, and records that it started.
func (s *Session) place(ctx context.Context, l *lesson.Lesson, step *lesson.Step) (*Position, error) {
	st, err := s.set(ctx, l, step)
	if err != nil {
		return nil, err
	}
	if err := s.write(st); err != nil {
		return nil, err
	}
	p := &Position{Lesson: l, Step: step, Index: slices.Index(l.Steps, step), start: st}
	if err := s.Record.Append(ctx, s.happened(p, progress.Started, progress.Detail{})); err != nil {
		return nil, err
	}
	return s.refresh(p)
}

// set applies what the step is given, waits until the cluster has taken it in, and looks at what
// the step starts from.
func (s *Session) set(ctx context.Context, l *lesson.Lesson, step *lesson.Step) (*start, error) {
	ns := s.Namespace(l.ID)
	if err := s.Stage.MakeNamespace(ctx, ns, l.ID); err != nil {
		return nil, err
	}
	if err := s.point(ctx, ns); err != nil {
		return nil, err
	}
	for _, given := range lesson.All[*lesson.Given](step) {
		if err := s.Stage.Apply(ctx, ns, l.ID, given.Objects); err != nil {
			return nil, fmt.Errorf("build the start of step %s: %w", step.ID, err)
		}
	}
	eyes, err := s.Observe(ns)
	if err != nil {
		return nil, err
	}
	if err := s.settle(ctx, eyes); err != nil {
		return nil, err
	}
	st := &start{Lesson: l.ID, Step: step.ID, Before: eyes.Snapshot(ctx, subjects(step))}
	st.Started, err = s.freshSecond(ctx, step)
	st.Since = s.Now()
	return st, err
}

// freshSecond is the moment that a step counts from. The times of objects are whole seconds, so
// for a step that compares with it, nothing may happen in the second that it names.
func (s *Session) freshSecond(ctx context.Context, step *lesson.Step) (time.Time, error) {
	now := s.Now()
	second := now.Truncate(time.Second)
	if !comparesTimes(step) {
		return second, nil
	}
	return second, pause(ctx, second.Add(time.Second).Sub(now))
}

// toClear is a lesson that is to be cleared away. Of one that can no longer be read no more is known than its
// namespace, which is all that a learner's lesson has.
func (s *Session) toClear(lessonID string) *lesson.Lesson {
	if l, err := s.Lessons.Lesson(lessonID); err == nil {
		return l
	}
	return &lesson.Lesson{ID: lessonID, Title: lessonID}
}

// leave clears the lesson away and records how it ended.
func (s *Session) leave(ctx context.Context, l *lesson.Lesson, ending progress.Kind) error {
	if err := s.write(&start{Lesson: l.ID, Intent: leaving, Ending: ending}); err != nil {
		return err
	}
	s.note("Clearing the lesson away.")
	if err := s.sweep(ctx, l); err != nil {
		return err
	}
	state, err := s.Record.State()
	if err != nil {
		return err
	}
	// After a crash between the two the lesson is recorded as ended already.
	if past := state.Current[s.Cluster]; past != nil && past.Lesson == l.ID {
		e := progress.Event{Time: s.Now(), Cluster: s.Cluster, Lesson: l.ID, Kind: ending}
		if err := s.Record.Append(ctx, e); err != nil {
			return err
		}
	}
	return errors.Join(s.forget(), s.point(ctx, ""))
}

// sweep leaves nothing of a lesson behind.
func (s *Session) sweep(ctx context.Context, l *lesson.Lesson) error {
	ns := s.Namespace(l.ID)
	return errors.Join(
		s.restoreNodes(ctx),
		s.Stage.Delete(ctx, ns, clusterWide(l)),
		s.Stage.DeleteNamespace(ctx, ns),
	)
}

// sweepOthers clears away what other lessons left on this cluster.
func (s *Session) sweepOthers(ctx context.Context, l *lesson.Lesson) error {
	spaces, err := s.Stage.LessonNamespaces(ctx)
	if err != nil {
		return err
	}
	for _, ns := range spaces {
		if ns == s.Namespace(l.ID) {
			continue
		}
		s.note("Clearing away what another lesson left in namespace %s.", ns)
		if err := s.Stage.DeleteNamespace(ctx, ns); err != nil {
			return err
		}
	}
	return nil
}

// clusterWide are the given objects that no namespace takes away with it.
func clusterWide(l *lesson.Lesson) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, step := range l.Steps {
		for _, given := range lesson.All[*lesson.Given](step) {
			for _, o := range given.Objects {
				if kind, ok := snapshot.KindOf(o.GroupVersionKind()); ok && !kind.Namespaced {
					found = append(found, o)
				}
			}
		}
	}
	return found
}

// pause waits, and gives up with its context.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
