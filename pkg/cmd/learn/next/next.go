// Package next is the command that goes to the next step.
package next

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// Options is what the run needs.
type Options struct{ *cmd.App }

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	return &cobra.Command{
		Use:   "next",
		Short: "Go to the next step, when this one is done",
		Long: `Go to the next step, when this one is done.

Where it is not done, it says what is missing, as check does.`,
		Example: cmd.Examples(
			"On to the next step", "next",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
}

// Run goes to the next step. Where this one is not done it says why, and is not met. A step that was
// never shown to its end is shown first: who broke off at a question does not know what is to be done.
func (o *Options) Run(ctx context.Context) error {
	s, p, err := o.CurrentStep(ctx)
	if err != nil {
		return err
	}
	w := o.Walker(s)
	switch {
	case p.Past.Passed:
		if err := w.AskRest(ctx, p); err != nil {
			return err
		}
	case !p.Shown():
		return w.Open(ctx, p)
	default:
		// The ending of a step that passes only now was not seen yet.
		met, err := w.Check(ctx)
		if err != nil || !met {
			return errors.Join(err, notMet(met))
		}
	}
	to, err := s.Next(ctx)
	if err != nil {
		return err
	}
	return o.Arrive(ctx, w, p, to)
}

func notMet(met bool) error {
	if met {
		return nil
	}
	return cmd.NotMet()
}
