package progress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Log is the record on disk. Any number of processes may append to one file at the same time.
type Log struct {
	path string
	now  func() time.Time
}

// NewLog is the record in the file at path, which need not be there yet. now gives events that
// have no time theirs.
func NewLog(path string, now func() time.Time) *Log { return &Log{path: path, now: now} }

// Path is where the record is.
func (l *Log) Path() string { return l.path }

// Append writes events as one whole: when it returns they are on the disk, and a crash before
// leaves those that were there. A line that a crash left unfinished is closed off first, so that
// it spoils no other.
func (l *Log) Append(ctx context.Context, events ...Event) error {
	lines, err := l.encode(events)
	if err != nil {
		return err
	}
	dir := filepath.Dir(l.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("record progress: %w", err)
	}
	// The lock has a file of its own: on Windows a locked file can't be read by others.
	lock := flock.New(l.path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("record progress: wait for %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	if err := appendLines(l.path, lines); err != nil {
		return fmt.Errorf("record progress: %w", err)
	}
	return nil
}

func (l *Log) encode(events []Event) ([]byte, error) {
	var buf bytes.Buffer
	for _, e := range events {
		if e.Time.IsZero() {
			e.Time = l.now()
		}
		e.Time = e.Time.UTC()
		line, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("record progress: %w", err)
		}
		buf.Write(append(line, '\n'))
	}
	return buf.Bytes(), nil
}

func appendLines(path string, lines []byte) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	torn, err := endsTorn(f)
	if err != nil {
		return err
	}
	if torn {
		lines = append([]byte{'\n'}, lines...)
	}
	if _, err := f.Write(lines); err != nil {
		return err
	}
	return f.Sync()
}

// endsTorn says whether the last line has no end.
func endsTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return last[0] != '\n', nil
}

// Read gives all events in the order in which they were written. Lines that hold no event (what a
// crash left of one) are passed over. A record that is not there yet holds nothing.
func (l *Log) Read() ([]Event, error) {
	data, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	var events []Event
	for line := range bytes.Lines(data) {
		var e Event
		if json.Unmarshal(line, &e) == nil && e.Kind != "" {
			events = append(events, e)
		}
	}
	return events, nil
}

// State reads the record and folds it.
func (l *Log) State() (State, error) {
	events, err := l.Read()
	if err != nil {
		return State{}, err
	}
	return Fold(events), nil
}
