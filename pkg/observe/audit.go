package observe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// ReadAudit makes a timeline of what an API server's audit log tells of a namespace, and of what
// belongs to none, since a moment. Changes in it that are older than its Start tell the state at
// Start, one for each object. Dry runs and lost races are left out; a request that was refused is a
// Change without Type whose Object is the Status that it got.
//
// The log is JSON lines of audit.k8s.io/v1 Event, and so are its backups, which stand beside it as
// NAME-<time>.log. A last line that is not whole yet is left for the next reading; a damaged line
// elsewhere is passed over.
func ReadAudit(path string, since time.Time, namespace string) (*snapshot.Timeline, error) {
	r := &reader{since: since, namespace: namespace, earlier: map[string]int{}}
	for _, p := range append(backups(path, since), path) {
		if err := r.read(p); err != nil {
			return nil, err
		}
	}
	all := r.changes()
	fill(all)
	return cut(all, since, time.Time{}), nil
}

// reader collects the lines that matter. Of what is older than since only the last write to each
// place is decoded, since decoding is what takes time.
type reader struct {
	since     time.Time
	namespace string
	lines     [][]byte
	earlier   map[string]int // by method and path: the line that holds the last write before since
}

// read takes in a whole file. A backup that was removed meanwhile is empty.
func (r *reader) read(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read audit log: %w", err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read audit log %s: %w", path, err)
		}
		r.add(bytes.TrimSpace(line))
	}
}

func (r *reader) add(line []byte) {
	if uninteresting(line, r.namespace) {
		return
	}
	if at := reachedAt(line); !at.IsZero() && at.Before(r.since) {
		if place, ok := requestOf(line); ok {
			if i, seen := r.earlier[place]; seen {
				r.lines[i] = nil
			}
			r.earlier[place] = len(r.lines)
		}
	}
	r.lines = append(r.lines, line)
}

func (r *reader) changes() []snapshot.Change {
	var all []snapshot.Change
	for _, line := range r.lines {
		if line == nil {
			continue
		}
		if changes, err := changesOf(line, r.namespace); err == nil {
			all = append(all, changes...)
		}
	}
	return all
}

// fill gives the deletions that the server answered with less than the object the object as it was
// last seen before.
func fill(all []snapshot.Change) {
	last := map[string]snapshot.Change{}
	for i := range all {
		c := &all[i]
		key := c.Resource + "/" + c.Namespace + "/" + c.Name
		if known := last[key].Object; c.Type == snapshot.Deleted && known != nil && (c.Object == nil || !whole(*c)) {
			c.Object = known
		}
		switch {
		case c.Type == snapshot.Deleted:
			delete(last, key)
		case c.Type != "" && c.Object != nil && whole(*c):
			last[key] = *c
		}
	}
}

// backups finds the rotated logs that may hold something since a moment, oldest first. The time in
// a backup's name is when it was put aside (gopkg.in/natefinch/lumberjack.v2).
func backups(path string, since time.Time) []string {
	const format = "2006-01-02T15-04-05.000"
	ext := filepath.Ext(path)
	stem := strings.TrimSuffix(filepath.Base(path), ext) + "-"
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		stamp, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), ext), stem)
		if !ok || filepath.Ext(e.Name()) != ext {
			continue
		}
		aside, err := time.Parse(format, stamp)
		if err == nil && !aside.Before(since) {
			found = append(found, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	sort.Strings(found) // the stamps sort as the times do
	return found
}
