package learn

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// nearestFlag is the flag of a command whose name is most like the one given, or empty.
func nearestFlag(c *cobra.Command, name string) string {
	var names []string
	collect := func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	c.Flags().VisitAll(collect)
	c.InheritedFlags().VisitAll(collect)
	return snapshot.Nearest(name, names)
}
