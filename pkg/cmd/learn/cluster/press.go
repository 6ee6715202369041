package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// PressOptions is what is to be left of a node.
type PressOptions struct {
	*NodeOptions
	// Memory and Disk are quantities as Pods ask for them; empty: all there is.
	Memory, Disk string
}

func newPress(node *NodeOptions) *cobra.Command {
	o := &PressOptions{NodeOptions: node}
	c := &cobra.Command{
		Use:   "press NAME",
		Short: "Leave a node short of memory or disk, or take that back",
		Long: `Leave Pods of a node no more than so much memory or disk beyond what they use
now, as if a service of the node's own ran wild. Nothing of your machine is
used up. The kubelet notices within 10 seconds: with less than 100Mi of memory
or 5 % of the disk the node reports pressure, is tainted, and Pods are evicted.

Without a flag the node gets everything back.`,
		Example: cmd.Examples(
			"A Pod on worker-1 that grows by more than 50Mi is evicted", "cluster node press worker-1 --memory 150Mi",
			"All is well again", "cluster node press worker-1",
		),
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: o.CompleteNodes(),
		RunE:              func(c *cobra.Command, args []string) error { return o.Run(c.Context(), args[0]) },
	}
	c.Flags().StringVar(&o.Memory, "memory", "", "Leave this much memory for Pods, for example 150Mi.")
	c.Flags().StringVar(&o.Disk, "disk", "", "Leave this much disk for Pods, for example 2Gi.")
	return c
}

// Run presses the node.
func (o *PressOptions) Run(ctx context.Context, name string) error {
	left := cluster.Left{Memory: -1, Disk: -1}
	for _, q := range []struct {
		flag, text string
		to         *int64
	}{{"memory", o.Memory, &left.Memory}, {"disk", o.Disk, &left.Disk}} {
		if q.text == "" {
			continue
		}
		v, err := resource.ParseQuantity(q.text)
		if err != nil || v.Sign() < 0 {
			return fmt.Errorf("--%s %s: write a quantity such as 150Mi or 2Gi", q.flag, q.text)
		}
		*q.to = v.Value()
	}
	h, err := o.OpenCluster(ctx)
	if err != nil {
		return err
	}
	p, ok := h.(cluster.NodePresser)
	if err := o.NotOurs(h, "press its nodes"); err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("press node: clusters of provider %s do not allow that", h.Info().Provider)
	}
	if err := p.PressNode(ctx, name, left); err != nil {
		return err
	}
	if o.Memory == "" && o.Disk == "" {
		fmt.Fprintf(o.Out, "  Node %s has everything back. It reports no pressure after 20 to 30 seconds.\n", name)
		return nil
	}
	fmt.Fprintf(o.Out, "  Node %s runs short. Its kubelet notices within 10 seconds.\n", name)
	return nil
}
