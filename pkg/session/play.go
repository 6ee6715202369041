package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// replay does a step that lies before the one that is wanted, from its start to its end.
func (s *Session) replay(ctx context.Context, l *lesson.Lesson, step *lesson.Step) error {
	st, err := s.set(ctx, l, step)
	if err != nil {
		return err
	}
	return s.perform(ctx, l, step, st)
}

// perform does what a step asks of its learner, and waits until its checks pass. Nobody looks on, so
// that commands which only show something are left out.
func (s *Session) perform(ctx context.Context, l *lesson.Lesson, step *lesson.Step, st *start) error {
	p := &Position{Lesson: l, Step: step, start: st}
	defer func() { _, _ = p.calm() }()
	for _, b := range step.Blocks {
		if err := s.act(ctx, p, b, nil); err != nil {
			return err
		}
	}
	_, err := s.await(ctx, p, func(check.Report) {})
	return err
}

// onlyShows says that a command changes nothing, and waits for nothing that a later one may need.
func onlyShows(c *lesson.Command) bool {
	return len(c.Args) > 1 && slices.Contains([]string{"get", "describe", "logs", "top", "explain", "events"}, c.Args[1])
}

// act does what one block asks for; most ask for nothing. A nil see means that nobody looks on.
func (s *Session) act(ctx context.Context, p *Position, b lesson.Block, see func(Event)) error {
	switch b := b.(type) {
	case *lesson.Do:
		for i := range b.Commands {
			if see == nil && onlyShows(&b.Commands[i]) {
				continue
			}
			e, err := s.run(ctx, p, &b.Commands[i])
			if err != nil {
				return err
			}
			if see != nil {
				see(e)
			}
			if e.Code != 0 {
				return fmt.Errorf("step %s: %q ended with exit code %d: %s", p.Step.ID, e.Commands[0], e.Code, strings.TrimSpace(e.Output))
			}
		}
	case *lesson.Fault:
		e, err := s.strike(ctx, p, b)
		if err != nil {
			return err
		}
		if see != nil {
			see(e)
		}
		s.launch(ctx, p)
	}
	return nil
}

