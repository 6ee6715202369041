// Package shell is the command that opens the practice shell.
package shell

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Options is what the run needs.
type Options struct {
	*cmd.App
	// Program is the shell to open; empty means the learner's own.
	Program string
}

// New is the command.
func New(app *cmd.App) *cobra.Command {
	o := &Options{App: app}
	c := &cobra.Command{
		Use:   "shell",
		Short: "Open a shell whose kubectl talks to the practice cluster",
		Long: `Open a shell whose kubectl talks to the practice cluster.

It is your own shell. In it kubectl talks to the practice cluster, and "learn" is
short for "` + plugin.Command + `". None of your own files is changed; exit leaves it.`,
		Example: cmd.Examples(
			"Your own shell", "shell",
			"Another one", "shell --shell zsh",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	c.Flags().StringVar(&o.Program, "shell", "", "Open this shell: bash, zsh, fish or powershell. Default: your own.")
	_ = c.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions([]string{"bash", "zsh", "fish", "powershell"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// Run opens the shell.
func (o *Options) Run(ctx context.Context) error {
	switch {
	case o.InShell():
		return errors.New("this is the practice shell already")
	case !o.Interactive():
		return errors.New("open the practice shell: there is no terminal")
	}
	h, err := o.EnsureCluster(ctx)
	if err != nil {
		return err
	}
	if err := o.PracticeShell(ctx, h, o.Program); err != nil {
		return err
	}
	o.Goodbye(h)
	return nil
}
