package observe

import (
	"io"
	"sort"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// maxChanges bounds what a Recorder keeps; the oldest go first.
const maxChanges = 20000

// Recorder keeps what watches brought, for timelines of clusters whose audit log can't be read. The
// zero value is ready. Give it to Watch before the learner acts.
type Recorder struct {
	mu      sync.Mutex
	changes []snapshot.Change
	added   int
	// initial is what was there when the watches began.
	initial []snapshot.Change
	began   time.Time
	// journal is where all of it is written as well; nil: nowhere.
	journal io.Writer
}

func (r *Recorder) begin(at time.Time, objects []*unstructured.Unstructured) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() {
		r.began = at
	}
	was := len(r.initial)
	for _, o := range objects {
		r.initial = append(r.initial, snapshot.Change{
			At: at, Source: snapshot.FromWatch, Type: snapshot.Added, Object: o,
			Namespace: o.GetNamespace(), Name: o.GetName(),
		})
	}
	r.note(true, snapshot.Change{At: at})
	r.note(true, r.initial[was:]...)
}

// Add keeps changes that were seen, or done, elsewhere too, such as a fault of package explain.
func (r *Recorder) Add(changes ...snapshot.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(false, changes...)
	r.added += len(changes)
	r.changes = append(r.changes, changes...)
	if extra := len(r.changes) - maxChanges; extra > 0 {
		r.changes = append([]snapshot.Change(nil), r.changes[extra:]...)
	}
}

// Added is how many changes came until now. Heartbeats of nodes are none.
func (r *Recorder) Added() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.added
}

// Began is when the first list was read; zero when none was.
func (r *Recorder) Began() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.began
}

// Timeline is what happened between two moments. Changes in it that are older than its Start tell
// the state at Start: one for each object that was there then.
func (r *Recorder) Timeline(since, until time.Time) *snapshot.Timeline {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := append(append([]snapshot.Change(nil), r.initial...), r.changes...)
	straighten(all[len(r.initial):])
	// Lists are read one after the other: what was there when its list was read was there at the
	// moment since as well, unless a change says otherwise.
	for i := range r.initial {
		if !all[i].At.Before(since) {
			all[i].At = since.Add(-time.Nanosecond)
		}
	}
	return cut(all, since, until)
}

// late is how long after news of an effect news of its cause may come. Watches of one moment that are further apart than
// that are not of one store, and their resource versions say nothing.
const late = 5 * time.Second

// straighten puts news of several watches in the order of the writes that they tell of. Each watch is read by itself, so
// that on a busy machine a Pod may be seen before the Deployment that asked for it. Resource versions count all that the
// API server keeps in one store; and what was written before something had happened when news of that came.
func straighten(changes []snapshot.Change) {
	type written struct {
		change  snapshot.Change
		version uint64 // 0 where there is none
	}
	all := make([]written, len(changes))
	for i, c := range changes {
		all[i].change = c
		if c.Source == snapshot.FromWatch && c.Object != nil {
			all[i].version, _ = strconv.ParseUint(c.Object.GetResourceVersion(), 10, 64)
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].version < all[j].version })
	var first time.Time // news of anything that was written later
	for i := len(all) - 1; i >= 0; i-- {
		c := &all[i].change
		switch {
		case all[i].version == 0:
		case first.IsZero() || !c.At.After(first):
			first = c.At
		case c.At.Sub(first) < late:
			c.At = first
		}
		changes[i] = *c
	}
}
