package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// errFixed says what kind can't do.
var errFixed = errors.New("kind gives a cluster its nodes once, when it is made: delete it and make one with as many as you want (" + plugin.Command + " cluster create --nodes N). The sandbox adds and removes nodes: --provider sandbox")

// AddNode implements cluster.NodeManager: kind can't.
func (h *Handle) AddNode(context.Context, string, cluster.Progress) (string, error) {
	return "", fmt.Errorf("add node: %w", errFixed)
}

// RemoveNode implements cluster.NodeManager: kind can't.
func (h *Handle) RemoveNode(context.Context, string, cluster.Progress) error {
	return fmt.Errorf("remove node: %w", errFixed)
}

// StopNode implements cluster.NodeManager: the container is killed.
func (h *Handle) StopNode(ctx context.Context, name string, p cluster.Progress) error {
	err := h.worker(ctx, name, p, func(n *nodeRecord) (err error) {
		done := p.Stage("stop node " + name)
		defer func() { done(err) }()
		n.Stopped = true
		if err := h.folder.write(h.record); err != nil {
			return err
		}
		_, err = h.engine.run(ctx, "kill", n.Container)
		if err != nil && strings.Contains(strings.ToLower(err.Error()), "not running") {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("stop node: %w", err)
	}
	return nil
}

// StartNode implements cluster.NodeManager.
func (h *Handle) StartNode(ctx context.Context, name string, p cluster.Progress) error {
	err := h.worker(ctx, name, p, func(n *nodeRecord) error {
		n.Stopped = false
		if err := h.folder.write(h.record); err != nil {
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
	r, err := h.folder.read()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range r.Nodes {
		if n.Stopped {
			names = append(names, n.Name)
		}
	}
	return names, nil
}

// worker runs f on a worker of a running cluster.
func (h *Handle) worker(ctx context.Context, name string, p cluster.Progress, f func(*nodeRecord) error) error {
	return h.locked(ctx, p, func() error {
		if h.record.State != cluster.Running {
			return cluster.NotRunning(h.record.Name, h.record.State)
		}
		n := h.record.node(name)
		if n == nil || n.Balancer {
			return cluster.NoNode(h.record.Name, name, h.record.names())
		}
		if n.ControlPlane {
			return cluster.ErrControlPlaneNode
		}
		return f(n)
	})
}

// KillContainer implements cluster.ContainerKiller: the node's container runtime kills the process,
// as the kernel would.
func (h *Handle) KillContainer(ctx context.Context, namespace, pod, container string) error {
	client, err := h.client()
	if err != nil {
		return err
	}
	c, err := live.Container(ctx, client, namespace, pod, container)
	if err != nil {
		return fmt.Errorf("kill container: %w", err)
	}
	n, err := h.kindNode(c.Node)
	if err != nil {
		return fmt.Errorf("kill container: pod %s is on node %s: %w", pod, c.Node, err)
	}
	if err := n.CommandContext(ctx, "ctr", "--namespace=k8s.io", "task", "kill", "--signal", "SIGKILL", c.ID).Run(); err != nil {
		return fmt.Errorf("kill container %s of pod %s: %w", c.Name, pod, said(err))
	}
	return nil
}

func (h *Handle) kindNode(name string) (nodes.Node, error) {
	all, err := h.kinds()
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		if n.String() == name {
			return n, nil
		}
	}
	return nil, fmt.Errorf("cluster %s has no node %q", h.record.Name, name)
}

// writeFile writes a file on a node, whose folder is made.
func (h *Handle) writeFile(ctx context.Context, nodeName, file, content string) error {
	n, err := h.kindNode(nodeName)
	if err != nil {
		return err
	}
	if err := n.CommandContext(ctx, "mkdir", "-p", path.Dir(file)).Run(); err != nil {
		return fmt.Errorf("make folder %s on node %s: %w", path.Dir(file), nodeName, said(err))
	}
	if err := n.CommandContext(ctx, "cp", "/dev/stdin", file).SetStdin(strings.NewReader(content)).Run(); err != nil {
		return fmt.Errorf("write %s on node %s: %w", file, nodeName, said(err))
	}
	return nil
}

// output runs a command on a node, whose output goes to w.
func output(ctx context.Context, n nodes.Node, w io.Writer, command string, args ...string) error {
	var errors bytes.Buffer
	err := n.CommandContext(ctx, command, args...).SetStdout(w).SetStderr(&errors).Run()
	if err != nil && errors.Len() > 0 {
		return fmt.Errorf("%w: %s", err, lastLine(errors.String()))
	}
	return err
}
