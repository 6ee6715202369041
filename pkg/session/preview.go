package session

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Preview is what a learner sees of a step, as far as it can be told without a cluster: names that only a cluster
// knows stay templates, and what is told from live objects is only named.
type Preview struct {
	// Opening is shown when the step begins; that of the first step begins with the lesson's introduction.
	Opening []Event
	// Checks is what is said while nothing is done yet.
	Checks check.Report
	// Mistakes is what is said of what the author foresaw, in place of that.
	Mistakes check.Report
	// Hints come one at a time, when they are asked for.
	Hints []Event
	// Closing is shown when the step is done. Each wrong option of a prediction is answered, then the right one.
	Closing []Event
}

// NewPreview previews the step of a lesson that has this index, from 0.
func NewPreview(l *lesson.Lesson, index int) Preview {
	s := New(Options{Now: func() time.Time { return time.Time{} }})
	p := &Position{Lesson: l, Step: l.Steps[index], Index: index}
	preview := Preview{Opening: s.opening(p, &snapshot.Snapshot{}), Closing: s.previewClosing(p)}
	for _, c := range p.Step.Checks() {
		r := check.Result{That: c.That, Verdict: check.NotYet, Expected: c.Expected, Look: c.Look, On: c.On.String(), Otherwise: -1, Within: c.Within}
		preview.Checks.Results = append(preview.Checks.Results, r)
		for i := range c.Otherwise {
			r.Otherwise, r.Why = i, c.Otherwise[i].Sample(c)
			preview.Mistakes.Results = append(preview.Mistakes.Results, r)
		}
	}
	for _, g := range lesson.All[*lesson.Get](p.Step) {
		preview.Checks.Results = append(preview.Checks.Results, check.Result{
			That: g.That, Verdict: check.NotYet, Expected: g.Expected, On: g.On.String(), Otherwise: -1, Within: g.Within,
		})
	}
	for _, h := range p.Step.Hints() {
		e := s.event(p, HintGiven)
		e.Text = h.Text
		preview.Hints = append(preview.Hints, e)
	}
	return preview
}

// previewClosing is Closing without anything live.
func (s *Session) previewClosing(p *Position) []Event {
	var shown []Event
	for i, b := range lesson.All[*lesson.Predict](p.Step) {
		shown = append(shown, s.replies(p, b, i)...)
	}
	asked := 0
	for _, b := range p.Step.Blocks[closingFrom(p.Step):] {
		switch b := b.(type) {
		case *lesson.Prose:
			shown = append(shown, s.prose(p, b.Markdown))
		case *lesson.Explain:
			e := s.event(p, Note)
			e.Text = fmt.Sprintf("Here stands, from the live objects: %s", b.Kind)
			if !b.Target.IsZero() {
				e.Text += " of " + b.Target.String()
			}
			shown = append(shown, e)
		case *lesson.Ask:
			shown = append(shown, s.question(p, b, asked))
			if b.Because != "" {
				e := s.event(p, QuestionAnswered)
				e.Question, e.Answer = asked, &Answer{Ask: b.Ask, Because: b.Because}
				shown = append(shown, e)
			}
			asked++
		}
	}
	return shown
}

// replies is what is said to each option of a prediction, to the right one last.
func (s *Session) replies(p *Position, b *lesson.Predict, question int) []Event {
	right := slices.IndexFunc(b.Options, func(o lesson.Option) bool { return o.Right })
	var shown []Event
	say := func(a *Answer) {
		e := s.event(p, PredictionAnswered)
		e.Question, e.Answer = question, a
		shown = append(shown, e)
	}
	for _, o := range b.Options {
		if !o.Right {
			say(&Answer{Ask: b.Ask, Said: o.Say, So: []string{b.Options[right].Say}, Reply: o.Answer})
		}
	}
	say(&Answer{Ask: b.Ask, Said: b.Options[right].Say, Right: true, Because: b.Because})
	return shown
}
