package pulse

import (
	"testing"
	"time"
)

// machine is a Clock of which a test moves both hands.
type machine struct {
	steady time.Duration
	wall   time.Time
}

func newMachine() *machine { return &machine{wall: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (m *machine) clock() (time.Duration, time.Time) { return m.steady, m.wall }

// run lets the process run for d, looking at the clock at each beat.
func (m *machine) run(p *Pulse, d time.Duration) {
	for ; d > 0; d -= beat {
		m.pass(beat, beat)
		p.Ran()
	}
}

// pass lets time pass in which the process does not run.
func (m *machine) pass(steady, wall time.Duration) {
	m.steady += steady
	m.wall = m.wall.Add(wall)
}

func TestPulse(t *testing.T) {
	for _, tc := range []struct {
		name         string
		steady, wall time.Duration
		gap          bool
	}{
		{"a busy machine", time.Second, time.Second, false},
		{"a stopped process", time.Minute, time.Minute, true},
		{"a machine whose steady clock sleeps with it", 0, time.Hour, true},
		{"a machine whose steady clock does not sleep", time.Hour, time.Hour, true},
		{"a wall clock set back", time.Second, -time.Hour, false},
		{"a stopped process, and meanwhile the wall clock set back", time.Minute, -time.Hour, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMachine()
			p := New(m.clock)
			m.run(p, 10*time.Second)
			if p.Woke(time.Hour) {
				t.Error("it woke though it never slept")
			}
			m.pass(tc.steady, tc.wall)
			if woke := p.Woke(5 * time.Second); woke != tc.gap {
				t.Errorf("woke = %v, want %v", woke, tc.gap)
			}
			want := 10 * time.Second
			if !tc.gap {
				want += tc.steady
			}
			if ran := p.Ran(); ran != want {
				t.Errorf("it ran for %v, want %v", ran, want)
			}
			m.run(p, 5*time.Second)
			if p.Woke(5 * time.Second) {
				t.Error("5 s after it woke it says that it just did")
			}
		})
	}
}

func TestPatience(t *testing.T) {
	const limit = time.Minute
	m := newMachine()
	pulse := New(m.clock)
	p := NewPatience(pulse, limit)
	// ask asks each second for d, and returns the last answer.
	ask := func(name string, d time.Duration) (lasts bool) {
		for ; d > 0; d -= time.Second {
			lasts = p.Lasts(name)
			m.run(pulse, time.Second)
		}
		return lasts
	}
	if !ask("a", limit-time.Second) {
		t.Error("it ended before its limit")
	}
	// The time in which nobody could be heard does not count.
	m.pass(time.Hour, time.Hour)
	if !p.Lasts("a") {
		t.Error("it ended with a gap of the process itself")
	}
	if ask("a", 3*time.Second) {
		t.Error("it lasts beyond its limit")
	}
	if !p.Lasts("b") {
		t.Error("one's silence is held against another")
	}
	// Who spoke has a new start, since nobody asks about them for a while.
	m.run(pulse, 2*again)
	if !ask("a", limit-time.Second) {
		t.Error("an earlier silence is held against somebody who spoke since")
	}
}
