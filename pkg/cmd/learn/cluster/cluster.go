// Package cluster holds the commands that make, show and end practice clusters.
package cluster

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// New is the command that groups them.
func New(app *cmd.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "cluster",
		Short: "Make, stop, start and delete practice clusters",
		Long: `Make, stop, start and delete practice clusters.

There may be several, each with a name; the flag --name says which is meant.
Their files are below one folder of yours, and your kubeconfig is not changed.`,
		Example: cmd.Examples(
			"Make one and look at it", "cluster create\ncluster status",
			"End it for today, and for good", "cluster stop\ncluster delete",
		),
		Args: cmd.NoSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		newCreate(app), newStatus(app), newStop(app), newStart(app), newDelete(app), newList(app), newLogs(app), newUse(app), newNode(app), newImages(app), newLoadImages(app), newBuildImage(app),
		newAdopt(app), newForget(app),
	)
	return c
}

// byFlag is the Args of a command that takes none, and is easily given what goes with a flag.
func byFlag(flag string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return fmt.Errorf("%s takes no arguments; use %s %s", c.CommandPath(), flag, args[0])
	}
}
