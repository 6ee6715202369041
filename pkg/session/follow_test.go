package session

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
)

// heard collects what a follower tells.
type heard struct {
	mu     sync.Mutex
	events []Event
	more   chan struct{}
}

func (h *heard) tell(events []Event) {
	h.mu.Lock()
	h.events = append(h.events, events...)
	h.mu.Unlock()
	h.more <- struct{}{}
}

// until waits for an event of a kind and returns all that was told up to then.
func (h *heard) until(t *testing.T, kind EventKind) []Event {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		h.mu.Lock()
		for i, e := range h.events {
			if e.Kind == kind {
				got := h.events[:i+1]
				h.events = h.events[i+1:]
				h.mu.Unlock()
				return got
			}
		}
		h.mu.Unlock()
		select {
		case <-h.more:
		case <-timeout:
			t.Fatalf("never heard of %s; heard %v", kind, h.events)
		}
	}
}

func follow(t *testing.T, h *house) (*Follower, *heard) {
	t.Helper()
	ears := &heard{more: make(chan struct{}, 100)}
	f := h.session().Follow(ears.tell)
	c, cancel := context.WithCancel(ctx(t))
	done := make(chan error, 1)
	go func() { done <- f.Run(c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f, ears
}

// ready waits until the follower knows how the step began.
func (f *Follower) ready(t *testing.T) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		f.mu.Lock()
		known := len(f.told) > 0
		f.mu.Unlock()
		if known {
			return
		}
	}
	t.Fatal("the follower never looked")
}

func TestTheFollowerSeesAStepPass(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	f, ears := follow(t, h)
	f.ready(t)
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=1")
	if got := kinds(ears.until(t, StepPassed)); got != "report answer passed" {
		t.Errorf("told %q", got)
	}
	if o := must[*Outcome](t)(h.session().Check(ctx(t))); !o.Passed || o.New {
		t.Errorf("a check afterwards finds %+v", o)
	}

	h.types("boxes", "delete", "configmap", "one")
	if said := f.AfterCommand(ctx(t)); len(said) != 0 {
		t.Errorf("after the step is passed it says %+v", said)
	}

	must[*Position](t)(h.session().Next(ctx(t)))
	f.ready(t)
	h.types("boxes", "delete", "configmap", "zero")
	if got := ears.until(t, StepPassed); got[len(got)-1].Step != "power-cut" {
		t.Errorf("told of %s", got[len(got)-1].Step)
	}
}

func TestTheFollowerSpeaksOfAMistakeThatStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	f, ears := follow(t, h)
	f.ready(t)
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=9")
	e := ears.until(t, Noticed)
	if r := e[0].Report.Results; len(r) != 1 || r[0].Why != "one holds 9" {
		t.Errorf("noticed %+v", r)
	}
}

// Nodes that write all the time, as on kind, don't put off what there is to say.
func TestNewsThatChangeNothingPutNothingOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	f, ears := follow(t, h)
	f.ready(t)
	over, noise := make(chan struct{}), sync.WaitGroup{}
	defer noise.Wait()
	defer close(over)
	noise.Go(func() {
		for tick := time.Tick(mindStays / 20); ; {
			select {
			case <-tick:
				h.world.change(func() {})
			case <-over:
				return
			}
		}
	})
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=9")
	ears.until(t, Noticed)
}

// What only time makes true is seen without any news.
func TestTimeAloneMakesACheckPass(t *testing.T) {
	t.Parallel()
	h := newHouse(t, strings.Replace(fenced(other), "expect: objects.size() == 1", `expect: now - started > duration("5s")`, 1))
	p := must[*Position](t)(h.session().Begin(ctx(t), "other", ""))
	// However long it takes until it is looked at, it is too early then, and for a second more.
	h.world.at = p.start.Started.Add(3500 * time.Millisecond)
	watching, cancel := context.WithTimeout(ctx(t), 20*time.Second)
	defer cancel()
	reports, err := h.session().Watch(watching, p)
	if err != nil {
		t.Fatal(err)
	}
	var seen []check.Report
	for report := range reports {
		if seen = append(seen, report); report.Passed() {
			break
		}
	}
	// It is told when the answer is another one, not each second.
	if len(seen) != 2 || seen[0].Passed() || !seen[1].Passed() {
		t.Errorf("saw %+v", seen)
	}
}

func TestAfterACommandTheFollowerAnswersAtOnceAndCountsTheTry(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	// It does not watch here: whichever sees a mistake first tells of it.
	f := h.session().Follow(func([]Event) {})
	f.enter(must[*Position](t)(h.session().Begin(ctx(t), "boxes", "")))
	f.AfterCommand(ctx(t)) // how the step began
	if said := f.AfterCommand(ctx(t)); len(said) != 0 {
		t.Errorf("nothing changed, and yet it says %v", said)
	}
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=9")
	said := f.AfterCommand(ctx(t))
	if len(said) != 1 || !strings.Contains(said[0].Report.Results[0].Why, "one holds 9") {
		t.Fatalf("said %+v", said)
	}
	if again := f.AfterCommand(ctx(t)); len(again) != 0 {
		t.Errorf("said twice: %+v", again)
	}
	h.tried()
}

