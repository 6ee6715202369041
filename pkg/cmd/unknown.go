package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// NoSuchCommand is the Args of a command that only groups others: its arguments are commands that
// there are not.
func NoSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, append(sub.Aliases, sub.Name())...)
		}
	}
	if near := snapshot.Nearest(args[0], names); near != "" {
		return fmt.Errorf("unknown command %q; did you mean %q?", args[0], near)
	}
	return fmt.Errorf("unknown command %q; for all of them: %s --help", args[0], c.CommandPath())
}
