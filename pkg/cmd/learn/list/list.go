// Package list is the command that lists the lessons.
package list

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
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
	o := &Options{App: app, Output: cmd.Output{Extra: []string{render.Wide}}}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the lessons",
		Long: `List the lessons.

Those before which others should be done come later. A sign tells which are done,
and where you are.`,
		Example: cmd.Examples(
			"All lessons, and how far you are", "list",
			"With what each is about", "list -o wide",
			"Those of a folder of your own, too", "list --lessons ./my-lessons",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	o.Output.AddTo(c)
	return c
}

// row is one lesson.
type row struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Summary string   `json:"summary"`
	Minutes int      `json:"minutes"`
	After   []string `json:"after,omitempty"`
	Teaches []string `json:"teaches,omitempty"`
	Steps   []step   `json:"steps"`
	Done    int      `json:"done"`
	// Status is new, begun or done; broken of a lesson of one's own that can't be read.
	Status string `json:"status"`
	// From is the folder, file or bundle that the lesson comes from; empty for one that is built in.
	From string `json:"from,omitempty"`
}

type step struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Done  bool   `json:"done,omitempty"`
}

// Run lists the lessons in their order.
func (o *Options) Run(context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	rows, err := o.rows()
	if err != nil {
		return err
	}
	if !o.Output.ForPeople() {
		var names []string
		for _, r := range rows {
			names = append(names, "lesson/"+r.ID)
		}
		return o.Output.Print(o.Out, rows, names...)
	}
	return o.show(rows)
}

func (o *Options) rows() ([]row, error) {
	c, err := o.Catalog()
	if err != nil {
		return nil, err
	}
	state, err := o.Log().State()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, h := range c.Order() {
		r := row{ID: h.ID, Title: h.Title, Summary: h.Summary, Minutes: h.Minutes, After: h.After, Teaches: h.Teaches, Status: "new", From: h.From}
		past := state.Lessons[h.ID]
		if past == nil {
			past = &progress.Lesson{}
		} else {
			r.Status = "begun"
		}
		if !past.Finished.IsZero() {
			r.Status = "done"
		}
		if h.From != "" { // those that are built in can be read
			if _, err := c.Lesson(h.ID); err != nil {
				r.Status = "broken"
			}
		}
		for _, s := range h.Steps {
			done := past.Steps[s.ID].Done()
			if done {
				r.Done++
			}
			r.Steps = append(r.Steps, step{ID: s.ID, Title: s.Title, Done: done})
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (o *Options) show(rows []row) error {
	table := [][]string{{"LESSON", "TITLE", "MINUTES", "STEPS", "STATUS"}}
	if o.Output.ShowWide() {
		table[0] = append(table[0], "AFTER", "TEACHES")
	}
	for _, r := range rows {
		line := []string{r.ID, r.Title, fmt.Sprint(r.Minutes), fmt.Sprintf("%d/%d", r.Done, len(r.Steps)), r.Status}
		if o.Output.ShowWide() {
			line = append(line, strings.Join(r.After, ","), strings.Join(r.Teaches, ", "))
		}
		table = append(table, line)
	}
	var shown strings.Builder
	if err := render.Table(&shown, table[0], table[1:], o.Style()); err != nil {
		return err
	}
	from := ""
	for i, line := range strings.SplitAfter(shown.String(), "\n") {
		if i > 0 && i <= len(rows) && rows[i-1].From != from {
			from = rows[i-1].From
			fmt.Fprintf(o.Out, "\n  %s\n", o.Style().Dim("From "+near(from)))
		}
		fmt.Fprint(o.Out, line)
	}
	if i := slices.IndexFunc(rows, func(r row) bool { return r.Status == "broken" }); i >= 0 {
		o.Narrator().Advice("What is wrong?", fmt.Sprintf("%s author lint --lessons %s", plugin.Command, cmd.Quoted(near(rows[i].From))))
	}
	return nil
}

// near is a path as it is seen from here, where it lies below.
func near(path string) string {
	here, err := filepath.Abs(".")
	if err != nil {
		return path
	}
	if below, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(below) {
		return below
	}
	return path
}
