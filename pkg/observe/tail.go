package observe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// FollowAudit hands out what an audit log tells since a moment and then what is added to it, until
// ctx ends, which closes the channel. The log may be missing at first, and may be put aside and
// begun anew. The changes are those of ReadAudit, without the state at the start.
func FollowAudit(ctx context.Context, path string, since time.Time, namespace string) (<-chan snapshot.Change, error) {
	news, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("follow audit log: %w", err)
	}
	// The folder is watched and not the file, since the file is replaced when it grew long.
	if err := news.Add(filepath.Dir(path)); err != nil {
		_ = news.Close()
		return nil, fmt.Errorf("follow audit log %s: %w", path, err)
	}
	out := make(chan snapshot.Change)
	t := &tail{path: path, since: since, namespace: namespace, out: out}
	go func() {
		defer close(out)
		defer func() { _ = news.Close() }()
		t.run(ctx, news)
	}()
	return out, nil
}

// tail reads a log as it grows.
type tail struct {
	path, namespace string
	since           time.Time
	out             chan<- snapshot.Change

	file    *os.File
	lines   *bufio.Reader
	partial []byte // a line whose end is not written yet
}

func (t *tail) run(ctx context.Context, news *fsnotify.Watcher) {
	defer t.close()
	for _, p := range backups(t.path, t.since) {
		if t.open(p) != nil || !t.drain(ctx) {
			return
		}
		t.close()
	}
	for {
		if !t.catchUp(ctx) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case _, ok := <-news.Events:
			if !ok {
				return
			}
		case _, ok := <-news.Errors: // events may be lost, never the file: read on
			if !ok {
				return
			}
		}
	}
}

// catchUp reads to the end, of the file that is open and of the one that took its place.
func (t *tail) catchUp(ctx context.Context) bool {
	for {
		if t.file == nil {
			if err := t.open(t.path); err != nil {
				return true // not there yet
			}
		}
		replaced := t.replaced()
		if !t.drain(ctx) {
			return false
		}
		if !replaced {
			return true
		}
		t.close()
	}
}

// replaced says whether another file, or none, has the log's name now.
func (t *tail) replaced() bool {
	mine, err := t.file.Stat()
	if err != nil {
		return true
	}
	named, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	return err == nil && !os.SameFile(mine, named)
}

func (t *tail) open(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	t.file, t.lines, t.partial = f, bufio.NewReaderSize(f, 1<<16), nil
	return nil
}

func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close()
		t.file = nil
	}
}

// drain hands out all whole lines up to the end of the file; false when ctx ended.
func (t *tail) drain(ctx context.Context) bool {
	for {
		part, err := t.lines.ReadBytes('\n')
		t.partial = append(t.partial, part...)
		if err != nil { // the end, for now
			return ctx.Err() == nil
		}
		line := bytes.TrimSpace(t.partial)
		t.partial = nil
		if at := reachedAt(line); !at.IsZero() && at.Before(t.since) {
			continue
		}
		changes, err := changesOf(line, t.namespace)
		if err != nil {
			continue
		}
		for _, c := range changes {
			if c.At.Before(t.since) {
				continue
			}
			select {
			case t.out <- c:
			case <-ctx.Done():
				return false
			}
		}
	}
}
