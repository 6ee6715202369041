package session

import (
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// What is previewed of a step is what its learner sees first, but for what only a cluster knows.
func TestPreviewIsTheOpening(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	s := h.session()
	p, err := s.Begin(ctx(t), "boxes", "")
	if err != nil {
		t.Fatal(err)
	}
	opening, err := s.Opening(ctx(t), p)
	if err != nil {
		t.Fatal(err)
	}
	preview := NewPreview(p.Lesson, 0)
	if len(preview.Opening) != len(opening) {
		t.Fatalf("the opening has %d events, its preview %d", len(opening), len(preview.Opening))
	}
	for i, want := range opening {
		got := preview.Opening[i]
		if got.Kind != want.Kind || got.Text != want.Text || got.Title != want.Title || strings.Join(got.Options, "|") != strings.Join(want.Options, "|") {
			t.Errorf("%d: %+v, and in the preview %+v", i, want, got)
		}
	}
	var said []string
	for _, r := range preview.Mistakes.Results {
		said = append(said, r.Why)
	}
	if got := strings.Join(said, "; "); got != "one holds {{ .object.data.n }}" {
		t.Errorf("mistakes: %s", got)
	}
	if len(preview.Checks.Results) != len(p.Step.Checks()) || len(preview.Hints) != len(p.Step.Hints()) {
		t.Errorf("preview %+v", preview)
	}
}

func TestPreviewAnswersEachBelief(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	l, err := h.session().Lessons.Lesson("boxes")
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range l.Steps {
		options, answered, asked := 0, 0, 0
		for _, b := range lesson.All[*lesson.Predict](step) {
			for _, o := range b.Options {
				if !o.Right {
					options++
				}
			}
			options++
		}
		for _, e := range NewPreview(l, i).Closing {
			switch e.Kind {
			case PredictionAnswered:
				answered++
			case QuestionAsked:
				asked++
			}
		}
		if answered != options || asked != len(lesson.All[*lesson.Ask](step)) {
			t.Errorf("step %s: %d of %d answers, %d questions", step.ID, answered, options, asked)
		}
	}
}

func TestProofKeepsHowLongEachCheckTook(t *testing.T) {
	t.Parallel()
	p := prove(t, boxes)
	var tried []string
	for _, one := range p.Tried {
		if one.Millis < 0 || one.Millis > p.Millis {
			t.Errorf("%+v of %d ms", one, p.Millis)
		}
		if one.Check == "" {
			tried = append(tried, one.Step)
		}
	}
	if len(tried) != p.Steps || len(p.Tried) != p.Steps+p.Checks {
		t.Errorf("tried were %+v", p.Tried)
	}
}

func TestProofSaysAtWhichCheck(t *testing.T) {
	t.Parallel()
	p := prove(t, hurried(strings.Replace(boxes, "says: one holds 9", "says: one holds 8", 1)))
	for _, f := range p.Findings {
		if strings.Contains(f.What, `does not say "one holds 8"`) {
			if f.Step != "make-one" || f.Check == "" {
				t.Errorf("found at %+v", f)
			}
			return
		}
	}
	t.Errorf("findings %+v", p.Findings)
}
