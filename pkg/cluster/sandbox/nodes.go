package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// nodesWithin is how long nodes may take to become Ready. A slow laptop takes a tenth of it.
const nodesWithin = 3 * time.Minute

// podsWithin is how long kubelets that have just started may take to say anew how their Pods are.
const podsWithin = 10 * time.Second

const controlPlaneLabel = "node-role.kubernetes.io/control-plane"

func (h *Handle) client() (kubernetes.Interface, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", h.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig of cluster %s: %w", h.config.Name, err)
	}
	cfg.QPS = -1
	return kubernetes.NewForConfig(cfg)
}

// waitForNodes waits until every node that should be there can take Pods, and gives each what the
// kubelet may not give itself.
func (h *Handle) waitForNodes(ctx context.Context, s *starting, p cluster.Progress) (err error) {
	client, err := h.client()
	if err != nil {
		return err
	}
	want := map[string]sandbox.Node{}
	for _, n := range h.config.Nodes {
		if !n.Stopped && !n.Removing {
			want[n.Name] = n
		}
	}
	done := p.Stage(fmt.Sprintf("nodes %d of %d ready", len(want), len(want)))
	defer func() { done(err) }()
	ctx, cancel := context.WithTimeout(ctx, nodesWithin)
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	go func() {
		select {
		case err := <-s.ended:
			fail(err)
		case <-ctx.Done():
		}
	}()
	// The learner's rights come a moment after the API server.
	_ = wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 1})
		return err == nil, nil
	})
	lw := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "nodes", "", fields.Everything())
	_, err = watchtools.UntilWithSync(ctx, lw, &corev1.Node{}, nil, func(e watch.Event) (bool, error) {
		node, ok := e.Object.(*corev1.Node)
		if !ok || e.Type == watch.Deleted {
			return false, nil
		}
		n, ok := want[node.Name]
		if !ok {
			return false, nil
		}
		if err := equip(ctx, client, node, n); err != nil {
			return false, err
		}
		if booted(node, s.since[node.Name]) && live.Schedulable(node) {
			delete(want, node.Name)
		}
		return len(want) == 0, nil
	})
	if err != nil {
		var missing []string
		for name := range want {
			missing = append(missing, name)
		}
		slices.Sort(missing)
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("wait for nodes %v: %w", missing, err)
	}
	return nil
}

// waitForPods waits until no Pod claims to run as it did before its node was started again: who looks at
// it, or runs a command in it, would be deceived.
func (h *Handle) waitForPods(ctx context.Context, s *starting) error {
	client, err := h.client()
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, podsWithin)
	defer cancel()
	settled := func(ctx context.Context) (bool, error) {
		pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, nil
		}
		return !slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool { return outdated(&p, s.since[p.Spec.NodeName]) }), nil
	}
	if yes, _ := settled(within); yes {
		return ctx.Err()
	}
	done := s.progress.Stage("status of Pods up to date")
	_ = wait.PollUntilContextCancel(within, 50*time.Millisecond, false, settled)
	done(ctx.Err())
	return ctx.Err() // a kubelet that takes longer is no reason to refuse the cluster
}

// outdated says that a Pod's status tells of containers that ended with an earlier run of its node.
func outdated(p *corev1.Pod, since time.Time) bool {
	if since.IsZero() || p.DeletionTimestamp != nil {
		return false
	}
	since = since.Truncate(time.Second) // as the API has it
	return slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.State.Running != nil && c.State.Running.StartedAt.Time.Before(since)
	})
}

// equip sets a node's range of Pod addresses, and its role where it has one.
func equip(ctx context.Context, client kubernetes.Interface, node *corev1.Node, n sandbox.Node) error {
	patch := map[string]any{}
	if node.Spec.PodCIDR == "" {
		patch["spec"] = map[string]any{"podCIDR": n.PodCIDR(), "podCIDRs": []string{n.PodCIDR()}}
	}
	if _, has := node.Labels[controlPlaneLabel]; n.ControlPlane() && !has {
		patch["metadata"] = map[string]any{"labels": map[string]any{controlPlaneLabel: ""}}
	}
	if len(patch) == 0 {
		return nil
	}
	b, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, b, metav1.PatchOptions{FieldManager: "kubectl-learn"})
	if err != nil && !apierrors.IsConflict(err) {
		return fmt.Errorf("set up node %s: %w", node.Name, err)
	}
	return nil
}

// booted says that what the node reports comes from the run that began at since, and not from an
// earlier one. A node that was running all along has no since.
func booted(node *corev1.Node, since time.Time) bool {
	if since.IsZero() {
		return true
	}
	at, err := strconv.ParseInt(node.Status.NodeInfo.BootID, 16, 64)
	return err == nil && at >= since.UnixNano()
}

