package pulse

import (
	"sync"
	"time"
)

// again is the longest time between two requests about the same silence.
const again = 10 * time.Second

// Patience is how long somebody may be silent before that is held against them.
type Patience struct {
	pulse *Pulse
	limit time.Duration

	mu     sync.Mutex
	silent map[string]silence
}

// silence is from when to when it was asked about somebody, in the Pulse's time.
type silence struct{ from, asked time.Duration }

// NewPatience returns a Patience that lasts for limit of the time that the process runs: who could
// not have been heard is not blamed for it.
func NewPatience(p *Pulse, limit time.Duration) *Patience {
	return &Patience{pulse: p, limit: limit, silent: map[string]silence{}}
}

// Lasts says whether to wait for somebody who is silent still. It is asked again and again, seconds
// apart, for as long as they are; a longer time without a question means that they spoke.
func (p *Patience) Lasts(name string) bool {
	now := p.pulse.Ran()
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.silent[name]
	if !ok || now-s.asked > again {
		s.from = now
	}
	s.asked = now
	p.silent[name] = s
	return now-s.from < p.limit
}
