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
	// Metrics adds what serves figures of CPU and memory.
	Metrics bool
	// Make goes to the provider as it is; its name and number of workers are filled in.
	Make cluster.CreateOptions
}

func newCreate(app *cmd.App) *cobra.Command {
	o := &CreateOptions{App: app}
	c := &cobra.Command{
		Use:   "create",
		Short: "Make a practice cluster, or finish one that is half made",
		Long: `Make a practice cluster, or finish one that is half made.

start makes one by itself. This command is for one of other sizes, or of another
name, and to have one without a lesson.`,
		Example: cmd.Examples(
			"Three workers, compiled in, without Docker", "cluster create --provider sandbox --nodes 3",
			"A second cluster, of real containers", "cluster create --provider kind --name demo",
		),
		Args: byFlag("--name"),
		RunE: func(c *cobra.Command, _ []string) error { return o.Run(c.Context()) },
	}
	f := c.Flags()
	f.IntVar(&o.Nodes, "nodes", 2, "Make this many worker nodes. With --kind-config its file says.")
	f.StringVar(&o.Make.Image, "image", "", "kind: the node image. Default: $KUBECTL_LEARN_NODE_IMAGE, or kind's own.")
	f.StringVar(&o.Make.Version, "kubernetes-version", "", "kind: the version of the node image, such as 1.36.1.")
	f.StringVar(&o.Make.ConfigFile, "kind-config", "", "kind: a file of settings, as kind reads it, laid over ours.")
	f.StringArrayVar(&o.Make.Archives, "image-archive", nil, "kind: a file of images that docker save wrote, for rooms without internet: the node image, or what is to run. May be repeated.")
	f.BoolVar(&o.Metrics, "metrics", false, "Add metrics-server now. Lessons that need it add it themselves.")
	c.MarkFlagsMutuallyExclusive("nodes", "kind-config")
	c.MarkFlagsMutuallyExclusive("image", "kubernetes-version")
	return c
}

// Run makes the cluster.
func (o *CreateOptions) Run(ctx context.Context) error {
	if o.Nodes < 1 {
		return fmt.Errorf("create cluster %s: --nodes %d: it needs at least one", o.Cluster, o.Nodes)
	}
	o.Make.Name, o.Make.Workers = o.Cluster, o.Nodes
	h, err := o.CreateCluster(ctx, o.Make)
	if errors.Is(err, cluster.ErrExists) {
		return fmt.Errorf("%w. How it is: %s cluster status. Another one: --name NAME", err, o.Prefix())
	}
	if err != nil {
		return err
	}
	if o.Metrics {
		if err := o.installMetrics(ctx, h); err != nil {
			return err
		}
	}
	i := h.Info()
	fmt.Fprintf(o.Out, "  Practice cluster %s is there: Kubernetes %s, %d nodes.\n", i.Name, i.Version, len(i.Nodes))
	o.Narrator().Advice("Begin", o.Prefix()+" start", "Look around", o.Prefix()+" shell")
	return nil
}

func (o *CreateOptions) installMetrics(ctx context.Context, h cluster.Handle) error {
	m, ok := h.(cluster.MetricsInstaller)
	if !ok && h.Capabilities().Metrics {
		return nil // built in
	}
	if !ok {
		return fmt.Errorf("add metrics-server: clusters of provider %s can't have it", h.Info().Provider)
	}
	return m.InstallMetrics(ctx, o.Progress(""))
}
