package session

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Outcome is what a step's checks said.
type Outcome struct {
	Position *Position
	Report   check.Report
	Passed   bool
	// New is true where this is the first time that the step passed since it started.
	New bool
}

// Check looks at the step's checks and records the attempt.
func (s *Session) Check(ctx context.Context) (outcome *Outcome, err error) {
	err = s.at(ctx, func(p *Position) error {
		outcome, err = s.check(ctx, p)
		return err
	})
	return outcome, err
}

// Glance looks whether the step is done. Only that is recorded: nobody asked, so it is no attempt.
func (s *Session) Glance(ctx context.Context) (outcome *Outcome, err error) {
	err = s.at(ctx, func(p *Position) error {
		report, err := s.report(ctx, p)
		if err != nil {
			return err
		}
		if len(report.Results) == 0 || !report.Passed() {
			outcome = &Outcome{Position: p, Report: report, Passed: p.Past.Passed}
			return nil
		}
		outcome, err = s.conclude(ctx, p, report)
		return err
	})
	return outcome, err
}

func (s *Session) check(ctx context.Context, p *Position) (*Outcome, error) {
	report, err := s.report(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.conclude(ctx, p, report)
}

// report is what the step's checks say now.
func (s *Session) report(ctx context.Context, p *Position) (check.Report, error) {
	eyes, err := s.Observe(s.Namespace(p.Lesson.ID))
	if err != nil {
		return check.Report{}, err
	}
	return s.judge(ctx, p, eyes.Snapshot(ctx, queries(p.Step))), nil
}

// conclude records what a report means.
func (s *Session) conclude(ctx context.Context, p *Position, report check.Report) (*Outcome, error) {
	o := &Outcome{Position: p, Report: report, Passed: report.Passed() || p.Past.Passed}
	o.New = report.Passed() && !p.Past.Passed
	var e progress.Event
	switch {
	case o.New:
		e = s.happened(p, progress.Passed, progress.Detail{})
	case o.Passed || blind(report):
		// What could not be looked at is no attempt of the learner's.
		return o, nil
	default:
		e = s.happened(p, progress.Attempt, tally(report))
	}
	if err := s.Record.Append(ctx, e); err != nil {
		return nil, err
	}
	p, err := s.refresh(p)
	o.Position = p
	return o, err
}

// blind says that nothing at all could be told.
func blind(r check.Report) bool {
	for _, result := range r.Results {
		if result.Verdict != check.CantTell {
			return false
		}
	}
	return len(r.Results) > 0
}

func tally(r check.Report) progress.Detail {
	d := progress.Detail{Of: len(r.Results)}
	for _, result := range r.Results {
		if result.Verdict == check.Pass {
			d.Met++
		} else if d.Unmet == "" {
			d.Unmet = result.That
		}
	}
	return d
}

// judge holds what was seen against the step's checks, and asks what it asks over HTTP.
func (s *Session) judge(ctx context.Context, p *Position, now *snapshot.Snapshot) check.Report {
	report := check.Evaluate(p.Step, now, p.start.Before, p.start.Started)
	report.Results = append(report.Results, s.gets(ctx, p, now)...)
	return report
}

// Watch gives the step's report now and whenever something that it rests on changed, until ctx
// ends. It records nothing; see Settle.
func (s *Session) Watch(ctx context.Context, p *Position) (<-chan check.Report, error) {
	eyes, err := s.Observe(s.Namespace(p.Lesson.ID))
	if err != nil {
		return nil, err
	}
	seen, err := eyes.Watch(ctx, queries(p.Step))
	if err != nil {
		return nil, err
	}
	reports := make(chan check.Report)
	go func() {
		defer close(reports)
		s.follow(ctx, p, seen, reports)
	}()
	return reports, nil
}

// follow judges each snapshot, and the last one again each second: checks may name how long something
// lasts, and an answer over HTTP may change while no object does. What only grew older is no report.
func (s *Session) follow(ctx context.Context, p *Position, seen <-chan *snapshot.Snapshot, reports chan<- check.Report) {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	var last snapshot.Snapshot
	var got time.Time
	var said check.Report
	for {
		var report check.Report
		select {
		case <-ctx.Done():
			return
		case now, ok := <-seen:
			if !ok {
				return
			}
			last, got = *now, time.Now()
			report = s.judge(ctx, p, now)
		case <-again.C:
			if got.IsZero() {
				continue
			}
			older := last
			older.At = last.At.Add(time.Since(got))
			report = s.judge(ctx, p, &older)
			if !s.asksOverHTTP(p) && !said.Differs(report) {
				continue
			}
		}
		select {
		case reports <- report:
			said = report
		case <-ctx.Done():
			return
		}
	}
}

// Settle records what a watched report means, if the learner still stands where it was made. The
// outcome is nil when they do not.
func (s *Session) Settle(ctx context.Context, seen *Position, report check.Report) (outcome *Outcome, err error) {
	err = s.at(ctx, func(p *Position) error {
		if !same(p, seen) {
			return nil
		}
		outcome, err = s.conclude(ctx, p, report)
		return err
	})
	return outcome, err
}

// await waits until the step's checks pass. Failing that, the error names the first that does not.
func (s *Session) await(parent context.Context, p *Position, see func(check.Report)) (check.Report, error) {
	ctx, cancel := context.WithTimeout(parent, patience(p.Step))
	defer cancel()
	reports, err := s.Watch(ctx, p)
	if err != nil {
		return check.Report{}, err
	}
	var last check.Report
	for report := range reports {
		last = report
		see(report)
		if report.Passed() {
			return report, nil
		}
	}
	if err := context.Cause(parent); err != nil {
		return last, fmt.Errorf("wait for the checks of step %s: %w", p.Step.ID, err)
	}
	return last, &Unmet{Step: p.Step.ID, Report: last}
}

// Unmet says that checks were not met in the time that they have.
type Unmet struct {
	Step   string
	Report check.Report
}

func (e *Unmet) Error() string {
	for _, r := range e.Report.Results {
		if r.Verdict != check.Pass {
			return fmt.Sprintf("step %s: %q: %s; expected %s, actual %s; %s", e.Step, r.That, r.Verdict, r.Expected, r.Actual, r.Why)
		}
	}
	return fmt.Sprintf("step %s: its checks could not be looked at", e.Step)
}
