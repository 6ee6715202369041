package sandbox

import (
	"context"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// upgrade gives a cluster that another version of this program made the Kubernetes of this one,
// before any part of it is started: a kubelet must not be newer than its API server. What runs goes on
// with the version that it has for as long as all of it runs. The lock is held.
func (h *Handle) upgrade(ctx context.Context, p cluster.Progress) error {
	if h.config.Version == sandbox.Version {
		return nil
	}
	if err := sandbox.Upgrade(h.config.Name, h.config.Version, sandbox.Version); err != nil {
		return err
	}
	p.Note("Cluster %s is of Kubernetes %s; it goes on with %s, which this program brings. Its objects stay.", h.config.Name, h.config.Version, sandbox.Version)
	if err := endAll(ctx, h.layout, false); err != nil {
		return err
	}
	h.config.Version = sandbox.Version
	return h.config.Write(h.layout)
}
