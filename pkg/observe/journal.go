package observe

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// journalLag is how long after a moment watches may begin and still tell all that followed: lists are
// read one after the other, and nobody types that fast.
const journalLag = 2 * time.Second

// entry is a line of a journal.
type entry struct {
	// Initial says that the object was there when the watch began; without an object, that one began.
	Initial bool `json:"initial,omitempty"`
	snapshot.Change
}

// Journal makes a Recorder that keeps in a file as well what watches bring, for other processes to
// read with ReadJournal, until it is closed. Several processes may write one journal; the first of
// them begins it anew.
func Journal(path string) (*Recorder, io.Closer, error) {
	j, err := openJournal(path)
	if err != nil {
		return nil, nil, fmt.Errorf("keep a journal: %w", err)
	}
	return &Recorder{journal: j}, j, nil
}

// journal is the open file, with a lock that says that somebody watches.
type journal struct {
	*os.File
	lock *flock.Flock
}

func lockOf(path string) *flock.Flock { return flock.New(path+".lock", flock.SetPermissions(0o600)) }

func openJournal(path string) (*journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	j := &journal{lock: lockOf(path)}
	mode := os.O_CREATE | os.O_APPEND | os.O_WRONLY
	if first, err := j.lock.TryLock(); err != nil {
		return nil, err
	} else if first {
		mode |= os.O_TRUNC
	}
	var err error
	if j.File, err = os.OpenFile(path, mode, 0o600); err == nil {
		err = errors.Join(j.lock.Unlock(), j.lock.RLock())
	}
	if err != nil {
		return nil, errors.Join(err, j.lock.Close())
	}
	return j, nil
}

// Close implements io.Closer.
func (j *journal) Close() error { return errors.Join(j.File.Close(), j.lock.Close()) }

// note writes changes into the journal, a line each. A disk that is full costs the story, not the lesson.
func (r *Recorder) note(initial bool, changes ...snapshot.Change) {
	if r.journal == nil {
		return
	}
	for _, c := range changes {
		if line, err := json.Marshal(entry{Initial: initial, Change: c}); err == nil {
			_, _ = r.journal.Write(append(line, '\n'))
		}
	}
}

// ReadJournal is what a journal tells since a moment. It is nil where nobody watches, or where that
// began too late to know what happened since.
func ReadJournal(path string, since time.Time) (*snapshot.Timeline, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, nil
	}
	lock := lockOf(path)
	defer lock.Close()
	if nobody, err := lock.TryLock(); nobody || err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer func() { _ = f.Close() }()
	r := &journalReader{since: since, seen: map[string]bool{}}
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // a line that is not whole yet is left for the next reading
			break
		}
		var e entry
		if json.Unmarshal(line, &e) == nil {
			r.take(e)
		}
	}
	if r.began.IsZero() || r.began.After(since.Add(journalLag)) && r.missed {
		return nil, nil
	}
	return cut(r.changes, since, time.Time{}), nil
}

// journalReader puts a timeline together, entry by entry.
type journalReader struct {
	since   time.Time
	began   time.Time // when the first watch began
	missed  bool      // something had changed since, when watches began
	seen    map[string]bool
	changes []snapshot.Change
}

func (r *journalReader) take(e entry) {
	if e.Initial && r.began.IsZero() {
		r.began = e.At
	}
	if e.Object == nil {
		return
	}
	if e.Initial {
		late := e.At.Sub(r.began) < journalLag && touched(e.Object, true).After(r.since.Add(time.Second))
		r.missed = r.missed || late
		e.At = sinceWhen(e.Change, r.since)
	}
	// Two processes may have seen the same write, and one that begins later lists what is known.
	if id := write(e.Change); !r.seen[id] {
		r.seen[id] = true
		r.changes = append(r.changes, e.Change)
	}
}

// CatchUp adds to a timeline what a later look at the cluster shows beyond it: news of the last
// moments may still be on their way.
func CatchUp(t *snapshot.Timeline, now *snapshot.Snapshot) *snapshot.Timeline {
	last, seen := map[string]snapshot.Change{}, map[string]bool{}
	for _, c := range t.Changes {
		seen[write(c)] = true
		if c.Type == snapshot.Deleted {
			delete(last, place(c))
		} else {
			last[place(c)] = c
		}
	}
	all := append([]snapshot.Change(nil), t.Changes...)
	for _, o := range now.Objects {
		c := snapshot.Change{At: now.At, Source: snapshot.FromWatch, Type: snapshot.Added, Object: o, Namespace: o.GetNamespace(), Name: o.GetName()}
		k, known := snapshot.KindOf(o.GroupVersionKind())
		if !known || !k.Namespaced || k.Kind == "Event" {
			continue
		}
		c.Resource = k.Resource
		if was, there := last[place(c)]; there && was.Object.GetUID() == o.GetUID() {
			c.Type = snapshot.Modified
		}
		delete(last, place(c))
		if !seen[write(c)] {
			all = append(all, c)
		}
	}
	for _, c := range last {
		if c.Namespace != "" && now.Errors[c.Resource] == "" {
			c.At, c.Type = now.At, snapshot.Deleted
			all = append(all, c)
		}
	}
	return cut(all, t.Start, now.At)
}

// sinceWhen is when an object came that was there as a watch began: before the moment since, unless
// the object itself says otherwise.
func sinceWhen(c snapshot.Change, since time.Time) time.Time {
	made := c.Object.GetCreationTimestamp().Time
	switch {
	case c.At.Before(since):
		return c.At
	case made.After(since):
		return made
	}
	return since.Add(-time.Nanosecond)
}
