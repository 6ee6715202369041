package observe

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// journalLimit is the size in bytes beyond which a journal is begun anew.
	journalLimit = 64 << 20
	// journalLag is how long after a moment watches may begin and still tell what followed: lists are
	// read one after the other, and nobody types that fast.
	journalLag = 2 * time.Second
)

// entry is a line of a journal.
type entry struct {
	// Initial says that the object was there when the watch began.
	Initial bool `json:"initial,omitempty"`
	snapshot.Change
}

// Journal makes a Recorder that keeps in a file as well what watches bring, for other processes to
// read with ReadJournal. Several processes may write one journal.
func Journal(path string) (*Recorder, io.Closer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("keep a journal: %w", err)
	}
	mode := os.O_CREATE | os.O_APPEND | os.O_WRONLY
	if info, err := os.Stat(path); err == nil && info.Size() > journalLimit {
		mode |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, mode, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("keep a journal: %w", err)
	}
	return &Recorder{journal: f}, f, nil
}

// note writes changes into the journal, a line each. A disk that is full costs the story, not the lesson.
func (r *Recorder) note(initial bool, changes []snapshot.Change) {
	if r.journal == nil {
		return
	}
	for _, c := range changes {
		if line, err := json.Marshal(entry{Initial: initial, Change: c}); err == nil {
			_, _ = r.journal.Write(append(line, '\n'))
		}
	}
}

// ReadJournal is what a journal tells since a moment. It is nil where nobody watched from then on.
func ReadJournal(path string, since time.Time) (*snapshot.Timeline, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer func() { _ = f.Close() }()
	var all []snapshot.Change
	seen := map[string]bool{}
	watched := false
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // a line that is not whole yet is left for the next reading
			break
		}
		var e entry
		if json.Unmarshal(line, &e) != nil || e.Object == nil {
			continue
		}
		if e.Initial {
			watched = watched || !e.At.After(since.Add(journalLag))
			e.At = sinceWhen(e.Change, since)
		}
		// Two processes may have seen the same write, and one that begins later lists what is known.
		if id := write(e.Change); !seen[id] {
			seen[id] = true
			all = append(all, e.Change)
		}
	}
	if !watched {
		return nil, nil
	}
	return cut(all, since, time.Time{}), nil
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