// AddNode implements cluster.NodeManager.
func (h *Handle) AddNode(ctx context.Context, name string, p cluster.Progress) (string, error) {
	err := h.locked(ctx, p, func() error {
		if err := h.mustRun(); err != nil {
			return err
		}
		index := 1
		for _, n := range h.config.Nodes {
			index = max(index, n.Index+1)
		}
		if len(h.config.Nodes) > maxWorkers {
			return fmt.Errorf("cluster %s has %d workers: that is the most", h.config.Name, maxWorkers)
		}
		for i := 1; name == ""; i++ {
			if _, taken := h.config.Node(workerName(i)); !taken {
				name = workerName(i)
			}
		}
		if cluster.ValidName(name) != nil {
			return fmt.Errorf("node name %q: use lower case letters, digits and '-', at most 32", name)
		}
		if _, ok := h.config.Node(name); ok {
			return fmt.Errorf("cluster %s has a node %s already", h.config.Name, name)
		}
		h.config.Nodes = append(h.config.Nodes, sandbox.Node{Name: name, Index: index})
		if err := h.config.Write(h.layout); err != nil {
			return err
		}
		return h.up(ctx, p)
	})
	if err != nil {
		return "", fmt.Errorf("add node: %w", err)
	}
	return name, nil
}

// RemoveNode implements cluster.NodeManager: the node's process ends, and its object is deleted, so
// that its Pods move at once.
func (h *Handle) RemoveNode(ctx context.Context, name string, p cluster.Progress) error {
	err := h.worker(ctx, name, p, func(n *sandbox.Node) error {
		n.Removing = true
		if err := h.config.Write(h.layout); err != nil {
			return err
		}
		return h.removeNode(ctx, *n, p)
	})
	if err != nil {
		return fmt.Errorf("remove node: %w", err)
	}
	return nil
}

func (h *Handle) removeNode(ctx context.Context, n sandbox.Node, p cluster.Progress) (err error) {
	done := p.Stage("remove node " + n.Name)
	defer func() { done(err) }()
	client, err := h.client()
	if err != nil {
		return err
	}
	if err := endPart(ctx, h.layout, n.Name, false); err != nil {
		return err
	}
	if err := client.CoreV1().Nodes().Delete(ctx, n.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete node %s: %w", n.Name, err)
	}
	if err := (podnet.Network{Dir: h.layout.Net()}).RemoveNode(n.IP()); err != nil {
		return err
	}
	if err := os.RemoveAll(h.layout.Node(n.Index)); err != nil {
		return err
	}
	for i, other := range h.config.Nodes {
		if other.Name == n.Name {
			h.config.Nodes = append(h.config.Nodes[:i], h.config.Nodes[i+1:]...)
			break
		}
	}
	return h.config.Write(h.layout)
}

// StopNode implements cluster.NodeManager.
func (h *Handle) StopNode(ctx context.Context, name string, p cluster.Progress) error {
	err := h.worker(ctx, name, p, func(n *sandbox.Node) (err error) {
		done := p.Stage("stop node " + name)
		defer func() { done(err) }()
		n.Stopped = true
		if err := h.config.Write(h.layout); err != nil {
			return err
		}
		if err := (podnet.Network{Dir: h.layout.Net()}).MarkDown(n.Index); err != nil {
			return err
		}
		return endPart(ctx, h.layout, name, true)
	})
	if err != nil {
		return fmt.Errorf("stop node: %w", err)
	}
	return nil
}

// StartNode implements cluster.NodeManager.
func (h *Handle) StartNode(ctx context.Context, name string, p cluster.Progress) error {
	err := h.worker(ctx, name, p, func(n *sandbox.Node) error {
		n.Stopped = false
		if err := h.config.Write(h.layout); err != nil {
			return err
		}
		return h.up(ctx, p)
	})
	if err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	return nil
}

// StoppedNodes implements cluster.NodeManager.
func (h *Handle) StoppedNodes() ([]string, error) {
	config, err := sandbox.ReadConfig(h.layout)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range config.Nodes {
		if n.Stopped {
			names = append(names, n.Name)
		}
	}
	return names, nil
}

// worker runs f on a worker of a running cluster.
func (h *Handle) worker(ctx context.Context, name string, p cluster.Progress, f func(*sandbox.Node) error) error {
	return h.locked(ctx, p, func() error {
		if err := h.mustRun(); err != nil {
			return err
		}
		n, ok := h.config.Node(name)
		if !ok {
			return cluster.NoNode(h.config.Name, name, h.Info().Nodes)
		}
		if n.ControlPlane() {
			return cluster.ErrControlPlaneNode
		}
		return f(n)
	})
}

func (h *Handle) mustRun() error {
	if h.config.State != sandbox.Running {
		return cluster.NotRunning(h.config.Name, cluster.State(h.config.State))
	}
	return nil
}
