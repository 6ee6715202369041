// Package list is the command that lists the lessons.
package list

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
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
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
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
	// Status is new, begun or done.
	Status string `json:"status"`
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
		r := row{ID: h.ID, Title: h.Title, Summary: h.Summary, Minutes: h.Minutes, After: h.After, Teaches: h.Teaches, Status: "new"}
		past := state.Lessons[h.ID]
		if past == nil {
			past = &progress.Lesson{}
		} else {
			r.Status = "begun"
		}
		if !past.Finished.IsZero() {
			r.Status = "done"
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
	return render.Table(o.Out, table[0], table[1:], o.Style())
}
