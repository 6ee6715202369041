package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// Finding is one thing that is wrong with a lesson.
type Finding struct {
	// Where is file:line:column, or the step where no line is to blame.
	Where string `json:"where"`
	What  string `json:"what"`
}

func (f Finding) String() string { return f.Where + ": " + f.What }

// Proof is what trying a lesson on a cluster showed.
type Proof struct {
	Lesson string `json:"lesson"`
	Steps  int    `json:"steps"`
	Checks int    `json:"checks"`
	// Turns is how many wrong turns were made.
	Turns    int       `json:"turns"`
	Findings []Finding `json:"findings,omitempty"`
	Millis   int64     `json:"millis"`
}

// Proved says that nothing is wrong.
func (p *Proof) Proved() bool { return len(p.Findings) == 0 }

// wrongStays is how long feedback must stand that comes while the cluster is still on its way.
const wrongStays = 5 * time.Second

// Prove tries a lesson: the checks of each step must not all pass before its commands and must pass
// after them, each wrong turn must make its check say what it promises, each foreseen reason must
// be met once, every question must have an answer, and nothing may be left behind. The error is for
// what kept it from finding out; see shows what is done.
func (s *Session) Prove(ctx context.Context, lessonID string, see func(Event)) (*Proof, error) {
	l, first, err := s.find(lessonID, "")
	if err != nil {
		return nil, err
	}
	p := &prover{Session: s, lesson: l, see: see, begun: s.Now(), reached: map[string]bool{}}
	p.proof = &Proof{Lesson: l.ID, Steps: len(l.Steps)}
	for _, defect := range lesson.Lint(l) {
		if defect.Severity == lesson.Defect {
			p.find(defect.Pos, "%s", defect.Message)
		}
	}
	// What the cluster adds for this lesson is there before it, and stays.
	if err := s.prepare(ctx, l); err != nil {
		return nil, err
	}
	before, err := s.Stage.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	position, err := s.Begin(ctx, l.ID, first.ID)
	if err != nil {
		return nil, s.abandon(ctx, err)
	}
	if err := p.steps(ctx, position); err != nil {
		return nil, s.abandon(ctx, err)
	}
	if err := p.nothingLeft(ctx, before); err != nil {
		return nil, err
	}
	p.proof.Millis = s.Now().Sub(p.begun).Milliseconds()
	return p.proof, nil
}

type prover struct {
	*Session
	lesson *lesson.Lesson
	proof  *Proof
	see    func(Event)
	begun  time.Time
	// reached holds the `otherwise` that were said, by their place.
	reached map[string]bool
}

func (p *prover) find(where fmt.Stringer, format string, args ...any) {
	p.proof.Findings = append(p.proof.Findings, Finding{Where: where.String(), What: fmt.Sprintf(format, args...)})
}

func (p *prover) stepPos(step *lesson.Step) lesson.Pos {
	return lesson.Pos{File: p.lesson.File, Line: step.Line, Col: 1}
}

