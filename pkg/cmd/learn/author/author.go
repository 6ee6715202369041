// Package author holds the commands for people who write lessons.
package author

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// New is the command that groups them.
func New(app *cmd.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "author",
		Short: "Check and prove lessons that you write",
		Args:  cmd.NoSuchCommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newLint(app), newTest(app))
	return c
}
