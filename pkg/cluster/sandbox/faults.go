package sandbox

import (
	"context"
	"fmt"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// KillContainer implements cluster.ContainerKiller.
func (h *Handle) KillContainer(ctx context.Context, namespace, pod, container string) error {
	client, err := h.client()
	if err != nil {
		return err
	}
	c, err := live.Container(ctx, client, namespace, pod, container)
	if err != nil {
		return fmt.Errorf("kill container: %w", err)
	}
	n, ok := h.config.Node(c.Node)
	if !ok {
		return fmt.Errorf("kill container: pod %s is on node %q, which cluster %s does not have", pod, c.Node, h.config.Name)
	}
	if err := runtime.Kill(ctx, h.layout.Control(n.Index), c.ID); err != nil {
		return fmt.Errorf("kill container %s of pod %s: %w", c.Name, pod, err)
	}
	return nil
}

// PressNode implements cluster.NodePresser.
func (h *Handle) PressNode(ctx context.Context, name string, left cluster.Left) error {
	n, ok := h.config.Node(name)
	switch {
	case !ok:
		return fmt.Errorf("press node: %w", cluster.NoNode(h.config.Name, name, h.Info().Nodes))
	case n.ControlPlane():
		return fmt.Errorf("press node: %s carries the whole cluster: name a worker", name)
	}
	if err := runtime.Take(ctx, h.layout.Control(n.Index), runtime.Left(left)); err != nil {
		return fmt.Errorf("press node %s: %w", name, err)
	}
	return nil
}

// RelieveNodes implements cluster.NodePresser.
func (h *Handle) RelieveNodes(ctx context.Context) error {
	for _, n := range h.config.Nodes {
		if _, up := sandbox.Alive(h.layout, n.Name); n.ControlPlane() || !up {
			continue
		}
		if err := h.PressNode(ctx, n.Name, cluster.Left{Memory: -1, Disk: -1}); err != nil {
			return err
		}
	}
	return nil
}
