package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// ListOptions is what listing clusters needs.
type ListOptions struct {
	*cmd.App
	Output cmd.Output
}

func newList(app *cmd.App) *cobra.Command {
	o := &ListOptions{App: app}
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the practice clusters",
		Long: `List the practice clusters.

It starts and mends none.`,
		Example: cmd.Examples(
			"All of them", "cluster list",
		),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	o.Output.AddTo(c)
	return c
}

// Run lists the clusters, and mends none.
func (o *ListOptions) Run(ctx context.Context) error {
	if err := o.Output.Validate(); err != nil {
		return err
	}
	all, err := o.Clusters(ctx)
	if err != nil {
		return err
	}
	if !o.Output.ForPeople() {
		return o.Output.Print(o.Out, all, names(all)...)
	}
	if len(all) == 0 {
		fmt.Fprintf(o.Out, "No practice cluster yet. Make one: %s cluster create\n", o.Prefix())
		return nil
	}
	var rows [][]string
	for _, c := range all {
		up := ""
		if c.State == cluster.Running && !c.Started.IsZero() {
			up = cmd.Ago(o.Now().Sub(c.Started))
		}
		rows = append(rows, []string{c.Name, c.Provider, string(c.State), count(c.Nodes), c.Version, up})
	}
	return render.Table(o.Out, []string{"NAME", "PROVIDER", "STATE", "NODES", "VERSION", "UP"}, rows, o.Style())
}

// count is how many nodes there are; of a cluster whose nodes its user may not see, nobody knows.
func count(nodes []string) string {
	if len(nodes) == 0 {
		return "-"
	}
	return fmt.Sprint(len(nodes))
}

func names(all []cluster.Info) []string {
	var list []string
	for _, c := range all {
		list = append(list, "cluster/"+c.Name)
	}
	return list
}
