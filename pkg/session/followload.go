package session

import (
	"context"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

// claim makes this follower the one that sends the step's loads, as soon as no other is. The func that
// it returns gives that up.
func (f *Follower) claim(ctx context.Context) (release func()) {
	ctx, stop := context.WithCancel(ctx)
	lock := f.session.lockFile("follow")
	// Whoever sees that the lock is taken asks for a load, which is then newer than the claim.
	try := func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		at := f.session.Now()
		ok, err := lock.TryLock()
		if ok {
			f.claimed = at
		}
		return ok || err != nil
	}
	done := make(chan struct{})
	if try() {
		close(done)
	} else {
		go func() {
			defer close(done)
			for !try() && pause(ctx, time.Second) == nil {
			}
		}()
	}
	return func() {
		stop()
		<-done
		_ = lock.Close()
	}
}

// fresh are the loads that a strike asked this follower for, and that it did not send yet.
func (f *Follower) fresh(p *Position) []crowd {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p == nil || f.claimed.IsZero() {
		return nil
	}
	var found []crowd
	blocks, last := lesson.All[*lesson.Fault](p.Step), f.sent
	for _, struck := range p.start.Faults {
		if struck.Kind != string(lesson.SendLoad) || struck.At.Before(f.claimed) || !struck.At.After(f.sent) || struck.Block >= len(blocks) {
			continue
		}
		if block := blocks[struck.Block]; block.Load != nil {
			found, last = append(found, crowd{block, struck.Name}), struck.At
		}
	}
	f.sent = last
	return found
}

// send sends loads until they are over, or ctx or the step ends, and tells of the end.
func (f *Follower) send(ctx context.Context, p *Position, crowds []crowd) {
	err := f.session.sendAll(ctx, p, crowds, func(e Event) {
		if e.Kind == LoadOver {
			f.tell([]Event{e})
		}
	})
	if err != nil {
		f.tell([]Event{f.session.failed(p, err)})
	}
}
