// Package skip is the command that has the robot do a step.
package skip

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
)

// Options is what the run needs.
type Options struct{ *cmd.App }

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	return &cobra.Command{
		Use:   "skip",
		Short: "Have the robot do this step, and go to the next",
		Long: `Have the robot do this step, and go to the next.

The robot types what the step asks for, so that the next step finds what it
needs. The step counts as skipped, not as done.`,
		Example: cmd.Examples(
			"I know this already", "skip",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
}

// Run skips the step.
func (o *Options) Run(ctx context.Context) error {
	s, p, err := o.CurrentStep(ctx)
	if err != nil {
		return err
	}
	to, err := s.Skip(ctx)
	if err != nil {
		return err
	}
	w := o.Walker(s)
	if !p.Past.Passed {
		w.Narrate.Show(session.Event{Kind: session.StepSkipped, Title: p.Step.Title})
	}
	return o.Arrive(ctx, w, p, to)
}
