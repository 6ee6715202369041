// Package run is the command that has the robot play lessons.
package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// Options is what the run needs.
type Options struct {
	*cmd.App
	Lessons []string
	All     bool
	// Pace is how long to wait between things.
	Pace time.Duration
	// Output is empty for people, or json for a line an event.
	Output string
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	c := &cobra.Command{
		Use:   "run LESSON... | --all",
		Short: "Have the robot play lessons, for a demonstration or for CI",
		Long: `Have the robot play lessons, for a demonstration or for CI.

It shows all that a learner would see, does what a learner would do on the
cluster, and ends with an error where a check is not met. Your own progress
stays as it is.`,
		Example: cmd.Examples(
			"All lessons, slowly enough to talk about them", "run --all --pace 3s",
			"In CI: a JSON object a line", "run --all -o json",
		),
		ValidArgsFunction: app.CompleteLessons(0),
		RunE: func(c *cobra.Command, args []string) error {
			o.Lessons = args
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVar(&o.All, "all", false, "Play every lesson.")
	c.Flags().DurationVar(&o.Pace, "pace", 0, "Wait this long between things, for people who look on.")
	c.Flags().StringVarP(&o.Output, "output", "o", "", "Print in this format: json, an event a line.")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// Run plays the lessons one after the other. Checks that are not met are told by the exit code 1.
func (o *Options) Run(ctx context.Context) error {
	if o.Pace < 0 {
		return fmt.Errorf("--pace %s: give a time of 0 or more, for example 2s", o.Pace)
	}
	ids, err := o.choose()
	if err != nil {
		return err
	}
	h, err := o.EnsureCluster(ctx)
	if err != nil {
		return err
	}
	release, err := o.TakeForRobot()
	if err != nil {
		return err
	}
	defer release()
	see := o.see()
	s, err := o.Session(ctx, h, cmd.SessionOptions{Robot: true, Tell: see})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.Play(ctx, id, session.PlayOptions{Pace: o.Pace, See: see}); err != nil {
			return o.failed(see, id, err)
		}
	}
	return nil
}

func (o *Options) choose() ([]string, error) {
	switch {
	case o.Output != "" && o.Output != "json":
		return nil, fmt.Errorf("unknown output format %q; there is json", o.Output)
	case o.All && len(o.Lessons) > 0:
		return nil, errors.New("name lessons or give --all, not both")
	case !o.All && len(o.Lessons) == 0:
		return nil, errors.New("name a lesson, or give --all")
	}
	c, err := o.Catalog()
	if err != nil {
		return nil, err
	}
	for _, id := range o.Lessons {
		if _, err := c.Lookup(id); err != nil {
			return nil, err
		}
	}
	if !o.All {
		return o.Lessons, nil
	}
	var ids []string
	for _, h := range c.Order() {
		ids = append(ids, h.ID)
	}
	return ids, nil
}

// see shows events as text or as lines of JSON.
func (o *Options) see() func(session.Event) {
	if o.Output == "json" {
		lines := json.NewEncoder(o.Out)
		lines.SetEscapeHTML(false)
		return func(e session.Event) { _ = lines.Encode(e) }
	}
	n := o.Narrator()
	n.Robot = true
	return n.Show
}

// failed tells of an error in the events too, and turns checks that are not met into their exit code.
func (o *Options) failed(see func(session.Event), id string, err error) error {
	if o.Output == "json" {
		see(session.Event{At: o.Now(), Kind: session.Failed, Lesson: id, Text: err.Error()})
	}
	if _, unmet := errors.AsType[*session.Unmet](err); unmet {
		fmt.Fprintf(o.ErrOut, "learn: lesson %s: %v\n", id, err)
		return cmd.NotMet()
	}
	return fmt.Errorf("play lesson %s: %w", id, err)
}
