package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

func ctx(t *testing.T) context.Context {
	t.Helper()
	c, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return c
}

func kinds(events []Event) string {
	var all []string
	for _, e := range events {
		all = append(all, string(e.Kind))
	}
	return strings.Join(all, " ")
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// struck are the events of a strike.
func struck(t *testing.T, h *house) (seen []Event) {
	t.Helper()
	if err := h.session().Strike(ctx(t), func(e Event) { seen = append(seen, e) }); err != nil {
		t.Fatal(err)
	}
	return seen
}

// A learner walks through a lesson; each command is a process of its own.
func TestALearnerWalks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	p := must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	if p.Step.ID != "make-one" || p.Index != 0 {
		t.Fatalf("began at %s", p.Step.ID)
	}
	if got := h.world.names("learn-boxes"); !slices.Equal(got, []string{"zero"}) {
		t.Fatalf("the start has %v", got)
	}
	opening := must[[]Event](t)(h.session().Opening(ctx(t), p))
	if got := kinds(opening); got != "lesson step prose predict do" {
		t.Errorf("the opening is %q", got)
	}
	if err := h.session().Predict(ctx(t), 0, 0); err != nil {
		t.Fatal(err)
	}

	outcome := must[*Outcome](t)(h.session().Check(ctx(t)))
	if outcome.Passed || outcome.Report.Results[0].Verdict != check.NotYet {
		t.Fatalf("before anything was done: %+v", outcome.Report)
	}
	if _, err := h.session().Next(ctx(t)); !errors.As(err, new(*NotPassed)) {
		t.Fatalf("next before its time: %v", err)
	}
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=1")
	outcome = must[*Outcome](t)(h.session().Check(ctx(t)))
	if !outcome.Passed || !outcome.New {
		t.Fatalf("after the command: %+v", outcome)
	}
	if again := must[*Outcome](t)(h.session().Check(ctx(t))); !again.Passed || again.New {
		t.Errorf("the second time: %+v", again)
	}
	closing := must[[]Event](t)(h.session().Closing(ctx(t), outcome.Position))
	if got := kinds(closing); got != "answer ask" {
		t.Errorf("the ending is %q", got)
	}
	if a := closing[0].Answer; a.Right || a.Said != "One" || a.Reply == "" || a.So[0] != "Two" {
		t.Errorf("the prediction's answer is %+v", a)
	}
	if e := must[Event](t)(h.session().Answer(ctx(t), 0, " 1 ")); !e.Answer.Right {
		t.Errorf("the right answer counts as %+v", e.Answer)
	}

	p = must[*Position](t)(h.session().Next(ctx(t)))
	if p.Step.ID != "power-cut" || p.Past.Passed {
		t.Fatalf("next is %s, %+v", p.Step.ID, p.Past)
	}
	if got := struck(t, h); len(got) != 1 || h.ready() != 1 {
		t.Errorf("struck %v, %d workers are ready", got, h.ready())
	}
	h.types("boxes", "delete", "configmap", "zero")
	if p = must[*Position](t)(h.session().Next(ctx(t))); p != nil {
		t.Fatalf("after the last step comes %s", p.Step.ID)
	}
	h.clean()
	state, err := h.log().State()
	if err != nil || state.Lessons["boxes"].Finished.IsZero() || state.Current["learn"] != nil {
		t.Errorf("recorded %+v, %v", state, err)
	}
	if s := state.Lessons["boxes"].Steps["make-one"]; s.Tries != 3 {
		t.Errorf("three tries were recorded as %d", s.Tries)
	}
}

func TestHintsAreALadder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	ask := func() *Help { t.Helper(); return must[*Help](t)(h.session().Hint(ctx(t))) }
	if first := ask(); first.Text != "Look at the boxes." || first.Again || first.Exhausted {
		t.Fatalf("first: %+v", first)
	}
	if again := ask(); again.Text != "Look at the boxes." || !again.Again {
		t.Fatalf("nothing was tried, and yet: %+v", again)
	}
	must[*Outcome](t)(h.session().Check(ctx(t)))
	if second := ask(); !strings.Contains(second.Text, "configmap zero.") || second.Again {
		t.Fatalf("second: %+v", second)
	}
	must[*Outcome](t)(h.session().Check(ctx(t)))
	if last := ask(); !last.Exhausted || !strings.Contains(last.Text, "configmap zero.") {
		t.Fatalf("last: %+v", last)
	}
}

