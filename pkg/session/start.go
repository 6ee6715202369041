package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/home"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// intent is what was begun and has not ended.
type intent string

const (
	ready      intent = ""
	entering   intent = "enter"   // the step's own part is being added to what is there
	rebuilding intent = "rebuild" // all is being built from nothing
	leaving    intent = "leave"   // the lesson is being cleared away
)

// start is what a step started from, as the file step.json keeps it.
type start struct {
	Lesson string `json:"lesson"`
	Step   string `json:"step"`
	Intent intent `json:"intent,omitempty"`
	// Ending is why the lesson is left: progress.Finished or progress.Quit.
	Ending progress.Kind `json:"ending,omitempty"`
	// Started is what expressions compare with: a whole second, since the times of objects are.
	Started time.Time `json:"started,omitzero"`
	// Since is the moment itself, from which on what happened is told.
	Since  time.Time          `json:"since,omitzero"`
	Before *snapshot.Snapshot `json:"before,omitempty"`
	// Faults is what was done to the cluster from outside since then.
	Faults []fault `json:"faults,omitempty"`
	// Shown says that the step was shown to its end, what is to be done included.
	Shown bool `json:"shown,omitempty"`
}

// fault is one thing that was done to the cluster from outside.
type fault struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	Resource string    `json:"resource"`
	Name     string    `json:"name"`
	// Block is which of the step's faults it was, from 0.
	Block int `json:"block,omitempty"`
}

func (s *Session) file() string { return filepath.Join(s.Dir, "step.json") }

// read is nil where no lesson is under way. A file that can't be understood counts as lost: the
// record of progress still knows the step, and its start is built again.
func (s *Session) read() (*start, error) {
	data, err := os.ReadFile(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read lesson under way: %w", err)
	}
	var st start
	if json.Unmarshal(data, &st) != nil || st.Lesson == "" {
		return nil, nil
	}
	return &st, nil
}

// write replaces the file as a whole, or leaves it as it was.
func (s *Session) write(st *start) error {
	data, err := json.Marshal(st)
	if err == nil {
		err = home.ReplaceFile(s.file(), data)
	}
	if err != nil {
		return fmt.Errorf("write lesson under way: %w", err)
	}
	return nil
}

func (s *Session) forget() error {
	if err := os.Remove(s.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget lesson: %w", err)
	}
	return nil
}
