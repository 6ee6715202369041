// Package strike is the command that does to the cluster what a step says will be done to it.
package strike

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
		Use:   "strike",
		Short: "Break what this step says will be broken",
		Long: `Break what this step says will be broken: the process of a container, or a
whole node, or the peace of a Service, to which many requests are sent.

Requests go on for a while. In the practice shell you get your prompt back
meanwhile, and a line tells when they are over. Elsewhere this command sends
them itself; Ctrl-C stops it, and so does the end of the step.

Only practice clusters are struck, and only as the step says.`,
		Example: cmd.Examples(
			"Now, while I look", "strike",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
}

// Run strikes.
func (o *Options) Run(ctx context.Context) error {
	s, err := o.UnderWay(ctx)
	if err != nil {
		return err
	}
	return o.Walker(s).Strike(ctx)
}
