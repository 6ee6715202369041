package session

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
)

// mindStays is how long a mistake must be seen before it is spoken of without being asked: things
// pass through states on their way that look like one.
const mindStays = 1500 * time.Millisecond

// Follower looks over the shoulder of a learner who works in the practice shell: it notices when
// the step's checks pass, when the cluster moves on, and when a mistake was made that the lesson's
// author foresaw. It never builds or clears anything, since other processes of ours do that at the
// same time.
type Follower struct {
	session *Session
	// tell hears what is worth interrupting somebody for.
	tell func([]Event)

	// telling keeps those who tell apart.
	telling sync.Mutex

	mu   sync.Mutex
	at   *Position
	done bool                    // the step is passed: what comes now is the learner's own affair
	told map[string]check.Result // by claim
	// seen says that there was a report of the step: the first is what it starts from.
	seen bool
	// claimed is since when this follower is the one that sends loads; zero while another is. sent is
	// when the last one that it sent was asked for.
	claimed, sent time.Time
}

// Follow makes a follower; tell is called from one goroutine at a time.
func (s *Session) Follow(tell func([]Event)) *Follower {
	f := &Follower{session: s, told: map[string]check.Result{}}
	f.tell = func(events []Event) {
		f.telling.Lock()
		defer f.telling.Unlock()
		tell(events)
	}
	return f
}

// Run follows the learner from step to step until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	changes, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer changes.Close()
	if err := changes.Add(f.session.Dir); err != nil {
		return err
	}
	defer f.claim(ctx)()
	for f.attend(ctx, changes, f.enter(f.session.peek())) {
	}
	return nil
}

// attend watches one position until another one may have been taken up; false when ctx ended.
func (f *Follower) attend(ctx context.Context, changes *fsnotify.Watcher, p *Position) bool {
	inner, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer stop()
	if p != nil && !p.Past.Passed {
		watching.Go(func() { f.watch(inner, p) })
	}
	for now := p; ; now = f.session.peek() {
		if now != p && (p == nil || now == nil || !same(p, now)) {
			return true
		}
		if crowds := f.fresh(now); len(crowds) > 0 {
			watching.Go(func() { f.send(inner, now, crowds) })
		}
		if !f.session.stepChanges(ctx, changes) {
			return false
		}
	}
}

// stepChanges waits until the file of the step under way was replaced; false when ctx ended.
func (s *Session) stepChanges(ctx context.Context, changes *fsnotify.Watcher) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case e, ok := <-changes.Events:
			if !ok {
				return false
			}
			if filepath.Clean(e.Name) == filepath.Clean(s.file()) {
				return true
			}
		case _, ok := <-changes.Errors:
			return ok
		}
	}
}

// peek is where the learner stands, if that stands: nil while something is being built.
func (s *Session) peek() *Position {
	st, err := s.read()
	if err != nil || st == nil || st.Intent != ready {
		return nil
	}
	l, step, err := s.find(st.Lesson, st.Step)
	if err != nil {
		return nil
	}
	p := &Position{Lesson: l, Step: step, Index: slices.Index(l.Steps, step), start: st}
	if p, err = s.refresh(p); err != nil {
		return nil
	}
	if p.Past.Lesson != l.ID || p.Past.Step != step.ID {
		p.Past = progress.Position{}
	}
	return p
}

// enter takes up a position, which it returns. What was told of another one is forgotten.
func (f *Follower) enter(p *Position) *Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.done, f.seen = p, p != nil && p.Past.Passed, false
	clear(f.told)
	return p
}

// same says that two positions are one step begun once. Started would not tell: a step that is reset in
// the second in which it began starts from the same one.
func same(a, b *Position) bool {
	return a.Lesson.ID == b.Lesson.ID && a.Step.ID == b.Step.ID && a.start.Since.Equal(b.start.Since)
}

// watch follows the checks of one step until they pass.
func (f *Follower) watch(ctx context.Context, p *Position) {
	reports, err := f.session.Watch(ctx, p)
	if err != nil {
		return
	}
	var last check.Report
	mind := time.NewTimer(time.Hour)
	defer mind.Stop()
	for {
		select {
		case report, ok := <-reports:
			if !ok {
				return
			}
			if report.Passed() && f.passed(ctx, p, report) {
				return
			}
			if !slices.Equal(mistakes(last), mistakes(report)) {
				mind.Reset(mindStays)
			}
			last = report
			f.say(p, f.news(p, report, onlyPasses))
		case <-mind.C:
			f.say(p, f.news(p, last, passesAndMistakes))
		}
	}
}

