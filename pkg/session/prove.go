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
	// Step and Check are what it was found at; empty where it is of the whole lesson, or of the whole step.
	Step  string `json:"step,omitempty"`
	Check string `json:"check,omitempty"`
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
	// Tried is what was tried, in that order: each step that was reached, and after it each of its checks.
	Tried []Trial `json:"tried,omitempty"`
	// BrokenOff is the step at which an error ended it; empty where none did.
	BrokenOff string `json:"brokenOff,omitempty"`
	Millis    int64  `json:"millis"`
}

// Trial is a step that was tried, or a check of one.
type Trial struct {
	Step  string `json:"step"`
	Check string `json:"check,omitempty"`
	// Millis is how long the step took with all its wrong turns; for a check how long it took to pass after the
	// step's commands, or how long was waited in vain.
	Millis int64 `json:"millis"`
}

// Proved says that nothing is wrong.
func (p *Proof) Proved() bool { return len(p.Findings) == 0 }

// wrongStays is how long feedback must stand that comes while the cluster is still on its way.
const wrongStays = 5 * time.Second

// Prove tries a lesson: the checks of each step must not all pass before its commands and must pass
// after them, each wrong turn must make its check say what it promises, each foreseen reason must
// be met once, every question must have an answer, and nothing may be left behind. The error is for
// what kept it from finding out; what was found until then comes with it. See shows what is done.
func (s *Session) Prove(ctx context.Context, lessonID string, see func(Event)) (*Proof, error) {
	l, first, err := s.find(lessonID, "")
	if err != nil {
		return nil, err
	}
	p := &prover{Session: s, lesson: l, see: see, begun: s.Now(), reached: map[string]bool{}, unmetOnce: map[string]bool{}, over: func() bool { return ctx.Err() != nil }}
	p.proof = &Proof{Lesson: l.ID, Steps: len(l.Steps)}
	defer func() { p.proof.Millis = s.Now().Sub(p.begun).Milliseconds() }()
	for _, defect := range lesson.Lint(l) {
		if defect.Severity == lesson.Defect {
			p.find(defect.Pos, "%s", defect.Message)
		}
	}
	// What the cluster adds for this lesson is there before it, and stays.
	if err := s.prepare(ctx, l); err != nil {
		return p.proof, err
	}
	before, err := s.Stage.Inventory(ctx)
	if err != nil {
		return p.proof, err
	}
	position, err := s.Begin(ctx, l.ID, first.ID)
	if err != nil {
		return p.proof, s.abandon(ctx, err)
	}
	if err := p.steps(ctx, position); err != nil {
		return p.proof, s.abandon(ctx, err)
	}
	return p.proof, p.nothingLeft(ctx, before)
}

type prover struct {
	*Session
	lesson *lesson.Lesson
	proof  *Proof
	see    func(Event)
	begun  time.Time
	// reached holds the `otherwise` that were said, by their place; unmetOnce the checks that did not pass at some time, by theirs.
	reached, unmetOnce map[string]bool
	// over says that it was broken off: what fails from then on is no fault of the lesson.
	over func() bool
	// at is the ID of the step that is being proved; empty between them.
	at string
}

func (p *prover) find(where fmt.Stringer, format string, args ...any) {
	p.findAt("", where, format, args...)
}

// findAt is find at a check of the step.
func (p *prover) findAt(claim string, where fmt.Stringer, format string, args ...any) {
	if p.over() {
		return
	}
	p.proof.Findings = append(p.proof.Findings, Finding{
		Where: where.String(), What: fmt.Sprintf(format, args...), Step: p.at, Check: claim,
	})
}

func (p *prover) stepPos(step *lesson.Step) lesson.Pos {
	return lesson.Pos{File: p.lesson.File, Line: step.Line, Col: 1}
}