// tried waits until a try is recorded, which happens in the background.
func (h *house) tried() {
	h.t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		state, err := h.log().State()
		if err != nil || time.Since(begun) > 20*time.Second {
			h.t.Fatalf("the try was never recorded: %v", err)
		}
		if state.Current["learn"].Tries == 1 {
			return
		}
	}
}

// The first prompt of a step may come before the first news of it: nothing was done then, and nothing is told.
func TestTheFirstPromptTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	f := h.session().Follow(func([]Event) {})
	f.enter(must[*Position](t)(h.session().Begin(ctx(t), "boxes", "")))
	if said := f.AfterCommand(ctx(t)); len(said) != 0 {
		t.Errorf("said %s: %+v", kinds(said), said[0].Report)
	}
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=9")
	said := f.AfterCommand(ctx(t))
	if len(said) != 1 || said[0].Report.Results[0].Why != "one holds 9" {
		t.Errorf("after a mistake it said %s", kinds(said))
	}
	h.tried()
}

// What differs without a reason may be passing by, as a program that has started and is about to fail: it is told of where
// it stays, and not at the prompt.
func TestWhatHasNoReasonIsToldWhereItStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	f := h.session().Follow(func([]Event) {})
	p := f.enter(must[*Position](t)(h.session().Begin(ctx(t), "boxes", "")))
	f.news(p, check.Report{}, anyChange)
	odd := check.Report{Results: []check.Result{{That: "it failed", Verdict: check.NotYet, Why: "it differs", Otherwise: -1, Unexplained: true}}}
	if news := f.news(p, odd, anyChange); len(news) > 0 {
		t.Errorf("told at once: %+v", news)
	}
	if len(mistakes(odd)) != 1 || len(f.news(p, odd, passesAndMistakes)) != 1 {
		t.Error("it is never told")
	}
}

// What is known of a step is of no use once it has been left, nor is the first report of the next one spent by it.
func TestALeftStepTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	f := h.session().Follow(func([]Event) {})
	left := f.enter(must[*Position](t)(h.session().Begin(ctx(t), "boxes", "")))
	report := check.Report{Results: []check.Result{{That: "it is seen", Verdict: check.Pass}}}
	f.news(left, check.Report{}, anyChange)
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=1")
	must[*Outcome](t)(h.session().Check(ctx(t)))
	f.enter(must[*Position](t)(h.session().Next(ctx(t))))
	if news := f.news(left, report, anyChange); len(news) > 0 || f.seen {
		t.Errorf("told %+v, seen %v", news, f.seen)
	}
}

// A step of which nothing could be read for a moment is followed again when that has passed.
func TestTheFollowerComesBackToTheStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	s := h.session()
	must[*Position](t)(s.Begin(ctx(t), "boxes", ""))
	f, ears := follow(t, h)
	f.ready(t)
	st := must[*start](t)(s.read())
	if err := s.forget(); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); f.follows() != nil; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("it goes on to follow what is forgotten")
		}
	}
	if err := s.write(st); err != nil {
		t.Fatal(err)
	}
	f.ready(t)
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=1")
	ears.until(t, StepPassed)
}

func (f *Follower) follows() *Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// A step that is reset within the second in which it began is another one to whoever follows, though
// what its expressions compare with is the same.
func TestAResetWithinASecondBeginsAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	s, ticks := h.session(), 0
	s.Now = func() time.Time { ticks++; return time.Date(2026, 1, 1, 0, 0, 0, ticks, time.UTC) }
	first := must[*Position](t)(s.Begin(ctx(t), "boxes", ""))
	if now := s.peek(); now == nil || !same(first, now) {
		t.Fatal("what is followed is not where it began")
	}
	again := must[*Position](t)(s.Reset(ctx(t)))
	if !again.start.Started.Equal(first.start.Started) || same(first, again) || same(first, s.peek()) {
		t.Errorf("after a reset: %+v, then %+v", first.start, again.start)
	}
	if seen := must[*Outcome](t)(s.Settle(ctx(t), first, check.Report{})); seen != nil {
		t.Errorf("what was seen before the reset counts after it: %+v", seen)
	}
}

// What another process passed is not told a second time.
func TestTheFollowerLeavesAPassToWhoSawItFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t, fenced(boxes))
	p := must[*Position](t)(h.session().Begin(ctx(t), "boxes", ""))
	h.types("boxes", "create", "configmap", "one", "--from-literal=n=1")
	seen := must[*Outcome](t)(h.session().Check(ctx(t)))
	if !seen.New {
		t.Fatal("the check did not pass")
	}
	ears := &heard{more: make(chan struct{}, 1)}
	f := h.session().Follow(ears.tell)
	if !f.passed(ctx(t), p, seen.Report) || len(ears.events) != 0 {
		t.Errorf("told %v", kinds(ears.events))
	}
}
