package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// event makes an event about a position.
func (s *Session) event(p *Position, kind EventKind) Event {
	return Event{At: s.Now(), Kind: kind, Lesson: p.Lesson.ID, Step: p.Step.ID}
}

// closingFrom is the index of the first block that is for after the checks: whatever follows them
// but hints and mistakes, which stand by themselves.
func closingFrom(step *lesson.Step) int {
	last := -1
	for i, b := range step.Blocks {
		switch b.(type) {
		case *lesson.Explain, *lesson.Ask:
			if last < 0 {
				return i
			}
		case *lesson.Checks, *lesson.Get:
			last = i
		case *lesson.Do, *lesson.Fault, *lesson.Predict:
			last = -1
		}
	}
	if last < 0 {
		return len(step.Blocks)
	}
	return last
}

// Opening is what a learner sees when a step begins: everything up to its checks.
func (s *Session) Opening(ctx context.Context, p *Position) ([]Event, error) {
	eyes, err := s.Observe(s.Namespace(p.Lesson.ID))
	if err != nil {
		return nil, err
	}
	return s.opening(p, eyes.Snapshot(ctx, whole())), nil
}

func (s *Session) opening(p *Position, now *snapshot.Snapshot) []Event {
	var shown []Event
	if p.Index == 0 {
		e := s.event(p, LessonShown)
		e.Title, e.Text, e.Of = p.Lesson.Title, p.Lesson.Intro, len(p.Lesson.Steps)
		shown = append(shown, e)
	}
	shown = append(shown, s.Heading(p))
	question := 0
	for _, b := range p.Step.Blocks[:closingFrom(p.Step)] {
		switch b := b.(type) {
		case *lesson.Prose:
			shown = append(shown, s.prose(p, b.Markdown))
		case *lesson.Predict:
			shown = append(shown, s.prediction(p, b, question))
			question++
		case *lesson.Do:
			shown = append(shown, s.commands(p, b, now))
		case *lesson.Fault:
			e := s.event(p, FaultShown)
			e.Text = b.Say
			shown = append(shown, e)
		}
	}
	return shown
}

// Again is what a learner sees of a step that was shown to them before: its task. What they were told
// of the lesson, and asked, lies behind.
func (s *Session) Again(ctx context.Context, p *Position) ([]Event, error) {
	opening, err := s.Opening(ctx, p)
	return slices.DeleteFunc(opening, func(e Event) bool { return e.Kind == LessonShown || e.Kind == PredictionAsked }), err
}

// Show keeps that the learner was shown a step to its end.
func (s *Session) Show(ctx context.Context, seen *Position) error {
	return s.at(ctx, func(p *Position) error {
		if p.start.Shown || !same(p, seen) {
			return nil
		}
		p.start.Shown = true
		return s.write(p.start)
	})
}

// Heading is the title of a step, and its place among the others.
func (s *Session) Heading(p *Position) Event {
	e := s.event(p, StepShown)
	e.Title, e.Text, e.Number, e.Of = p.Step.Title, p.Lesson.Title, p.Index+1, len(p.Lesson.Steps)
	return e
}

func (s *Session) prose(p *Position, markdown string) Event {
	e := s.event(p, ProseShown)
	e.Text = markdown
	return e
}

func (s *Session) prediction(p *Position, b *lesson.Predict, question int) Event {
	e := s.event(p, PredictionAsked)
	e.Text, e.Question = b.Ask, question
	for _, o := range b.Options {
		e.Options = append(e.Options, o.Say)
	}
	return e
}

// commands shows what to type, with the names that things have now.
func (s *Session) commands(p *Position, b *lesson.Do, now *snapshot.Snapshot) Event {
	e := s.event(p, DoShown)
	e.Optional = b.Optional
	for i := range b.Commands {
		e.Commands = append(e.Commands, literal(&b.Commands[i], now))
	}
	return e
}

// Closing is what a learner sees when a step is passed: what was predicted against what came,
// explanations and questions, in the lesson's order. Questions come without their answers.
func (s *Session) Closing(ctx context.Context, p *Position) ([]Event, error) {
	look, err := s.look(ctx, p)
	if err != nil {
		return nil, err
	}
	var shown []Event
	for i, b := range lesson.All[*lesson.Predict](p.Step) {
		shown = append(shown, s.answered(p, b, i, look))
	}
	asked := 0
	for _, b := range p.Step.Blocks[closingFrom(p.Step):] {
		switch b := b.(type) {
		case *lesson.Prose:
			shown = append(shown, s.prose(p, b.Markdown))
		case *lesson.Explain:
			e := s.event(p, Explained)
			e.Explanation, err = explain.Explain(string(b.Kind), b.Target, look.now, look.timeline)
			if err != nil {
				e = s.failed(p, err)
			}
			shown = append(shown, e)
		case *lesson.Ask:
			shown = append(shown, s.question(p, b, asked))
			asked++
		}
	}
	return shown, nil
}

