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
		Short: "Write lessons of your own, look at them and prove them",
		Example: `  kubectl learn author new my-lesson
  kubectl learn author preview ./my-lesson
  kubectl learn author lint ./my-lesson
  kubectl learn author test ./my-lesson`,
		Args: cmd.NoSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newNew(app), newPreview(app), newLint(app), newTest(app), newSchema(app))
	return c
}
