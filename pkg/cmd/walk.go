package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// Walker shows a person a lesson's steps and asks what is to be asked.
type Walker struct {
	*App
	Session *session.Session
	Narrate *Narrator
	asker   *Asker
	// asks says that a person is there to answer; told, that they were told how not to.
	asks, told bool
}

// Walker shows the lesson under way on standard output.
func (a *App) Walker(s *session.Session) *Walker {
	return &Walker{App: a, Session: s, Narrate: a.Narrator(), asker: a.Asker(), asks: a.Interactive()}
}

// Open shows a step, and on a terminal asks its predictions before what is to be done.
func (w *Walker) Open(ctx context.Context, p *session.Position) error {
	events, err := w.Session.Opening(ctx, p)
	if err != nil {
		return err
	}
	for i, e := range events {
		switch e.Kind {
		case session.StepShown:
			if i > 0 && w.scrolls(events) {
				err = w.pause(ctx)
			}
			w.Narrate.Show(e)
		case session.FaultShown:
			err = w.strike(ctx, p, e)
		case session.PredictionAsked:
			w.Narrate.Show(e)
			err = w.predict(ctx, p, e)
		default:
			w.Narrate.Show(e)
		}
		if err != nil {
			return err
		}
	}
	w.Narrate.printf("\n")
	w.stuck(p)
	return w.Session.Show(ctx, p)
}

// scrolls says that what is read before the first answer does not fit on the screen.
func (w *Walker) scrolls(events []session.Event) bool {
	style := w.Style()
	if first := slices.IndexFunc(events, func(e session.Event) bool { return e.Kind == session.PredictionAsked }); first >= 0 {
		events = events[:first+1]
	}
	return w.asks && style.Height > 0 && strings.Count(Text(style, w.Narrate.Prefix, events), "\n") > style.Height-2
}

// pause waits until the lesson's introduction was read.
func (w *Walker) pause(ctx context.Context) error {
	w.Narrate.printf("\n  %s", w.Narrate.Style.Dim("Enter goes on to the first step."))
	_, _, err := w.line(ctx, "")
	return err
}

// Again shows the step under way to who comes back to it: as a whole where that was broken off, that
// it is done where it is, else what is to be done.
func (w *Walker) Again(ctx context.Context, p *session.Position) error {
	switch {
	case p.Past.Passed:
		w.Narrate.Show(w.Session.Heading(p))
		w.Narrate.Passed()
		return nil
	case !p.Shown():
		return w.Open(ctx, p)
	}
	outcome, err := w.Session.Glance(ctx)
	if err != nil {
		return err
	}
	if outcome.Passed {
		w.Narrate.Show(w.Session.Heading(p))
		if err := w.Told(ctx, outcome); err != nil {
			return err
		}
		w.Narrate.Advice("Next", w.Narrate.Prefix+" next")
		return nil
	}
	events, err := w.Session.Again(ctx, p)
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.Kind == session.FaultShown && p.Struck() {
			e.Kind = session.FaultDone
		}
		w.Narrate.Show(e)
	}
	w.Narrate.printf("\n")
	w.stuck(p)
	return nil
}

// line reads an answer behind a mark. Who tries to leave is told how. The error of who broke off is an
// *Unanswered.
func (w *Walker) line(ctx context.Context, mark string) (typed string, ok bool, err error) {
	for {
		w.Narrate.printf("  %s ", w.Narrate.Style.Accent(mark))
		typed, ok, err = w.asker.Line(ctx)
		if ctx.Err() != nil && err != nil {
			w.Narrate.printf("\n")
			return "", false, &Unanswered{err}
		}
		if err != nil || !leaving(typed) {
			return typed, ok, err
		}
		w.Narrate.Aside("Ctrl-C leaves this question. The practice shell is left at its prompt, with exit.")
	}
}

// predict asks until the answer is an option, or nothing: not to know is an answer too. What was
// said before is said.
func (w *Walker) predict(ctx context.Context, p *session.Position, e session.Event) error {
	if said, ok := p.Past.Predictions[e.Question]; ok {
		w.Narrate.Show(session.Event{Kind: session.Predicted, Text: said.Said})
		return nil
	}
	if !w.asks {
		return nil
	}
	for {
		typed, ok, err := w.line(ctx, ">")
		if err != nil {
			return err
		}
		if !ok || typed == "" {
			w.Narrate.printf("  %s\n", w.Narrate.Style.Dim("Then watch what happens."))
			return nil
		}
		if i, is := choice(typed, len(e.Options)); is {
			return w.Session.Predict(ctx, e.Question, i)
		}
		w.Narrate.printf("  %s\n", w.Narrate.Style.Dim(fmt.Sprintf("a to %c, or Enter if you can't tell. Ctrl-C: back to the shell.", 'a'+len(e.Options)-1)))
	}
}