// question asks about what was seen.
func (s *Session) question(p *Position, b *lesson.Ask, number int) Event {
	e := s.event(p, QuestionAsked)
	e.Text, e.Question = b.Ask, number
	return e
}

func (s *Session) failed(p *Position, err error) Event {
	e := s.event(p, Failed)
	e.Text = err.Error()
	return e
}

// look is what is known when a step ends.
type look struct {
	now, before *snapshot.Snapshot
	timeline    *snapshot.Timeline
	started     time.Time
}

func (s *Session) look(ctx context.Context, p *Position) (*look, error) {
	eyes, err := s.Observe(s.Namespace(p.Lesson.ID))
	if err != nil {
		return nil, err
	}
	timeline, err := eyes.Timeline(ctx, p.start.Since, p.start.Before)
	if err != nil {
		s.note("What happened can't be told in full: %v.", err)
		timeline = &snapshot.Timeline{Start: p.start.Since, End: s.Now()}
	}
	for _, f := range p.start.Faults {
		timeline.Changes = append(timeline.Changes, explain.Fault(f.At, f.Kind, f.Resource, s.Namespace(p.Lesson.ID), f.Name))
	}
	slices.SortStableFunc(timeline.Changes, func(a, b snapshot.Change) int { return a.At.Compare(b.At) })
	now := eyes.Snapshot(ctx, append(whole(), queries(p.Step)...))
	return &look{now: now, before: p.start.Before, timeline: timeline, started: p.start.Started}, nil
}

// answered holds a prediction against what came.
func (s *Session) answered(p *Position, b *lesson.Predict, question int, look *look) Event {
	e := s.event(p, PredictionAnswered)
	e.Question = question
	a := &Answer{Ask: b.Ask, Because: b.Because}
	right := slices.IndexFunc(b.Options, func(o lesson.Option) bool { return o.Right })
	if right >= 0 {
		a.So = []string{b.Options[right].Say}
		a.Evidence = shows(&b.Options[right], look)
	}
	if said, ok := p.Past.Predictions[question]; ok && said.Choice < len(b.Options) {
		o := &b.Options[said.Choice]
		a.Said, a.Right, a.Reply = o.Say, o.Right, o.Answer
		if evidence := shows(o, look); len(evidence) > 0 {
			a.Evidence = evidence
		}
	}
	e.Answer = a
	return e
}

func shows(o *lesson.Option, look *look) []string {
	words, err := o.Evidence(look.now, look.before, look.started)
	if err != nil {
		return nil
	}
	return words
}

// Answer holds an answer to the step's question against the live cluster, and records it. An empty
// answer is one that was not given, and is not recorded.
func (s *Session) Answer(ctx context.Context, question int, typed string) (answer Event, err error) {
	err = s.at(ctx, func(p *Position) error {
		answer, err = s.answer(ctx, p, question, typed)
		if err != nil || typed == "" {
			return err
		}
		return s.Record.Append(ctx, s.happened(p, progress.Answered, progress.Detail{
			Question: question, Said: typed, Right: answer.Answer.Right,
		}))
	})
	return answer, err
}

func (s *Session) answer(ctx context.Context, p *Position, question int, typed string) (Event, error) {
	asks := lesson.All[*lesson.Ask](p.Step)
	if question < 0 || question >= len(asks) {
		return Event{}, fmt.Errorf("answer question: step %s has no question %d", p.Step.ID, question)
	}
	look, err := s.look(ctx, p)
	if err != nil {
		return Event{}, err
	}
	ask := asks[question]
	so, err := ask.Answers(look.now, look.before, look.started)
	if err != nil {
		return Event{}, fmt.Errorf("answer %q from the cluster: %w", ask.Ask, err)
	}
	e := s.event(p, QuestionAnswered)
	e.Question = question
	e.Answer = &Answer{Ask: ask.Ask, Said: strings.TrimSpace(typed), So: once(so), Right: lesson.Right(typed, so), Because: ask.Because}
	return e, nil
}

// once leaves out of words those that were said before.
func once(words []string) []string {
	var said []string
	for _, w := range words {
		if !slices.Contains(said, w) {
			said = append(said, w)
		}
	}
	return said
}

// Questions are the step's questions about what was seen.
func (s *Session) Questions(p *Position) []Event {
	var asked []Event
	for i, ask := range lesson.All[*lesson.Ask](p.Step) {
		asked = append(asked, s.question(p, ask, i))
	}
	return asked
}
