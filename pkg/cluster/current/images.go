package current

import (
	"context"
	"errors"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
)

// Images implements cluster.ImageLister: those that the nodes have, where the user may see nodes.
func (h *Handle) Images(ctx context.Context) ([]cluster.Image, error) {
	all, see, err := nodes(ctx, h.reader)
	switch {
	case err != nil:
		return nil, err
	case !see:
		return nil, errors.New("your rights on this cluster do not show its nodes, which tell what they have")
	}
	return live.Images(all), nil
}