// run runs one command as the learner would.
func (s *Session) run(ctx context.Context, p *Position, c *lesson.Command) (Event, error) {
	ns := s.Namespace(p.Lesson.ID)
	line, args, err := s.fill(ctx, p, c)
	if err != nil {
		return Event{}, fmt.Errorf("step %s: fill in %q: %w", p.Step.ID, c.Line, err)
	}
	var out bytes.Buffer
	begun := s.Now()
	code, err := s.Kubectl.Run(ctx, ns, args[1:], &out)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() < 0 {
		// A terminal sends Ctrl-C to the command too, which may be gone before we hear of it.
		select {
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
	if err != nil {
		return Event{}, fmt.Errorf("step %s: run %q: %w", p.Step.ID, line, err)
	}
	e := s.event(p, CommandRun)
	e.Commands, e.Code, e.Output = []string{line}, code, out.String()
	e.Millis = s.Now().Sub(begun).Milliseconds()
	return e, nil
}

// fill puts the names that things have now into a command.
func (s *Session) fill(ctx context.Context, p *Position, c *lesson.Command) (string, []string, error) {
	if !strings.Contains(c.Line, "{{") {
		return c.Line, c.Args, nil
	}
	eyes, err := s.Observe(s.Namespace(p.Lesson.ID))
	if err != nil {
		return "", nil, err
	}
	return c.Render(eyes.Snapshot(ctx, whole()))
}

// literal is the command as it is to be typed; where something that it names is not there yet, the
// template stands for it.
func literal(c *lesson.Command, now *snapshot.Snapshot) string {
	line, _, err := c.Render(now)
	if err != nil {
		return c.Line
	}
	return line
}

// PlayOptions is how the robot plays.
type PlayOptions struct {
	// From is the step to begin with; empty means the first.
	From string
	// Pace is how long to wait between things, for people who look on.
	Pace time.Duration
	// See is shown all that a learner would see.
	See func(Event)
}

// Play has the robot do a lesson from beginning to end, and clears it away. Whether that worked or
// not, nothing is left behind.
func (s *Session) Play(ctx context.Context, lessonID string, o PlayOptions) error {
	r := &robot{Session: s, PlayOptions: o}
	if o.From == "" {
		l, first, err := s.find(lessonID, "")
		if err != nil {
			return err
		}
		// A robot begins at the beginning, whatever is under way.
		lessonID, o.From = l.ID, first.ID
	}
	p, err := s.Begin(ctx, lessonID, o.From)
	for err == nil && p != nil {
		if err = r.step(ctx, p); err == nil {
			p, err = s.Next(ctx)
		}
	}
	if err != nil {
		return s.abandon(ctx, err)
	}
	l, err := s.Lessons.Lesson(lessonID)
	if err != nil {
		return err
	}
	return r.show(ctx, Event{At: s.Now(), Kind: LessonFinished, Lesson: l.ID, Title: l.Title})
}

// abandon clears a lesson away after an error, even when the error is that of the context.
func (s *Session) abandon(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if _, err := s.Quit(ctx); err != nil && !errors.Is(err, ErrNoLesson) {
		return fmt.Errorf("%w (and clearing up afterwards: %w)", cause, err)
	}
	return cause
}

// robot plays to an audience.
type robot struct {
	*Session
	PlayOptions
}

func (r *robot) show(ctx context.Context, e Event) error {
	r.See(e)
	return pause(ctx, r.Pace)
}

func (r *robot) step(ctx context.Context, p *Position) error {
	opening, err := r.Opening(ctx, p)
	if err != nil {
		return err
	}
	for _, e := range opening {
		if err := r.show(ctx, e); err != nil {
			return err
		}
		if e.Kind == PredictionAsked {
			if err := r.predict(ctx, p, e); err != nil {
				return err
			}
		}
	}
	defer func() { _, _ = p.calm() }()
	for _, b := range p.Step.Blocks {
		if err := r.act(ctx, p, b, func(e Event) { _ = r.show(ctx, e) }); err != nil {
			return err
		}
	}
	if err := r.alone(ctx, func() error { return r.write(p.start) }); err != nil {
		return err
	}
	return r.finish(ctx, p)
}

// predict has the robot choose what is right.
func (r *robot) predict(ctx context.Context, p *Position, asked Event) error {
	for i, o := range lesson.All[*lesson.Predict](p.Step)[asked.Question].Options {
		if !o.Right {
			continue
		}
		if err := r.Predict(ctx, asked.Question, i); err != nil {
			return err
		}
		e := r.event(p, Predicted)
		e.Question, e.Text = asked.Question, o.Say
		return r.show(ctx, e)
	}
	return nil
}

// finish waits for the checks and shows how the step ends.
func (r *robot) finish(ctx context.Context, p *Position) error {
	begun := r.Now()
	report, err := r.await(ctx, p, func(check.Report) {})
	ended, barred := p.calm()
	for _, e := range ended {
		r.See(e)
	}
	err = errors.Join(err, barred)
	e := r.event(p, Reported)
	e.Report, e.Millis = &report, r.Now().Sub(begun).Milliseconds()
	r.See(e)
	if err != nil {
		return err
	}
	if _, err := r.Settle(ctx, p, report); err != nil {
		return err
	}
	if p, err = r.Current(ctx); err != nil {
		return err
	}
	closing, err := r.Closing(ctx, p)
	if err != nil {
		return err
	}
	for _, e := range closing {
		if e.Kind == Failed {
			return fmt.Errorf("step %s: %s", p.Step.ID, e.Text)
		}
		if err := r.show(ctx, e); err != nil {
			return err
		}
		if e.Kind == QuestionAsked {
			if err := r.reply(ctx, p, e.Question); err != nil {
				return err
			}
		}
	}
	return r.show(ctx, r.event(p, StepPassed))
}

// reply has the robot answer a question with what the cluster says.
func (r *robot) reply(ctx context.Context, p *Position, question int) error {
	e, err := r.answer(ctx, p, question, "")
	if err != nil {
		return err
	}
	if len(e.Answer.So) == 0 {
		return fmt.Errorf("step %s: the cluster has no answer to %q", p.Step.ID, e.Answer.Ask)
	}
	e, err = r.Answer(ctx, question, e.Answer.So[0])
	if err != nil {
		return err
	}
	return r.show(ctx, e)
}
