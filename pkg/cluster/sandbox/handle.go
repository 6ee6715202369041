package sandbox

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/identity"
)

// Handle is one cluster of the sandbox.
type Handle struct {
	layout sandbox.Layout
	config *sandbox.Config
}

var (
	_ cluster.Handle          = (*Handle)(nil)
	_ cluster.NodeManager     = (*Handle)(nil)
	_ cluster.ContainerKiller = (*Handle)(nil)
	_ cluster.NodePresser     = (*Handle)(nil)
	_ cluster.Auditor         = (*Handle)(nil)
	_ cluster.LogReader       = (*Handle)(nil)
	_ cluster.LogExporter     = (*Handle)(nil)
)

// Info implements cluster.Handle.
func (h *Handle) Info() cluster.Info {
	i := cluster.Info{
		Name: h.config.Name, Provider: Name, State: cluster.State(h.config.State), Version: h.config.Version,
		Created: h.config.Created, Started: h.config.Started, Server: h.config.Server(),
	}
	for _, n := range h.config.Nodes {
		i.Nodes = append(i.Nodes, n.Name)
	}
	if h.config.State == sandbox.Running && len(h.dead()) > 0 {
		i.State = cluster.Broken
	}
	return i
}

// Kubeconfig implements cluster.Handle.
func (h *Handle) Kubeconfig() string { return h.layout.Kubeconfig() }

// Permit implements cluster.Handle: we made this cluster.
func (h *Handle) Permit() kube.Permit { return kube.Unconditional{} }

// AuditLog implements cluster.Auditor.
func (h *Handle) AuditLog(context.Context) (string, error) { return h.layout.AuditLog(), nil }

// Capabilities implements cluster.Handle.
func (h *Handle) Capabilities() cluster.Capabilities {
	workers := 0
	for _, n := range h.config.Nodes {
		if !n.ControlPlane() && !n.Stopped && !n.Removing {
			workers++
		}
	}
	return cluster.Capabilities{
		Nodes: workers, Exec: true, Metrics: true, AddNodes: true, StopNode: true, KillContainer: true, PressNode: true, Audit: true,
		ReadNodes: true, SeeNodes: true, CordonNodes: true,
	}
}

// dead names the parts that should run and do not.
func (h *Handle) dead() (parts []string) {
	for _, n := range h.config.Nodes {
		if n.Stopped {
			continue
		}
		if _, ok := sandbox.Alive(h.layout, n.Name); !ok {
			parts = append(parts, n.Name)
		}
	}
	return parts
}

func (h *Handle) needsMending() bool {
	switch h.config.State {
	case sandbox.Stopped:
		return false
	case sandbox.Creating, sandbox.Deleting:
		return true
	}
	for _, n := range h.config.Nodes {
		if n.Removing {
			return true
		}
	}
	return len(h.dead()) > 0 || h.starting()
}

// starting says that a command started parts and did not see them ready: it is about to, or it was ended.
func (h *Handle) starting() bool {
	_, err := os.Stat(h.layout.Starting())
	return err == nil
}

// mend finishes what was left half done, and starts what should run. The lock is held.
func (h *Handle) mend(ctx context.Context, p cluster.Progress) error {
	name := h.config.Name
	switch h.config.State {
	case sandbox.Creating:
		p.Note("Cluster %s is half made; finishing it.", name)
		return h.up(ctx, p)
	case sandbox.Deleting:
		p.Note("Cluster %s is half deleted; finishing that.", name)
		if err := clear(ctx, h.layout); err != nil {
			return fmt.Errorf("delete cluster %s: %w", name, err)
		}
		return fmt.Errorf("%s: %w", name, cluster.ErrNotFound)
	case sandbox.Stopped:
		return nil
	}
	for _, n := range append([]sandbox.Node{}, h.config.Nodes...) {
		if n.Removing {
			p.Note("Node %s is half removed; finishing that.", n.Name)
			if err := h.removeNode(ctx, n, p); err != nil {
				return err
			}
		}
	}
	dead := h.dead()
	switch {
	case len(dead) == 0 && !h.starting():
		return nil
	case len(dead) == 0: // the command that started them was ended
	case len(dead) == len(h.config.Nodes):
		p.Note("No process of cluster %s is running (was the machine restarted?); starting it again.", name)
	default:
		p.Note("Found %s of cluster %s ended; starting it again.", strings.Join(dead, ", "), name)
	}
	return h.up(ctx, p)
}

