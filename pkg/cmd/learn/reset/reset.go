// Package reset is the command that builds a step's start again.
package reset

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// Options is what the run needs.
type Options struct{ *cmd.App }

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	return &cobra.Command{
		Use:   "reset",
		Short: "Build the start of this step again",
		Long: `Build the start of this step again.

Everything in the lesson's namespace is deleted and built anew, the steps
before this one included.`,
		Example: cmd.Examples(
			"Begin this step again", "reset",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
}

// Run resets the step.
func (o *Options) Run(ctx context.Context) error {
	s, err := o.UnderWay(ctx)
	if err != nil {
		return err
	}
	p, err := s.Reset(ctx)
	if err != nil {
		return err
	}
	return o.Walker(s).Open(ctx, p)
}
