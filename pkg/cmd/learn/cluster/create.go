package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// CreateOptions is what making a cluster needs.
type CreateOptions struct {
	*cmd.App
	// Nodes is the number of workers.
	Nodes int
}

func newCreate(app *cmd.App) *cobra.Command {
	o := &CreateOptions{App: app}
	c := &cobra.Command{
		Use:   "create",
		Short: "Make a practice cluster, or finish one that is half made",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	c.Flags().IntVar(&o.Nodes, "nodes", 2, "How many worker nodes it has.")
	return c
}

// Run makes the cluster.
func (o *CreateOptions) Run(ctx context.Context) error {
	if o.Nodes < 1 {
		return fmt.Errorf("create cluster %s: --nodes %d: it needs at least one", o.Cluster, o.Nodes)
	}
	h, err := o.CreateCluster(ctx, cluster.CreateOptions{Name: o.Cluster, Workers: o.Nodes})
	if errors.Is(err, cluster.ErrExists) {
		return fmt.Errorf("%w. How it is: %s cluster status. Another one: --name NAME", err, o.Prefix())
	}
	if err != nil {
		return err
	}
	i := h.Info()
	fmt.Fprintf(o.Out, "  Practice cluster %s is there: Kubernetes %s, %d nodes.\n", i.Name, i.Version, len(i.Nodes))
	o.Narrator().Advice("Begin", o.Prefix()+" start", "Look around", o.Prefix()+" shell")
	return nil
}