// passed records that the step is passed, and shows its ending if this is the first to see it.
func (f *Follower) passed(ctx context.Context, p *Position, report check.Report) bool {
	outcome, err := f.session.Settle(ctx, p, report)
	if err != nil {
		return false
	}
	f.mu.Lock()
	f.done = f.at == p
	f.mu.Unlock()
	if outcome == nil || !outcome.New {
		return true
	}
	e := f.session.event(p, Reported)
	e.Report = &report
	shown := []Event{e}
	if closing, err := f.session.Closing(ctx, outcome.Position); err == nil {
		// Questions want an answer, and this is no moment to type one: going on asks them.
		shown = append(shown, slices.DeleteFunc(closing, func(e Event) bool { return e.Kind == QuestionAsked })...)
	}
	f.tell(append(shown, f.session.event(p, StepPassed)))
	return true
}

// worth says which answers are worth telling of.
type worth func(was, is check.Result) bool

func onlyPasses(was, is check.Result) bool {
	return is.Verdict == check.Pass && was.Verdict != check.Pass
}

func passesAndMistakes(was, is check.Result) bool {
	return onlyPasses(was, is) || (mistake(is) && is.Why != was.Why)
}

// mistake says that a result is one that the lesson's author foresaw, or for which there is no reason to be seen.
func mistake(r check.Result) bool {
	return r.Verdict == check.NotYet && (r.Otherwise >= 0 || r.Unexplained)
}

// mistakes is what a report says of mistakes, by claim.
func mistakes(r check.Report) []string {
	var said []string
	for _, result := range r.Results {
		if mistake(result) {
			said = append(said, result.That+": "+result.Why)
		}
	}
	return said
}

// anyChange leaves out what has no reason: it may pass, and is told of where it stays.
func anyChange(was, is check.Result) bool {
	return onlyPasses(was, is) || is.Verdict != check.Pass && !is.Unexplained && (is.Why != was.Why || is.Verdict != was.Verdict)
}

// news is what of a report is worth telling and was not told. The first report of a step, whoever asks for it,
// is what the step starts from, and nothing to tell of. Of a step that has been left nothing is news.
func (f *Follower) news(p *Position, report check.Report, is worth) []check.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at != p {
		return nil
	}
	first := !f.seen
	f.seen = true
	var found []check.Result
	for _, r := range report.Results {
		was := f.told[r.That]
		switch {
		case first:
			f.told[r.That] = r
		case is(was, r):
			f.told[r.That] = r
			found = append(found, r)
		}
	}
	return found
}

func (f *Follower) say(p *Position, news []check.Result) {
	if len(news) > 0 {
		f.tell([]Event{f.notice(p, news)})
	}
}

func (f *Follower) notice(p *Position, news []check.Result) Event {
	e := f.session.event(p, Noticed)
	e.Report = &check.Report{At: e.At, Results: news}
	return e
}

// AfterCommand is what is worth saying about the command that has just ended. It looks at the
// cluster itself, so as not to depend on how fast news of it come. A change counts as an attempt.
func (f *Follower) AfterCommand(ctx context.Context) []Event {
	f.mu.Lock()
	p, done := f.at, f.done
	f.mu.Unlock()
	if p == nil || done {
		return nil
	}
	eyes, err := f.session.Observe(f.session.Namespace(p.Lesson.ID))
	if err != nil {
		return nil
	}
	report := f.session.judge(ctx, p, eyes.Snapshot(ctx, queries(p.Step)))
	if ctx.Err() != nil || report.Passed() {
		return nil // watch sees it too, and tells the whole
	}
	news := f.news(p, report, anyChange)
	if len(news) == 0 {
		return nil
	}
	// Recording waits for the disk, and for other commands; the prompt waits for neither.
	go func() { _, _ = f.session.Settle(context.WithoutCancel(ctx), p, report) }()
	return []Event{f.notice(p, news)}
}