// steps proves each step. It stops at a step that can't be done, since no other can be reached.
func (p *prover) steps(ctx context.Context, at *Position) error {
	for at != nil {
		p.see(p.Heading(at))
		goesOn, err := p.step(ctx, at)
		if err != nil {
			return err
		}
		if !goesOn {
			return nil
		}
		p.unreached(at.Step)
		if at, err = p.Next(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *prover) step(ctx context.Context, at *Position) (goesOn bool, err error) {
	p.proof.Checks += len(at.Step.Checks())
	if err := p.notBefore(ctx, at); err != nil {
		return false, err
	}
	for _, wrong := range lesson.All[*lesson.Wrong](at.Step) {
		for i := range wrong.Turns {
			if err := p.turn(ctx, at, &wrong.Turns[i]); err != nil {
				return false, err
			}
			if at, err = p.Reset(ctx); err != nil {
				return false, err
			}
		}
	}
	return p.right(ctx, at)
}

// notBefore finds checks that all pass although nothing was done.
func (p *prover) notBefore(ctx context.Context, at *Position) error {
	eyes, err := p.Observe(p.Namespace(p.lesson.ID))
	if err != nil {
		return err
	}
	report := p.judge(ctx, at, eyes.Snapshot(ctx, queries(at.Step)))
	p.reach(at.Step, report)
	if len(report.Results) > 0 && report.Passed() && acts(at.Step) {
		p.find(p.stepPos(at.Step), "all checks of step %q pass before anything is done; a check must be able to fail", at.Step.ID)
	}
	return nil
}

// acts says that the step asks its learner to do something.
func acts(step *lesson.Step) bool {
	return len(lesson.All[*lesson.Do](step)) > 0 || len(lesson.All[*lesson.Fault](step)) > 0
}

// reach keeps which foreseen reasons were given.
func (p *prover) reach(step *lesson.Step, report check.Report) {
	for _, c := range step.Checks() {
		for _, r := range report.Results {
			if r.That == c.That && r.Otherwise >= 0 && r.Otherwise < len(c.Otherwise) {
				p.reached[c.Otherwise[r.Otherwise].Pos.String()] = true
			}
		}
	}
}

// turn makes one mistake and listens to what is said about it.
func (p *prover) turn(ctx context.Context, at *Position, turn *lesson.WrongTurn) error {
	p.proof.Turns++
	for i := range turn.Do {
		e, err := p.run(ctx, at, &turn.Do[i])
		if err != nil {
			p.find(turn.Do[i].Pos, "the wrong turn can't be made: %v", err)
			return ctx.Err()
		}
		p.see(e)
	}
	heard, err := p.listen(ctx, at, turn)
	if err != nil {
		return err
	}
	switch {
	case heard == nil:
		p.find(turn.Pos, "the step has no check %q", turn.Fails)
	case heard.Verdict == check.Pass:
		p.find(turn.Pos, "check %q passes after this wrong turn", turn.Fails)
	case !says(heard, turn.Says):
		p.find(turn.Pos, "check %q does not say %q; it says: %s", turn.Fails, turn.Says, strings.Join(words(heard), " | "))
	}
	return nil
}

// listen follows the check that a wrong turn is to fail until it says what it should for good, and
// returns the last that it said.
func (p *prover) listen(ctx context.Context, at *Position, turn *lesson.WrongTurn) (*check.Result, error) {
	limited, cancel := context.WithTimeout(ctx, patience(at.Step))
	defer cancel()
	reports, err := p.Watch(limited, at)
	if err != nil {
		return nil, err
	}
	var last *check.Result
	var since time.Time
	stays := time.NewTicker(250 * time.Millisecond)
	defer stays.Stop()
	for {
		select {
		case report, ok := <-reports:
			if !ok {
				return last, ctx.Err()
			}
			p.reach(at.Step, report)
			was := last
			last = result(report, turn.Fails)
			if last == nil {
				return nil, ctx.Err()
			}
			if was == nil || says(was, turn.Says) != says(last, turn.Says) {
				since = p.Now()
			}
		case <-stays.C:
		}
		if last == nil || last.Verdict == check.Pass || !says(last, turn.Says) {
			continue
		}
		if last.Verdict != check.Converging || p.Now().Sub(since) > wrongStays {
			return last, nil
		}
	}
}

func result(r check.Report, that string) *check.Result {
	for i := range r.Results {
		if r.Results[i].That == that {
			return &r.Results[i]
		}
	}
	return nil
}

// words is all that a learner reads of a result.
func words(r *check.Result) []string {
	return append([]string{string(r.Verdict), r.Expected, r.Actual, r.Why, r.Look}, r.Evidence...)
}

func says(r *check.Result, part string) bool {
	return slices.ContainsFunc(words(r), func(w string) bool { return strings.Contains(w, part) })
}

// right does the step as it should be done.
func (p *prover) right(ctx context.Context, at *Position) (goesOn bool, err error) {
	defer func() { _, _ = at.calm() }()
	for _, b := range at.Step.Blocks {
		if err := p.act(ctx, at, b, p.see); err != nil {
			p.find(b.Pos(), "the step can't be done: %v", err)
			return false, ctx.Err()
		}
	}
	if err := p.write(at.start); err != nil {
		return false, err
	}
	report, err := p.await(ctx, at, func(r check.Report) { p.reach(at.Step, r) })
	ended, barred := at.calm()
	for _, e := range ended {
		p.see(e)
	}
	if barred != nil {
		return false, barred
	}
	if _, unmet := errors.AsType[*Unmet](err); unmet {
		p.find(p.stepPos(at.Step), "after its commands: %v", err)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	e := p.event(at, Reported)
	e.Report = &report
	p.see(e)
	if _, err := p.Settle(ctx, at, report); err != nil {
		return false, err
	}
	return true, p.ending(ctx, at)
}

// ending finds explanations that explain nothing and questions without an answer.
func (p *prover) ending(ctx context.Context, at *Position) error {
	closing, err := p.Closing(ctx, at)
	if err != nil {
		return err
	}
	for _, e := range closing {
		if e.Kind == Failed {
			p.find(p.stepPos(at.Step), "step %q: %s", at.Step.ID, e.Text)
		}
	}
	for i, ask := range lesson.All[*lesson.Ask](at.Step) {
		e, err := p.answer(ctx, at, i, "")
		if err != nil || len(e.Answer.So) == 0 || e.Answer.So[0] == "" {
			p.find(ask.Pos(), "the cluster has no answer to %q: %v", ask.Ask, err)
		}
	}
	look, err := p.look(ctx, at)
	if err != nil {
		return err
	}
	for _, b := range lesson.All[*lesson.Predict](at.Step) {
		for i := range b.Options {
			if _, err := b.Options[i].Evidence(look.now, look.before, look.started); err != nil {
				p.find(b.Pos(), "the evidence for %q can't be shown: %v", b.Options[i].Say, err)
			}
		}
	}
	return nil
}

// unreached finds foreseen reasons that nothing brought about, and that no example proves.
func (p *prover) unreached(step *lesson.Step) {
	for _, c := range step.Checks() {
		for i := range c.Otherwise {
			o := &c.Otherwise[i]
			// That an example does what it should, lint has proved.
			if !p.reached[o.Pos.String()] && o.Example == nil {
				p.find(o.Pos, "nothing makes check %q say this; write a wrong turn that does, or an example", c.That)
			}
		}
	}
}

// nothingLeft ends the lesson if it is still under way, and finds what remains of it.
func (p *prover) nothingLeft(ctx context.Context, before []Item) error {
	if _, err := p.Quit(ctx); err != nil && !errors.Is(err, ErrNoLesson) {
		return err
	}
	after, err := p.Stage.Inventory(ctx)
	if err != nil {
		return err
	}
	where := lesson.Pos{File: p.lesson.File, Line: 1, Col: 1}
	for _, item := range after {
		if !has(before, item.Name) {
			p.find(where, "it leaves %s behind", item.Name)
		}
	}
	for _, item := range before {
		// What an earlier lesson left is cleared away by every lesson.
		if !item.Going && !has(after, item.Name) && !strings.HasPrefix(item.Name, "namespace/learn-") {
			p.find(where, "it took %s away", item.Name)
		}
	}
	return nil
}

func has(items []Item, name string) bool {
	return slices.ContainsFunc(items, func(i Item) bool { return i.Name == name })
}
