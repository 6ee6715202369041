package sandbox

import (
	"context"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// Images implements cluster.ImageLister: those that are built in.
func (h *Handle) Images(context.Context) ([]cluster.Image, error) {
	var out []cluster.Image
	for _, i := range program.Images() {
		out = append(out, cluster.Image{
			Name: program.Familiar(i.Repository), Tags: i.Tags, Usual: i.Usual, About: i.About, Size: i.Size, Digest: i.Digest,
		})
	}
	slices.SortStableFunc(out, func(a, b cluster.Image) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
