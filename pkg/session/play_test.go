package session

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
)

func TestTheRobotPlays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	var seen []Event
	if err := h.session().Play(ctx(t), "boxes", PlayOptions{See: func(e Event) { seen = append(seen, e) }}); err != nil {
		t.Fatal(err)
	}
	want := "lesson step prose predict predicted do command report answer ask asked passed" +
		" step predict predicted fault do fault-done command report answer passed finished"
	if got := kinds(seen); got != want {
		t.Errorf("saw\n%s\nwant\n%s", got, want)
	}
	for _, e := range seen {
		data, err := json.Marshal(e)
		if err != nil || !strings.Contains(string(data), `"kind":"`+string(e.Kind)) {
			t.Errorf("event as JSON: %s, %v", data, err)
		}
		if e.Answer != nil && !e.Answer.Right {
			t.Errorf("the robot was wrong: %+v", e.Answer)
		}
	}
	h.clean()
}

func TestTheRobotSaysWhatIsNotMetAndClearsUp(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(boxes, "kubectl create configmap one --from-literal=n=1", "kubectl create configmap two")
	h := newHouse(t, fenced(hurried(text)))
	err := h.session().Play(ctx(t), "boxes", PlayOptions{See: silent})
	if unmet, ok := errors.AsType[*Unmet](err); !ok || !strings.Contains(unmet.Error(), "The box one is there") {
		t.Fatalf("it ended with %v", err)
	}
	h.clean()
}

func TestTheRobotCanBeInterrupted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	c, cancel := context.WithCancel(ctx(t))
	err := h.session().Play(c, "boxes", PlayOptions{Pace: time.Minute, See: func(e Event) {
		if e.Kind == LessonShown {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("it ended with %v", err)
	}
	h.clean()
}

// What is half built when somebody has enough is said to be so, and finished by the next who asks.
func TestAResetCanBeInterrupted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	begun := must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	c, cancel := context.WithCancel(ctx(t))
	cancel()
	s := h.session()
	if _, err := s.rebuild(c, begun.Lesson, begun.Step); !errors.Is(err, ErrHalfBuilt) {
		t.Fatalf("it ended with %v", err)
	}
	if p := must[*Position](t)(h.session().Current(ctx(t))); p.Step.ID != begun.Step.ID {
		t.Errorf("the learner stands at %s", p.Step.ID)
	}
}

// silent sees nothing.
func silent(Event) {}

func prove(t *testing.T, text string) *Proof {
	t.Helper()
	h := newHouse(t, fenced(text))
	p, err := h.session().Prove(ctx(t), "boxes", silent)
	if err != nil {
		t.Fatal(err)
	}
	h.clean()
	return p
}

func TestProveAGoodLesson(t *testing.T) {
	t.Parallel()
	if p := prove(t, boxes); !p.Proved() || p.Steps != 2 || p.Checks != 2 || p.Turns != 2 {
		t.Errorf("proof is %+v", p)
	}
}

// TestProveAmongOthers blames a lesson for what it took away, and not for what others had deleted before.
func TestProveAmongOthers(t *testing.T) {
	t.Parallel()
	for _, going := range []bool{true, false} {
		h := newHouse(t, fenced(boxes))
		h.world.passing = []Item{{Name: "namespace/others", Going: going}}
		p, err := h.session().Prove(ctx(t), "boxes", silent)
		if err != nil {
			t.Fatal(err)
		}
		if p.Proved() != going {
			t.Errorf("namespace/others was going before: %v; findings: %v", going, p.Findings)
		}
	}
}

// Whoever breaks a proof off is told nothing of the lesson that comes of that alone.
func TestAProofThatIsBrokenOffFindsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	c, cancel := context.WithCancel(ctx(t))
	h.world.recorded = func(e progress.Event) {
		if e.Kind == progress.Passed { // what is explained and asked then can't be answered
			cancel()
		}
	}
	p, err := h.session().Prove(c, "boxes", silent)
	if !errors.Is(err, context.Canceled) || len(p.Findings) != 0 {
		t.Errorf("%v, %+v", err, p)
	}
}

func TestProveFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, new, want string }{
		"a check that can't fail": {"{name: zero}\ndata: {n: \"0\"}", "{name: one}\ndata: {n: \"1\"}", "all checks of step \"make-one\" pass before"},
		"one check of several that can't fail": {
			"- that: The box one is there\n", "- {that: There may be boxes, on: configmaps, expect: objects.size() >= 0, expected: boxes}\n- that: The box one is there\n",
			`check "There may be boxes" passed before anything was done`,
		},
		"a step that can't be done": {
			"~~~sh do\nkubectl create configmap one --from-literal=n=1", "~~~sh do\nkubectl delete configmap absent", "the step can't be done",
		},
		"commands that don't do it": {
			"~~~sh do\nkubectl create configmap one --from-literal=n=1", "~~~sh do\nkubectl create configmap two", "after its commands",
		},
		"feedback that isn't given":  {"says: one holds 9", "says: one holds 8", `does not say "one holds 8"`},
		"a wrong turn that is right": {"one --from-literal=n=9", "one --from-literal=n=1", "passes after this wrong turn"},
		"a wrong turn that is no command": {
			"do: kubectl create configmap one --from-literal=n=9", "do: kubectl create configmap one --from-litera=n=9", "kubectl does not understand this wrong turn",
		},
		"a reason that never comes": {
			"      say: one holds {{ .object.data.n }}\n", "      say: one holds {{ .object.data.n }}\n    - when: objects.size() > 7\n      say: never\n", "nothing makes check",
		},
		"a question without an answer": {"answer: object.data.n", "answer: object.data.m", "the cluster has no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(boxes, tc.old, tc.new, 1)
			if text == boxes {
				t.Fatal("the lesson was not changed")
			}
			p := prove(t, hurried(text))
			for _, f := range p.Findings {
				if strings.Contains(f.What, tc.want) && strings.HasPrefix(f.Where, "x/lesson.md:") {
					return
				}
			}
			t.Errorf("not found; there is only %v", p.Findings)
		})
	}
}
