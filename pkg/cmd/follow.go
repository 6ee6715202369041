package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Following is a cluster that is watched from a moment on.
type Following struct {
	// Since is the moment from which on all is known.
	Since time.Time
	// News is what the cluster looks like, a Snapshot after each change; it is closed when the context ends.
	News <-chan *snapshot.Snapshot

	sight    *Sight
	observer *observe.Observer
	recorder *observe.Recorder
	noted    []snapshot.Change
	moves    int // as Moved has it
}

// Follow begins to watch what stories are about, until ctx ends. It returns when all was read once.
func (s *Sight) Follow(ctx context.Context) (*Following, *snapshot.Snapshot, error) {
	f := &Following{sight: s, observer: s.Observer(), recorder: &observe.Recorder{}}
	var err error
	nodes := s.Handle == nil || s.Handle.Capabilities().ReadNodes
	if f.News, err = f.observer.Watch(ctx, told(nodes), f.recorder); err != nil {
		return nil, nil, err
	}
	first, ok := <-f.News
	if !ok {
		return nil, nil, fmt.Errorf("watch namespace %s: %w", s.Namespace, context.Cause(ctx))
	}
	f.Since = s.Now()
	return f, first, nil
}

// Watched is what watches brought since a moment.
func (f *Following) Watched(since time.Time) *snapshot.Timeline {
	return f.recorder.Timeline(since, f.sight.Now())
}

// Moved says that something changed since it was asked last. What comes as News may be no change: a node's heartbeat.
func (f *Following) Moved() bool {
	was := f.moves
	f.moves = f.recorder.Added()
	return f.moves != was
}

// Note adds something that was done to the cluster from outside the API. It is told of from then on.
func (f *Following) Note(changes ...snapshot.Change) {
	f.noted = append(f.noted, changes...)
	f.recorder.Add(changes...)
}

// Told is all that is known since a moment, and how things are now: from the audit log where there is one, else from
// what was watched.
func (f *Following) Told(ctx context.Context, since time.Time) (*snapshot.Snapshot, *snapshot.Timeline, error) {
	now := f.observer.Snapshot(ctx, session.Everything())
	path, why, err := f.sight.AuditLog(ctx)
	if err != nil {
		return nil, nil, err
	}
	if path == "" {
		tl := observe.CatchUp(f.Watched(since), now)
		tl.NoAudit = why
		return now, tl, nil
	}
	tl, err := observe.ReadAudit(path, since, f.sight.Namespace)
	if err != nil {
		return nil, nil, err
	}
	tl.Changes = append(tl.Changes, f.noted...)
	snapshot.SortChanges(tl.Changes)
	return now, tl, nil
}
