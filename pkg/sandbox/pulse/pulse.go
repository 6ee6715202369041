// Package pulse tells a process when it did not run for a while: its machine slept or was too busy, or
// somebody stopped it (SIGSTOP). What was due meanwhile is late by no fault of others, and they are not
// to be judged by it (Patience). What follows from that is said in packages controlplane and node.
package pulse

import (
	"context"
	"sync"
	"time"
)

const (
	// beat is how often Run looks at the clock.
	beat = 250 * time.Millisecond
	// gap is how late a beat is when the process did not run. A busy machine is late by tenths of it.
	gap = 2 * time.Second
)

// Clock gives the time of a clock that is never set, from any beginning, and that of the wall. Whether
// the first goes on while a machine sleeps differs between systems; the second does.
type Clock func() (steady time.Duration, wall time.Time)

// System is the machine's Clock.
func System() Clock {
	began := time.Now()
	return func() (time.Duration, time.Time) {
		now := time.Now()
		return now.Sub(began), now.Round(0)
	}
}

// Pulse counts for how long a process has run. Make one with New, and Run it.
type Pulse struct {
	clock Clock

	mu     sync.Mutex
	steady time.Duration
	wall   time.Time
	ran    time.Duration
	woke   time.Duration // what ran was at the end of the last gap
	slept  bool
}

// New returns the Pulse of a process that is at its start.
func New(clock Clock) *Pulse {
	p := &Pulse{clock: clock}
	p.steady, p.wall = clock()
	return p
}

// Run beats until ctx ends.
func (p *Pulse) Run(ctx context.Context) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.Ran()
		case <-ctx.Done():
			return
		}
	}
}

// Ran is for how long the process has run, gaps left out. It is right as soon as a gap has ended,
// whoever of the process runs first then.
func (p *Pulse) Ran() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	return p.ran
}

// Woke says that a gap has ended, less than within of running time ago.
func (p *Pulse) Woke(within time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	return p.slept && p.ran-p.woke < within
}

// look counts the time since it was last looked at, which is little unless the process did not run.
func (p *Pulse) look() {
	steady, wall := p.clock()
	// A clock on the wall that was set back says nothing; one that was set forward looks like sleep,
	// which does no harm.
	passed := steady - p.steady
	if max(passed, wall.Sub(p.wall)) >= gap {
		p.woke, p.slept = p.ran, true
	} else {
		p.ran += passed
	}
	p.steady, p.wall = steady, wall
}
