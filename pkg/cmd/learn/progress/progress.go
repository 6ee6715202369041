// Package progress is the command that tells what was done, and when.
package progress

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/progress"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// Options is what the run needs.
type Options struct {
	*cmd.App
	Output cmd.Output
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	c := &cobra.Command{
		Use:   "progress",
		Short: "Tell what you did, when, and in how many tries",
		Long: `Tell what you did, when, and in how many tries.

It is read from a file of your own, and asks no cluster.`,
		Example: cmd.Examples(
			"Step by step", "progress",
			"For a program", "progress -o json",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	o.Output.AddTo(c)
	return c
}

// Run tells of every lesson that was begun.
func (o *Options) Run(context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	state, err := o.Log().State()
	if err != nil {
		return err
	}
	if !o.Output.ForPeople() {
		var names []string
		for id := range state.Lessons {
			names = append(names, "lesson/"+id)
		}
		return o.Output.Print(o.Out, state, names...)
	}
	c, err := o.Catalog()
	if err != nil {
		return err
	}
	rows := [][]string{{"LESSON", "STEP", "DONE", "TRIES", "WHEN"}}
	for _, h := range c.Order() {
		rows = append(rows, o.rows(h, state.Lessons[h.ID])...)
		delete(state.Lessons, h.ID)
	}
	// What is left was done with lessons that are not at hand now.
	for _, id := range slices.Sorted(maps.Keys(state.Lessons)) {
		past := state.Lessons[id]
		rows = append(rows, o.rows(lesson.Header{ID: id, Steps: begun(past)}, past)...)
	}
	if len(rows) == 1 {
		fmt.Fprintf(o.Out, "Nothing yet. Begin: %s start\n", o.Prefix())
		return nil
	}
	return render.Table(o.Out, rows[0], rows[1:], o.Style())
}

// begun are the steps of a lesson that was begun, in the order in which they were.
func begun(past *progress.Lesson) []lesson.StepHeader {
	ids := slices.SortedFunc(maps.Keys(past.Steps), func(a, b string) int {
		return cmp.Or(past.Steps[a].Begun.Compare(past.Steps[b].Begun), strings.Compare(a, b))
	})
	var steps []lesson.StepHeader
	for _, id := range ids {
		steps = append(steps, lesson.StepHeader{ID: id})
	}
	return steps
}

// rows has a line for each step that was begun.
func (o *Options) rows(h lesson.Header, past *progress.Lesson) [][]string {
	var rows [][]string
	if past == nil {
		return nil
	}
	for _, s := range h.Steps {
		did := past.Steps[s.ID]
		if did == nil {
			continue
		}
		how, at := "no", did.Begun
		switch {
		case !did.Passed.IsZero():
			how, at = "yes", did.Passed
		case !did.Skipped.IsZero():
			how, at = "by the robot", did.Skipped
		}
		rows = append(rows, []string{h.ID, s.ID, how, fmt.Sprint(did.Tries), o.when(at)})
	}
	return rows
}

func (o *Options) when(at time.Time) string { return cmd.Ago(o.Now().Sub(at)) + " ago" }
