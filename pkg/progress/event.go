// Package progress is the record of what a learner did: an append-only file of JSON lines, and the
// state that follows from reading it from the top. It knows nothing of clusters or lessons but
// their names; what a step is and when it is done is for package session to say.
package progress

import "time"

// Kind is what happened.
type Kind string

const (
	// Started: a step's start stands, and the learner was shown the step.
	Started Kind = "started"
	// Predicted: the learner chose an option of a prediction.
	Predicted Kind = "predicted"
	// Attempt: the step's checks were looked at after the learner did something, and not all were met.
	Attempt Kind = "attempt"
	// Hint: the learner was given a hint that they had not had.
	Hint Kind = "hint"
	// Passed: all of the step's checks were met.
	Passed Kind = "passed"
	// Answered: a question about what was seen was answered.
	Answered Kind = "answered"
	// Skipped: the robot did the step for the learner.
	Skipped Kind = "skipped"
	// Reset: the learner asked for the step's start again.
	Reset Kind = "reset"
	// Finished: the last step is done and the lesson was cleared away.
	Finished Kind = "finished"
	// Quit: the learner left the lesson before its end.
	Quit Kind = "quit"
)

// Event is one line of the record.
type Event struct {
	Time    time.Time `json:"time"`
	Cluster string    `json:"cluster,omitempty"`
	Lesson  string    `json:"lesson,omitempty"`
	Step    string    `json:"step,omitempty"`
	Kind    Kind      `json:"kind"`
	// From is, of what Started, the pack that the lesson comes from, as an absolute path; empty for one that is built in.
	From   string `json:"from,omitempty"`
	Detail Detail `json:"detail,omitzero"`
}

// Detail is what belongs to some kinds of events only.
type Detail struct {
	// Question is which prediction or question of the step it is, from 0.
	Question int `json:"question,omitempty"`
	// Choice is the option that was chosen, from 0.
	Choice int `json:"choice,omitempty"`
	// Said is the answer in words.
	Said string `json:"said,omitempty"`
	// Belief is the misconception behind a wrong option.
	Belief string `json:"belief,omitempty"`
	Right  bool   `json:"right,omitempty"`
	// Met and Of say how many of the step's checks were met at an attempt.
	Met int `json:"met,omitempty"`
	Of  int `json:"of,omitempty"`
	// Unmet names the first check that was not met.
	Unmet string `json:"unmet,omitempty"`
	// Rung is the place of a hint in the step's ladder, from 0.
	Rung int `json:"rung,omitempty"`
}
