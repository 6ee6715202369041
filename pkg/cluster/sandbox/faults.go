package sandbox

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// KillContainer implements cluster.ContainerKiller.
func (h *Handle) KillContainer(ctx context.Context, namespace, pod, container string) error {
	client, err := h.client()
	if err != nil {
		return err
	}
	p, err := client.CoreV1().Pods(namespace).Get(ctx, pod, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("kill container: %w", err)
	}
	status, err := live.Container(p, container)
	if err != nil {
		return fmt.Errorf("kill container: %w", err)
	}
	n, ok := h.config.Node(p.Spec.NodeName)
	if !ok {
		return fmt.Errorf("kill container: pod %s is on node %q, which cluster %s does not have", pod, p.Spec.NodeName, h.config.Name)
	}
	_, id, _ := strings.Cut(status.ContainerID, "://")
	if err := runtime.Kill(ctx, h.layout.Control(n.Index), id); err != nil {
		return fmt.Errorf("kill container %s of pod %s: %w", status.Name, pod, err)
	}
	return nil
}