func TestStartAtAStepBuildsWhatItNeeds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	p := must[*Position](t)(h.session().Begin(ctx(t), "boxes", "power-cut"))
	if got := h.world.names("learn-boxes"); p.Step.ID != "power-cut" || !slices.Equal(got, []string{"one", "zero"}) {
		t.Fatalf("%s has %v", p.Step.ID, got)
	}
	state, err := h.log().State()
	if err != nil || state.Lessons["boxes"].Steps["make-one"] != nil {
		t.Errorf("what the robot did counts as the learner's: %+v, %v", state.Lessons["boxes"], err)
	}
	if _, err := h.session().Begin(ctx(t), "boxes", "powercut"); err == nil || !strings.Contains(err.Error(), `did you mean "power-cut"?`) {
		t.Errorf("a step that there is not: %v", err)
	}
}

func TestResetBuildsTheStartAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", "power-cut"))
	struck(t, h)
	h.types("boxes", "delete", "configmap", "one")
	h.types("boxes", "create", "configmap", "mess")
	p := must[*Position](t)(h.session().Reset(ctx(t)))
	if got := h.world.names("learn-boxes"); p.Step.ID != "power-cut" || !slices.Equal(got, []string{"one", "zero"}) {
		t.Errorf("after the reset %s has %v", p.Step.ID, got)
	}
	if h.ready() != 2 || p.Struck() {
		t.Errorf("the power is still cut")
	}
}

// Who waits is told for what, and how far that is.
func TestResetSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", "power-cut"))
	h.notes = nil
	must[*Position](t)(h.session().Reset(ctx(t)))
	want := []string{
		"Emptying namespace learn-boxes, to build the start of this step again.",
		"The robot first does the step before this one for you, which takes a while.",
		"Doing step 1 of 1: Make one",
	}
	if !slices.Equal(h.notes, want) {
		t.Errorf("told %q", h.notes)
	}
}

// A step counts as shown when somebody saw it to its end; shown again it is its task alone.
func TestAStepIsShownAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	p := must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	if p.Shown() {
		t.Error("nobody saw it yet")
	}
	if err := h.session().Show(ctx(t), p); err != nil {
		t.Fatal(err)
	}
	p = must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	if got := kinds(must[[]Event](t)(h.session().Again(ctx(t), p))); !p.Shown() || got != "step prose do" {
		t.Errorf("shown %v, again it is %q", p.Shown(), got)
	}
	if p = must[*Position](t)(h.session().Reset(ctx(t))); p.Shown() {
		t.Error("after a reset it counts as shown")
	}
}

func TestAGlanceIsNoAttempt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	if o := must[*Outcome](t)(h.session().Glance(ctx(t))); o.Passed {
		t.Error("nothing was done, and it passed")
	}
	if p := must[*Position](t)(h.session().Current(ctx(t))); p.Past.Tries != 0 {
		t.Errorf("it counts as try %d", p.Past.Tries)
	}
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=1")
	if o := must[*Outcome](t)(h.session().Glance(ctx(t))); !o.Passed || !o.New {
		t.Errorf("what is done was not seen: %+v", o)
	}
	if p := must[*Position](t)(h.session().Current(ctx(t))); !p.Past.Passed {
		t.Error("it was not recorded")
	}
}

func TestEachAnswerIsToldOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, strings.Replace(fenced(boxes), "answer: object.data.n", "answer: objects.map(o, 'box') + ['none', 'box']", 1))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=1")
	if e := must[Event](t)(h.session().Answer(ctx(t), 0, "")); !slices.Equal(e.Answer.So, []string{"box", "none"}) {
		t.Errorf("it is %q", e.Answer.So)
	}
}