// Start implements cluster.Handle.
func (h *Handle) Start(ctx context.Context, p cluster.Progress) error {
	return h.locked(ctx, p, func() error { return h.up(ctx, p) })
}

// Stop implements cluster.Handle.
func (h *Handle) Stop(ctx context.Context, p cluster.Progress) error {
	return h.locked(ctx, p, func() (err error) {
		done := p.Stage("stop cluster " + h.config.Name)
		defer func() { done(err) }()
		h.config.State, h.config.Started = sandbox.Stopped, time.Time{}
		if err := h.config.Write(h.layout); err != nil {
			return err
		}
		return endAll(ctx, h.layout, false)
	})
}

// locked runs f as the only command that changes this cluster, on the newest Config.
func (h *Handle) locked(ctx context.Context, p cluster.Progress, f func() error) error {
	unlock, err := lock(ctx, h.layout, p)
	if err != nil {
		return err
	}
	defer unlock()
	if h.config, err = sandbox.ReadConfig(h.layout); err != nil {
		return err
	}
	return f()
}

// up starts every part that should run and does not, and returns when all nodes can take Pods.
// The lock is held.
func (h *Handle) up(ctx context.Context, p cluster.Progress) error {
	if len(h.dead()) > 0 {
		if err := roomFor(ctx, h.layout.Dir); err != nil {
			return err
		}
		if err := h.upgrade(ctx, p); err != nil {
			return err
		}
	}
	if err := h.choosePort(ctx, p); err != nil {
		return err
	}
	if err := h.issue(); err != nil {
		return err
	}
	if err := os.WriteFile(h.layout.Starting(), nil, 0o600); err != nil {
		return fmt.Errorf("start cluster %s: %w", h.config.Name, err)
	}
	started, err := h.startDead(ctx, p)
	if err != nil {
		return err
	}
	if err := started.wait(ctx); err != nil {
		return err
	}
	if err := h.waitForNodes(ctx, started, p); err != nil {
		return err
	}
	if err := h.waitForPods(ctx, started); err != nil {
		return err
	}
	if h.config.Started.IsZero() || h.config.State != sandbox.Running {
		h.config.Started = time.Now().UTC()
	}
	h.config.State = sandbox.Running
	if err := h.config.Write(h.layout); err != nil {
		return err
	}
	return os.Remove(h.layout.Starting())
}

// portWithin is how long our port may stay taken before another is chosen.
const portWithin = 3 * time.Second

// choosePort takes another port for the API server when somebody else has taken ours while the
// cluster was down.
func (h *Handle) choosePort(ctx context.Context, p cluster.Progress) error {
	if _, ok := sandbox.Alive(h.layout, sandbox.ControlPlane); ok {
		return nil
	}
	// The process that had the port may be going just now.
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, portWithin, true, func(context.Context) (bool, error) {
		return sandbox.PortIsFree(h.config.Port), nil
	})
	if err == nil {
		return nil
	}
	port, err := sandbox.FreePort(lowestAPIPort)
	if err != nil {
		return err
	}
	p.Note("Port %d is taken by another program; the API server moves to %d.", h.config.Port, port)
	h.config.Port = port
	return h.config.Write(h.layout)
}

// issue makes the certificates and kubeconfigs that are missing.
func (h *Handle) issue() error {
	if err := identity.Issue(h.layout, h.config); err != nil {
		return err
	}
	for _, n := range h.config.Nodes {
		if err := identity.IssueNode(h.layout, h.config, n); err != nil {
			return err
		}
	}
	return nil
}
