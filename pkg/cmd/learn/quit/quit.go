// Package quit is the command that leaves a lesson.
package quit

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
		Use:   "quit",
		Short: "Leave the lesson and clear it away",
		Long: `Leave the lesson and clear it away.

Nothing of it is left on the cluster; which steps you did is remembered. To
leave the practice shell only, and come back later, type exit.`,
		Example: cmd.Examples(
			"Leave the lesson, and clear it away", "quit",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
}

// Run leaves the lesson.
func (o *Options) Run(ctx context.Context) error {
	s, err := o.UnderWay(ctx)
	if err != nil {
		return err
	}
	l, err := s.Quit(ctx)
	if err != nil {
		return err
	}
	o.Narrator().Say("You left %q. Nothing of it is left on the cluster.", l.Title)
	if l.Steps != nil { // else its file is gone
		o.Narrator().Advice("Come back", o.StartCommand(l.Header()))
	}
	return nil
}
