package observe

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// settle is how long changes are collected before a snapshot of them is handed out, so that the
// writes of one move of a controller come as one.
const settle = 10 * time.Millisecond

// Watch follows what the queries name. The first snapshot comes when everything was read once (or
// could not be), a fresh one within 20 ms after each change. A reader that is slow gets the newest
// state, not each one. Connections that break are made again; meanwhile the last known state stands,
// and a resource that can't be read is in Errors. The channel is closed when ctx ends. Changes go to
// the recorders as well, stamped with the moment of their arrival.
func (o *Observer) Watch(ctx context.Context, queries []snapshot.Query, recorders ...*Recorder) (<-chan *snapshot.Snapshot, error) {
	queries = distinct(queries)
	if len(queries) == 0 {
		return nil, errors.New("watch nothing: no query was given")
	}
	v := &view{
		clock: o.clock, recorders: recorders, queries: queries,
		objects: make([]map[string]*unstructured.Unstructured, len(queries)),
		errors:  make([]error, len(queries)), known: make([]bool, len(queries)),
		changed: make(chan struct{}, 1),
	}
	out := make(chan *snapshot.Snapshot)
	var following sync.WaitGroup
	for i, q := range queries {
		following.Go(func() { o.follow(ctx, q, &slot{view: v, i: i}) })
	}
	go func() {
		defer close(out)
		v.publish(ctx, o.namespace, out)
		following.Wait()
	}()
	return out, nil
}

// view is what is known of everything that is watched.
type view struct {
	clock     func() time.Time
	recorders []*Recorder
	queries   []snapshot.Query
	changed   chan struct{} // holds one token when there is news

	mu      sync.Mutex
	objects []map[string]*unstructured.Unstructured // by query
	errors  []error
	known   []bool // was read, or failed, at least once
}

// tell says that there is news.
func (v *view) tell() {
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

// publish hands out snapshots until ctx ends.
func (v *view) publish(ctx context.Context, namespace string, out chan<- *snapshot.Snapshot) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.changed:
		}
		pause.Reset(settle)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if !v.deliver(ctx, namespace, out) {
			return
		}
	}
}

// deliver hands out one snapshot, made anew when there is news before the reader takes it. It is
// false when ctx ended.
func (v *view) deliver(ctx context.Context, namespace string, out chan<- *snapshot.Snapshot) bool {
	s := v.compose(namespace)
	for s != nil {
		select {
		case <-ctx.Done():
			return false
		case out <- s:
			return true
		case <-v.changed:
			s = v.compose(namespace)
		}
	}
	return true
}

// compose makes a snapshot, or nil while something was not read yet.
func (v *view) compose(namespace string) *snapshot.Snapshot {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &snapshot.Snapshot{At: v.clock(), Namespace: namespace}
	all := map[string]*unstructured.Unstructured{}
	for i, q := range v.queries {
		if !v.known[i] {
			return nil
		}
		if v.errors[i] != nil {
			note(s, q, v.errors[i])
		}
		for key, o := range v.objects[i] {
			all[key] = o
		}
	}
	s.Objects = ordered(all)
	return s
}
