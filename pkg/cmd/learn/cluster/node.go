package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// NodeOptions is what changing a cluster's nodes needs.
type NodeOptions struct{ *cmd.App }

func newNode(app *cmd.App) *cobra.Command {
	o := &NodeOptions{App: app}
	c := &cobra.Command{
		Use:   "node",
		Short: "Add, remove, stop and start nodes",
		Long: `Add, remove, stop and start nodes.

The control plane's node carries the whole cluster and stays. Nodes of kind
are as many as the cluster was made with: they stop and start only.`,
		Example: cmd.Examples(
			"One worker more, and then one fewer", "cluster node add\ncluster node remove worker-3",
			"What becomes of its Pods when a node fails?", "cluster node stop worker-1\nmap --watch",
		),
		Args: cmd.NoSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:   "add [NAME]",
		Short: "Add a worker",
		Long: `Add a worker.

Without a name it gets the next number. It takes Pods as soon as it is Ready.`,
		Example: cmd.Examples("One worker more", "cluster node add", "One with a name", "cluster node add big-one"),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return o.Add(c.Context(), name)
		},
	})
	c.AddCommand(
		o.leaf("remove", "Take a worker out of the cluster", "Its Pods are deleted with it, and made anew elsewhere by their owners.", "Node %s is gone.", cluster.NodeManager.RemoveNode),
		o.leaf("stop", "End a node at once, as if its power failed", "Nobody is told. The node controller notices when its heartbeat stays away.", "Node %s is off. Start it: "+plugin.Command+" cluster node start %[1]s", cluster.NodeManager.StopNode),
		o.leaf("start", "Start a node that was stopped", "Its kubelet reports, and ends what was meanwhile made elsewhere.", "Node %s is back.", cluster.NodeManager.StartNode),
		newPress(o),
	)
	return c
}

// change is what is done to one node.
type change func(m cluster.NodeManager, ctx context.Context, name string, p cluster.Progress) error

func (o *NodeOptions) leaf(verb, short, long, done string, do change) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " NAME",
		Short:             short,
		Long:              short + ".\n\n" + long,
		Example:           cmd.Examples("The first worker", "cluster node "+verb+" worker-1"),
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: o.CompleteNodes(),
		RunE: func(c *cobra.Command, args []string) error {
			return o.Change(c.Context(), args[0], done, do)
		},
	}
}

// Add adds a worker; an empty name lets the cluster choose.
func (o *NodeOptions) Add(ctx context.Context, name string) error {
	m, err := o.manager(ctx)
	if err != nil {
		return err
	}
	name, err = m.AddNode(ctx, name, o.Progress(""))
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "  Node %s is ready.\n", name)
	return nil
}

// Change does something to one node and says so.
func (o *NodeOptions) Change(ctx context.Context, name, done string, do change) error {
	m, err := o.manager(ctx)
	if err != nil {
		return err
	}
	if err := do(m, ctx, name, o.Progress("")); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "  "+done+"\n", name)
	return nil
}

func (o *NodeOptions) manager(ctx context.Context) (cluster.NodeManager, error) {
	h, err := o.OpenCluster(ctx)
	if err != nil {
		return nil, err
	}
	m, ok := h.(cluster.NodeManager)
	if err := o.NotOurs(h, "change its nodes"); err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("change nodes: clusters of provider %s do not allow that", h.Info().Provider)
	}
	return m, nil
}
