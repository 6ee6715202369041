package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// LoadImagesOptions is what putting images on the nodes needs.
type LoadImagesOptions struct {
	*cmd.App
	Files []string
}

func newLoadImages(app *cmd.App) *cobra.Command {
	o := &LoadImagesOptions{App: app}
	return &cobra.Command{
		Use:   "load-images FILE...",
		Short: "Put container images from files on the nodes, without a registry",
		Long: `Put container images from files on the nodes, without a registry.

A file is what docker save writes. Clusters of the sandbox take none: what their
images run is built in.`,
		Example: cmd.Examples(
			"What Docker has, for Pods of a kind cluster", "$ docker save -o images.tar nginx:1.29\ncluster load-images images.tar",
		),
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.Files = args
			return o.Run(c.Context())
		},
	}
}

// Run loads one file after the other.
func (o *LoadImagesOptions) Run(ctx context.Context) error {
	h, err := o.OpenCluster(ctx)
	if err != nil {
		return err
	}
	loader, ok := h.(cluster.ImageLoader)
	if !ok {
		return fmt.Errorf("load images: clusters of provider %s take none; "+plugin.Command+" cluster images lists those that there are", h.Info().Provider)
	}
	for _, file := range o.Files {
		if err := loader.LoadImages(ctx, file, o.Progress("")); err != nil {
			return err
		}
	}
	return nil
}