// steps proves each step. It stops at a step that can't be done, since no other can be reached.
func (p *prover) steps(ctx context.Context, at *Position) error {
	defer func() { p.at = "" }()
	for at != nil {
		p.see(p.Heading(at))
		p.at = at.Step.ID
		goesOn, err := p.timed(ctx, at)
		if err != nil {
			p.proof.BrokenOff = p.at
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

// timed proves a step and keeps how long that took.
func (p *prover) timed(ctx context.Context, at *Position) (goesOn bool, err error) {
	begun, place := p.Now(), len(p.proof.Tried)
	p.proof.Tried = append(p.proof.Tried, Trial{Step: at.Step.ID})
	defer func() { p.proof.Tried[place].Millis = p.Now().Sub(begun).Milliseconds() }()
	return p.step(ctx, at)
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

// reach keeps which foreseen reasons were given, and which checks did not pass.
func (p *prover) reach(step *lesson.Step, report check.Report) {
	for _, c := range step.Checks() {
		for _, r := range report.Results {
			if r.That == c.That && r.Verdict != check.Pass {
				p.unmetOnce[c.Pos.String()] = true
			}
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
			p.findAt(turn.Fails, turn.Do[i].Pos, "the wrong turn can't be made: %v", err)
			return ctx.Err()
		}
		p.see(e)
		if e.Code != 0 && misunderstood(e.Output) {
			p.findAt(turn.Fails, turn.Do[i].Pos, "kubectl does not understand this wrong turn, so nothing was done: %s", strings.TrimSpace(e.Output))
			return nil
		}
	}
	heard, err := p.listen(ctx, at, turn)
	if err != nil {
		return err
	}
	switch {
	case heard == nil:
		p.find(turn.Pos, "the step has no check %q", turn.Fails)
	case heard.Verdict == check.Pass:
		p.findAt(turn.Fails, turn.Pos, "check %q passes after this wrong turn", turn.Fails)
	case !says(heard, turn.Says):
		p.findAt(turn.Fails, turn.Pos, "check %q does not say %q; it says:\n    %s", turn.Fails, turn.Says, strings.Join(words(heard), "\n    "))
	}
	return nil
}

// misunderstood says that kubectl could not read its command line. A command that the cluster refuses is
// another thing: that may be the very mistake.
func misunderstood(said string) bool {
	return strings.HasPrefix(said, "error: unknown ")
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
	begun, passed := p.Now(), map[string]int64{}
	report, err := p.await(ctx, at, func(r check.Report) {
		p.reach(at.Step, r)
		p.pass(r, begun, passed)
	})
	p.tried(at.Step, begun, passed)
	ended, barred := at.calm()
	for _, e := range ended {
		p.see(e)
	}
	if barred != nil {
		return false, barred
	}
	if unmet, ok := errors.AsType[*Unmet](err); ok {
		p.unmet(at.Step, unmet)
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

// pass keeps when each check passed first after the step's commands.
func (p *prover) pass(r check.Report, begun time.Time, passed map[string]int64) {
	for _, result := range r.Results {
		if _, before := passed[result.That]; !before && result.Verdict == check.Pass {
			passed[result.That] = p.Now().Sub(begun).Milliseconds()
		}
	}
}

// tried keeps that the checks were, and how long each took.
func (p *prover) tried(step *lesson.Step, begun time.Time, passed map[string]int64) {
	for _, c := range step.Claims() {
		took, ok := passed[c.That]
		if !ok {
			took = p.Now().Sub(begun).Milliseconds()
		}
		p.proof.Tried = append(p.proof.Tried, Trial{Step: step.ID, Check: c.That, Millis: took})
	}
}

// unmet finds the check that does not pass after the step's commands.
func (p *prover) unmet(step *lesson.Step, unmet *Unmet) {
	claims := step.Claims()
	for _, r := range unmet.Report.Results {
		if i := slices.IndexFunc(claims, func(c lesson.Claim) bool { return c.That == r.That }); i >= 0 && r.Verdict != check.Pass {
			p.findAt(r.That, claims[i].Pos, "after its commands: %v", unmet)
			return
		}
	}
	p.find(p.stepPos(step), "after its commands: %v", unmet)
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

// unreached finds foreseen reasons that nothing brought about, and that no example proves, and checks of which
// nothing showed that they can fail.
func (p *prover) unreached(step *lesson.Step) {
	for _, c := range step.Checks() {
		// That a check fails in an example, lint has proved.
		shown := slices.ContainsFunc(c.Otherwise, func(o lesson.Otherwise) bool { return o.Example != nil })
		if !p.unmetOnce[c.Pos.String()] && !shown {
			p.findAt(c.That, c.Pos, "check %q passed before anything was done and after each wrong turn, and a check must be able to fail; "+
				"write a wrong turn that it notices, or an otherwise with an example", c.That)
		}
		for i := range c.Otherwise {
			o := &c.Otherwise[i]
			// That an example does what it should, lint has proved.
			if !p.reached[o.Pos.String()] && o.Example == nil {
				p.findAt(c.That, o.Pos, "nothing makes check %q say this; write a wrong turn that does, or an example", c.That)
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