// page is a Web that answers always the same.
type page struct {
	status int
	body   string
}

func (s page) Get(context.Context, string, string, string, int, string) (int, string, error) {
	return s.status, s.body, nil
}

func TestAWrongAnswerIsExplained(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		page
		why string
	}{
		"another page":     {page{200, "<html><title>Welcome</title><style>b {}</style>\n<h1>Welcome</h1> to nginx"}, `it answers, and says "Welcome to nginx"`},
		"an empty page":    {page{200, "<html></html>"}, "it answers, and says nothing"},
		"no such page":     {page{404, "404"}, "it answers, and has nothing at /tea"},
		"a broken server":  {page{500, ""}, "it answers, and failed to do what was asked"},
		"an access denied": {page{403, ""}, "it answers, and not with what was asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, fenced(boxes))
			h.web = tc.page
			g := &lesson.Get{On: snapshot.Query{Resource: "pods"}, Port: 80, Path: "/tea", Expect: lesson.GetExpect{Contains: []string{"tea"}}}
			r := h.session().ask(ctx(t), "learn-boxes", g, "hello", check.Result{})
			if r.Why != tc.why || !slices.Equal(r.Evidence, []string{"request 1 of 1 to pods/hello:80/tea"}) {
				t.Errorf("so %q, seen %q", r.Why, r.Evidence)
			}
		})
	}
}

func TestSkipDoesTheStep(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(h *house){
		"from its start":   func(*house) {},
		"from what stands": func(h *house) { h.types("boxes", "create", "configmap", "one", "--from-literal=n=7") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, fenced(boxes))
			must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
			spoil(h)
			p := must[*Position](t)(h.session().Skip(ctx(t)))
			if got := h.world.names("learn-boxes"); p.Step.ID != "power-cut" || !slices.Equal(got, []string{"one", "zero"}) {
				t.Fatalf("%s has %v", p.Step.ID, got)
			}
			if n := h.world.objects["learn-boxes/one"].Object["data"].(map[string]any)["n"]; n != "1" {
				t.Errorf("one holds %v", n)
			}
			if p = must[*Position](t)(h.session().Skip(ctx(t))); p != nil {
				t.Fatalf("after the last step comes %s", p.Step.ID)
			}
			h.clean()
		})
	}
}

func TestQuitLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", "power-cut"))
	struck(t, h)
	if _, err := h.session().Quit(ctx(t)); err != nil {
		t.Fatal(err)
	}
	h.clean()
	if _, err := h.session().Check(ctx(t)); !errors.Is(err, ErrNoLesson) {
		t.Errorf("check after quit: %v", err)
	}
}

// What is gone, or was taken, is not built again only to be cleared away.
func TestQuitBuildsNothing(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"the namespace", "the start"} {
		h := newHouse(t, fenced(boxes))
		must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
		if lost == "the namespace" {
			if err := h.world.DeleteNamespace(ctx(t), "learn-boxes"); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Remove(filepath.Join(h.dir, "session", "step.json")); err != nil {
			t.Fatal(err)
		}
		before := h.world.made
		if _, err := h.session().Quit(ctx(t)); err != nil {
			t.Errorf("%s is gone: %v", lost, err)
		}
		if h.world.made != before {
			t.Errorf("%s is gone, and was built again", lost)
		}
		h.clean()
		if _, err := h.session().Current(ctx(t)); !errors.Is(err, ErrNoLesson) {
			t.Errorf("%s is gone, and after quit: %v", lost, err)
		}
	}
}

func TestAnotherLessonClearsTheFirstAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes), fenced(other))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	must[*Position](t)(h.session().Begin(ctx(t), "other", ""))
	if spaces, _ := h.world.LessonNamespaces(ctx(t)); !slices.Equal(spaces, []string{"learn-other"}) {
		t.Errorf("namespaces are %v", spaces)
	}
	state, err := h.log().State()
	if err != nil || state.Current["learn"].Lesson != "other" {
		t.Errorf("under way is %+v, %v", state.Current["learn"], err)
	}
}

func TestBeginGoesOnWhereTheLearnerIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", "power-cut"))
	h.types("boxes", "create", "configmap", "mine")
	p := must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	if got := h.world.names("learn-boxes"); p.Step.ID != "power-cut" || !slices.Contains(got, "mine") {
		t.Errorf("%s has %v", p.Step.ID, got)
	}
}

func TestALessonThatTheClusterCannotDoIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	s := h.session()
	s.Nodes = nil
	s.Capabilities = func() cluster.Capabilities { return cluster.Capabilities{Nodes: 1, ReadNodes: true} }
	_, err := s.Begin(ctx(t), "boxes", "")
	refused, ok := errors.AsType[*Refused](err)
	if !ok || !strings.Contains(err.Error(), "it needs 2 worker nodes, and this cluster has 1") || len(refused.Reasons) != 1 {
		t.Fatalf("refused with %v", err)
	}
	if spaces, _ := h.world.LessonNamespaces(ctx(t)); len(spaces) > 0 {
		t.Errorf("and yet there is %v", spaces)
	}
}

// A node that a lesson stopped, whose process was killed, does not keep the next lesson from beginning.
func TestStoppedNodesComeBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	h.world.nodes["worker-2"] = false
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	if h.ready() != 2 {
		t.Errorf("%d workers are ready", h.ready())
	}
}

func TestWhatCannotBeToldIsNoAttempt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	h.world.broken = "connection refused"
	outcome := must[*Outcome](t)(h.session().Check(ctx(t)))
	if v := outcome.Report.Results[0].Verdict; v != check.CantTell {
		t.Errorf("verdict is %q", v)
	}
	if outcome.Position.Past.Tries != 0 {
		t.Errorf("it counts as try %d", outcome.Position.Past.Tries)
	}
}

func TestTheShellsKubeconfigFollowsTheLesson(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes), fenced(other))
	namespace := func() string {
		t.Helper()
		c := must[string](t)(func() (string, error) {
			config, err := clientcmd.LoadFromFile(h.session().LearnerKubeconfig())
			if err != nil {
				return "", err
			}
			return config.Contexts["c"].Namespace, nil
		}())
		return c
	}
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	if got := namespace(); got != "learn-boxes" {
		t.Errorf("namespace is %q", got)
	}
	must[*Position](t)(h.session().Begin(ctx(t), "other", ""))
	if got := namespace(); got != "learn-other" {
		t.Errorf("namespace is %q", got)
	}
	if _, err := h.session().Quit(ctx(t)); err != nil {
		t.Fatal(err)
	}
	if got := namespace(); got != "" {
		t.Errorf("namespace is %q", got)
	}
}

func TestALostStepIsBuiltAgain(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(path string) error{
		"gone":   os.Remove,
		"broken": func(path string) error { return os.WriteFile(path, []byte(`{"lesson":"bo`), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, fenced(boxes))
			must[*Position](t)(h.session().Begin(ctx(t), "boxes", "power-cut"))
			h.types("boxes", "create", "configmap", "mess")
			if err := harm(filepath.Join(h.dir, "session", "step.json")); err != nil {
				t.Fatal(err)
			}
			p := must[*Position](t)(h.session().Current(ctx(t)))
			if got := h.world.names("learn-boxes"); p.Step.ID != "power-cut" || !slices.Equal(got, []string{"one", "zero"}) {
				t.Errorf("%s has %v", p.Step.ID, got)
			}
			if len(h.notes) == 0 {
				t.Error("nothing was said about it")
			}
		})
	}
}

// The cluster may be deleted and made anew while a lesson is under way.
func TestALessonComesBackOnANewCluster(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", "power-cut"))
	h.world = newWorld()
	p := must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	if got := h.world.names("learn-boxes"); p.Step.ID != "power-cut" || !slices.Equal(got, []string{"one", "zero"}) {
		t.Errorf("%s has %v", p.Step.ID, got)
	}
}
