package sandbox

import (
	"context"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
)

// Images implements cluster.ImageLister: those that are built in, and those that were built for the cluster.
func (h *Handle) Images(context.Context) ([]cluster.Image, error) {
	return image.Store{Dir: h.layout.Images()}.Images()
}
