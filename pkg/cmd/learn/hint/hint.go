// Package hint is the command that gives help, one rung at a time.
package hint

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
		Use:   "hint",
		Short: "Get help with this step",
		Long: `Get help with this step.

Help comes one rung at a time. Between two of them, try something.`,
		Example: cmd.Examples(
			"A little help; the next time a little more", "hint",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
}

// Run gives the next hint, or the last one again. It does not say how many there are.
func (o *Options) Run(ctx context.Context) error {
	s, p, err := o.CurrentStep(ctx)
	if err != nil {
		return err
	}
	if p.Past.Passed {
		// No try counts anymore, so that no other hint would ever come.
		o.Narrator().Passed()
		return nil
	}
	help, err := s.Hint(ctx)
	if err != nil {
		return err
	}
	if help == nil {
		o.Narrator().Say("There is no hint for this step. What %s check says is all there is to know.", o.Prefix())
		return nil
	}
	n := o.Narrator()
	n.Show(session.Event{Kind: session.HintGiven, Text: help.Text})
	switch {
	case help.Again:
		n.Advice("Another hint comes after you tried something, and looked:", o.Prefix()+" check")
	case help.Exhausted:
		n.Advice("There are no more hints. The robot does the step for you:", o.Prefix()+" skip")
	}
	return nil
}
