package session

import (
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/load"
)

// EventKind is what a learner sees.
type EventKind string

const (
	// LessonShown: the lesson's title and introduction.
	LessonShown EventKind = "lesson"
	// StepShown: a step's title and its place among the others.
	StepShown EventKind = "step"
	// ProseShown: text to read, in Markdown.
	ProseShown EventKind = "prose"
	// PredictionAsked: what will happen? With Question and Options.
	PredictionAsked EventKind = "predict"
	// Predicted: somebody chose.
	Predicted EventKind = "predicted"
	// DoShown: what to type, as Commands.
	DoShown EventKind = "do"
	// FaultShown: what will be done to the cluster from outside.
	FaultShown EventKind = "fault"
	// FaultDone: it was done.
	FaultDone EventKind = "fault-done"
	// LoadSent: how a load goes on. LoadOver: it ended. With Load.
	LoadSent EventKind = "load-sent"
	LoadOver EventKind = "load-over"
	// CommandRun: a command ended, with its output and exit code.
	CommandRun EventKind = "command"
	// Reported: what the checks say.
	Reported EventKind = "report"
	// Noticed: checks whose answers changed while the learner works.
	Noticed EventKind = "noticed"
	// PredictionAnswered: what was predicted, against what came.
	PredictionAnswered EventKind = "answer"
	// Explained: what happened, from the live objects.
	Explained EventKind = "explanation"
	// QuestionAsked: a question about what was seen.
	QuestionAsked EventKind = "ask"
	// QuestionAnswered: what was answered, against what is so.
	QuestionAnswered EventKind = "asked"
	// HintGiven: one rung of help.
	HintGiven EventKind = "hint"
	// StepPassed and StepSkipped: the step lies behind.
	StepPassed  EventKind = "passed"
	StepSkipped EventKind = "skipped"
	// LessonFinished: the last step is done and everything was cleared away.
	LessonFinished EventKind = "finished"
	// Note: something that was found, or takes a while.
	Note EventKind = "note"
	// Failed: something went wrong that is not the learner's fault.
	Failed EventKind = "error"
)

// Event is one thing that a learner sees. Which fields are set depends on its kind.
type Event struct {
	At     time.Time `json:"at"`
	Kind   EventKind `json:"kind"`
	Lesson string    `json:"lesson,omitempty"`
	Step   string    `json:"step,omitempty"`
	Title  string    `json:"title,omitempty"`
	// Number counts steps from 1, Of is how many there are.
	Number int `json:"number,omitempty"`
	Of     int `json:"of,omitempty"`
	// Text is Markdown for prose, plain for all else.
	Text string `json:"text,omitempty"`
	// Question is which prediction or question of its step it is, from 0.
	Question int      `json:"question,omitempty"`
	Options  []string `json:"options,omitempty"`
	// Commands are whole command lines.
	Commands []string `json:"commands,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	// Code is the exit code of a command.
	Code        int                  `json:"code,omitempty"`
	Output      string               `json:"output,omitempty"`
	Report      *check.Report        `json:"report,omitempty"`
	Explanation *explain.Explanation `json:"explanation,omitempty"`
	Answer      *Answer              `json:"answer,omitempty"`
	Load        *load.Tally          `json:"load,omitempty"`
	// Millis is how long it took.
	Millis int64 `json:"millis,omitempty"`
}

// Answer is what was said to a prediction or a question, against what is so.
type Answer struct {
	Ask  string `json:"ask"`
	Said string `json:"said,omitempty"`
	// Right is whether what was said is so.
	Right bool `json:"right"`
	// So is what is so.
	So []string `json:"so,omitempty"`
	// Reply answers the belief behind what was said, Because gives the reason for what is so.
	Reply   string `json:"reply,omitempty"`
	Because string `json:"because,omitempty"`
	// Evidence is what the live objects show, a line each.
	Evidence []string `json:"evidence,omitempty"`
}