// strike lets the learner say when what breaks is to break. Who does not say it now may do so
// later, with the command that is then shown.
func (w *Walker) strike(ctx context.Context, p *session.Position, e session.Event) error {
	if p.Struck() {
		e.Kind = session.FaultDone
		w.Narrate.Show(e)
		return nil
	}
	// A load that nobody sends in the background would keep the learner from what is to be done meanwhile.
	if w.asks && (!p.Lasts() || w.Session.Followed()) {
		w.Narrate.printf("\n")
		_, ready, err := w.line(ctx, "Press Enter when you are ready.")
		if err != nil {
			return err
		}
		if ready {
			return w.Strike(ctx)
		}
	}
	w.Narrate.Show(e)
	return nil
}

// Strike does what the step says will be done to the cluster, and says so.
func (w *Walker) Strike(ctx context.Context) error {
	return w.Session.Strike(ctx, func(e session.Event) {
		if e.Kind == session.LoadSent {
			w.Narrate.Draw(e.Text + " (Ctrl-C stops it)")
			return
		}
		w.Narrate.Show(e)
	})
}

// stuck says how to go on and how to get help.
func (w *Walker) stuck(p *session.Position) {
	pairs := []string{"Done?", w.Narrate.Prefix + " check"}
	if len(p.Step.Hints()) > 0 {
		pairs = append(pairs, "Stuck?", w.Narrate.Prefix+" hint")
	}
	pairs = append(pairs, "Start the step over?", w.Narrate.Prefix+" reset")
	w.Narrate.Advice(pairs...)
}

// Close shows how a step ends, and on a terminal asks what is to be asked.
func (w *Walker) Close(ctx context.Context, p *session.Position) error {
	events, err := w.Session.Closing(ctx, p)
	if err != nil {
		return err
	}
	for _, e := range events {
		w.Narrate.Show(e)
		if e.Kind == session.QuestionAsked {
			if err := w.ask(ctx, p, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// AskRest asks the questions of a step that were not answered yet.
func (w *Walker) AskRest(ctx context.Context, p *session.Position) error {
	if !w.asks {
		return nil
	}
	first := true
	for _, e := range w.Session.Questions(p) {
		if _, said := p.Past.Answers[e.Question]; said {
			continue
		}
		if first {
			w.Narrate.Say("Before you go on, a question about this step:")
			first = false
		}
		w.Narrate.Show(e)
		if err := w.ask(ctx, p, e); err != nil {
			return err
		}
	}
	return nil
}

// ask asks one question and says what the cluster says.
func (w *Walker) ask(ctx context.Context, p *session.Position, e session.Event) error {
	typed := ""
	if _, said := p.Past.Answers[e.Question]; !said && w.asks {
		if !w.told {
			w.Narrate.Aside("Enter alone: you don't know. Ctrl-C: go and look, then come back.")
			w.told = true
		}
		var err error
		if typed, _, err = w.line(ctx, ">"); err != nil {
			return err
		}
	}
	answer, err := w.Session.Answer(ctx, e.Question, typed)
	if err != nil {
		w.Narrate.printf("  %s can't tell: %v\n", w.Narrate.Style.UnsureSign(), err)
		return nil
	}
	w.Narrate.Show(answer)
	return nil
}

// Check looks at the step's checks and shows what they say; where all are met it shows the step's
// ending too.
func (w *Walker) Check(ctx context.Context) (met bool, err error) {
	outcome, err := w.Session.Check(ctx)
	if err != nil {
		return false, err
	}
	if err := w.Told(ctx, outcome); err != nil {
		return false, err
	}
	return outcome.Passed, nil
}

// Told shows an outcome.
func (w *Walker) Told(ctx context.Context, outcome *session.Outcome) error {
	e := session.Event{Kind: session.Reported, Report: &outcome.Report}
	w.Narrate.Show(e)
	switch {
	case outcome.New:
		return w.Close(ctx, outcome.Position)
	case outcome.Passed:
		return w.AskRest(ctx, outcome.Position)
	}
	return nil
}

// Arrive shows the step that was come to, or, where there is none, that the lesson is finished.
func (a *App) Arrive(ctx context.Context, w *Walker, from, to *session.Position) error {
	if to != nil {
		return w.Open(ctx, to)
	}
	w.Narrate.Show(session.Event{Kind: session.LessonFinished, Title: from.Lesson.Title})
	c, err := a.Catalog()
	if err != nil {
		return err
	}
	state, err := a.Log().State()
	if err != nil {
		return err
	}
	done := func(id string) bool { return state.Lessons[id] != nil && !state.Lessons[id].Finished.IsZero() }
	if next, ok := c.Next(done); ok {
		w.Narrate.Advice("Next", a.StartCommand(next))
		return nil
	}
	w.Narrate.Say("That was the last lesson.")
	return nil
}
