// Package load sends requests at a steady rate for a while, and counts what becomes of them. Whom it
// asks, and how, its caller says; it knows no cluster and shows nothing.
package load

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// patience is how long a request may go without an answer before it is lost.
	patience = 3 * time.Second
	// crowd is how many seconds' requests may wait for answers at once. It is longer than patience, so
	// that it holds requests back only where this machine is too slow to send them in time.
	crowd = 4
)

// Plan is how much is sent.
type Plan struct {
	// Rate is how many requests a second; at least 1.
	Rate int
	// For is how long new ones are sent.
	For time.Duration
}

// Ask sends one request and waits for its answer until ctx ends, and no longer; it is called by many
// goroutines at once. Any error means that the request is lost. One that is a *Barred ends the load.
type Ask func(ctx context.Context) error

// Barred says that requests may not be sent at all, so that to send more is of no use.
type Barred struct{ Cause error }

func (e *Barred) Error() string { return e.Cause.Error() }

// Unwrap implements errors.Unwrap.
func (e *Barred) Unwrap() error { return e.Cause }

// Tally is what became of the requests so far.
type Tally struct {
	// Sent is Answered and Lost and Open together.
	Sent     int `json:"sent"`
	Answered int `json:"answered"`
	// Lost are those with an error for an answer, or with none in time.
	Lost int `json:"lost"`
	// Open are those that still wait; at the end, those that were given up because the load was stopped.
	Open int `json:"open,omitempty"`
	// Held are those that were not sent, since too many waited already.
	Held int `json:"held,omitempty"`
	// MedianMillis and SlowestMillis are of those that were answered.
	MedianMillis  int64 `json:"medianMillis"`
	SlowestMillis int64 `json:"slowestMillis"`
	// Millis is how long it went on.
	Millis int64 `json:"millis"`
	// Stopped says that it ended before its time.
	Stopped bool `json:"stopped,omitempty"`
}

// Run sends what the plan says until its time is over, or ctx ends, and waits for the last answers.
// Nothing of it goes on afterwards. see is told each second how things stand; it may be nil. The error
// is a *Barred; an end of ctx is none, and makes the Tally say Stopped.
func (p Plan) Run(ctx context.Context, ask Ask, see func(Tally)) (Tally, error) {
	s := &sender{plan: p, ask: ask, began: time.Now()}
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	s.sendAll(ctx, see)
	s.waiting.Wait()
	return s.end(ctx)
}

// sender is a plan under way.
type sender struct {
	plan    Plan
	ask     Ask
	began   time.Time
	stop    context.CancelFunc
	waiting sync.WaitGroup

	mu     sync.Mutex
	tally  Tally
	took   []time.Duration
	barred *Barred
}

func (s *sender) sendAll(ctx context.Context, see func(Tally)) {
	next := time.NewTicker(max(1, time.Second/time.Duration(s.plan.Rate)))
	defer next.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	end := time.NewTimer(s.plan.For)
	defer end.Stop()
	for begun := 0; ; {
		for due := s.due(); begun < due; begun++ {
			s.begin(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-second.C:
			if see != nil {
				see(s.now())
			}
		case <-next.C:
		}
	}
}

// due is how many requests should have begun by now. It counts time, not ticks: a ticker leaves out
// those that a busy machine was late for.
func (s *sender) due() int {
	all := int64(s.plan.For) * int64(s.plan.Rate) / int64(time.Second)
	return int(min(all, int64(time.Since(s.began))*int64(s.plan.Rate)/int64(time.Second)+1))
}

// begin sends one request, unless too many wait already.
func (s *sender) begin(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tally.Open >= crowd*s.plan.Rate {
		s.tally.Held++
		return
	}
	s.tally.Sent++
	s.tally.Open++
	s.waiting.Go(func() { s.request(ctx) })
}

func (s *sender) request(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	err := s.ask(limited)
	took := time.Since(began)
	s.mu.Lock()
	defer s.mu.Unlock()
	if barred, ok := errors.AsType[*Barred](err); ok {
		s.barred = barred
		s.stop()
	}
	switch {
	case err == nil:
		s.tally.Answered++
		s.took = append(s.took, took)
	case ctx.Err() != nil:
		return // given up: it stays open
	default:
		s.tally.Lost++
	}
	s.tally.Open--
}

func (s *sender) now() Tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tally
	t.Millis = time.Since(s.began).Milliseconds()
	if len(s.took) > 0 {
		sorted := slices.Sorted(slices.Values(s.took))
		t.MedianMillis = sorted[(len(sorted)-1)/2].Milliseconds()
		t.SlowestMillis = sorted[len(sorted)-1].Milliseconds()
	}
	return t
}

func (s *sender) end(ctx context.Context) (Tally, error) {
	t := s.now()
	t.Stopped = ctx.Err() != nil
	if s.barred != nil {
		return t, s.barred
	}
	return t, nil
}
