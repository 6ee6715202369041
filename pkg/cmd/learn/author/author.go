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
		Long: `Write lessons of your own, look at them and prove them.

A lesson is one Markdown file. A robot proves it before people see it: that no
step is done before its time, that each can be done, and that what is said to
plausible mistakes is true.`,
		Example: cmd.Examples(
			"A lesson of your own, from its first line to its proof", "author new my-lesson\nauthor preview ./my-lesson\nauthor lint ./my-lesson\nauthor test ./my-lesson",
		),
		Args: cmd.NoSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newNew(app), newPreview(app), newLint(app), newTest(app), newSchema(app))
	return c
}
