package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	kindcluster "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Handle is one kind cluster.
type Handle struct {
	folder folder
	engine engine
	record *record
	// seen are the containers as they were when they were last looked at.
	seen []node
	// receiving guards the record while kind makes the nodes, which it does beside us.
	receiving sync.Mutex
	// orphaned says that the command which made the cluster was killed: the engine's commands that it
	// had begun go on, and what they make is still to come.
	orphaned bool
}

var (
	_ cluster.Handle           = (*Handle)(nil)
	_ cluster.NodeManager      = (*Handle)(nil)
	_ cluster.ContainerKiller  = (*Handle)(nil)
	_ cluster.Auditor          = (*Handle)(nil)
	_ cluster.LogReader        = (*Handle)(nil)
	_ cluster.LogExporter      = (*Handle)(nil)
	_ cluster.ImageLoader      = (*Handle)(nil)
	_ cluster.MetricsInstaller = (*Handle)(nil)
)

// Info implements cluster.Handle.
func (h *Handle) Info() cluster.Info {
	return cluster.Info{
		Name: h.record.Name, Provider: Name, State: h.record.State, Nodes: h.record.names(), Version: h.record.Version,
		Created: h.record.Created, Started: h.record.Started, Server: h.record.Server,
	}
}

// Kubeconfig implements cluster.Handle.
func (h *Handle) Kubeconfig() string { return h.folder.kubeconfig() }

// Permit implements cluster.Handle: we made this cluster.
func (h *Handle) Permit() kube.Permit { return kube.Unconditional{} }

// Capabilities implements cluster.Handle. Metrics are added when a lesson needs them.
func (h *Handle) Capabilities() cluster.Capabilities {
	workers := 0
	for _, n := range h.record.Nodes {
		if !n.ControlPlane && !n.Balancer && !n.Stopped {
			workers++
		}
	}
	return cluster.Capabilities{
		Nodes: workers, Exec: true, Metrics: true, StopNode: true, KillContainer: true, Audit: h.record.Audit,
		ReadNodes: true, SeeNodes: true, CordonNodes: true,
	}
}

// look asks the engine for the cluster's containers. Those that are not ours are an error.
func (h *Handle) look(ctx context.Context) (err error) {
	if h.seen, err = h.engine.nodes(ctx, h.record.Name); err != nil {
		return fmt.Errorf("cluster %s is a kind cluster: %w", h.record.Name, err)
	}
	if strangers := h.record.strangers(h.seen); len(strangers) > 0 {
		return fmt.Errorf("cluster %s: the containers %s are not those that "+plugin.Command+" made: another tool made a kind cluster of that name. Forget ours: "+plugin.Command+" cluster delete --name %s",
			h.record.Name, strings.Join(strangers, ", "), h.record.Name)
	}
	return nil
}

// dead names the nodes that should run and do not.
func (h *Handle) dead() (names []string) {
	for _, n := range h.record.Nodes {
		if n.Stopped {
			continue
		}
		if !slices.ContainsFunc(h.seen, func(s node) bool { return s.ID == n.Container && s.Running }) {
			names = append(names, n.Name)
		}
	}
	return names
}

// lost names the nodes whose containers are no more.
func (h *Handle) lost() (names []string) {
	for _, n := range h.record.Nodes {
		if !slices.ContainsFunc(h.seen, func(s node) bool { return s.ID == n.Container }) {
			names = append(names, n.Name)
		}
	}
	return names
}

func (h *Handle) needsMending() bool {
	return h.record.State != cluster.Running || len(h.dead()) > 0
}

// mend finishes what was left half done, and starts what should run. The lock is held.
func (h *Handle) mend(ctx context.Context, p cluster.Progress) error {
	name := h.record.Name
	switch h.record.State {
	case cluster.Creating:
		return h.again(ctx, p)
	case cluster.Deleting:
		p.Note("Cluster %s is half deleted; finishing that.", name)
		return errors.Join(h.remove(ctx), fmt.Errorf("%s: %w", name, cluster.ErrNotFound))
	case cluster.Stopped:
		return nil
	}
	if err := h.look(ctx); err != nil {
		return err
	}
	lost := h.lost()
	switch {
	case len(lost) == len(h.record.Nodes):
		p.Note("The containers of cluster %s are gone (did another tool delete them?); forgetting it.", name)
		return errors.Join(h.remove(ctx), fmt.Errorf("%s: %w", name, cluster.ErrNotFound))
	case len(lost) > 0:
		return fmt.Errorf("cluster %s has lost %s for good: their containers are gone. Make it anew: "+plugin.Command+" cluster delete --name %s, then create",
			name, strings.Join(lost, ", "), name)
	}
	dead := h.dead()
	switch len(dead) {
	case 0:
		return nil
	case len(h.record.Nodes):
		p.Note("No node of cluster %s is running (was the machine restarted?); starting it again.", name)
	default:
		p.Note("Found %s of cluster %s ended; starting it again.", strings.Join(dead, ", "), name)
	}
	return h.up(ctx, p)
}

// again makes a cluster anew that was left half made: kind can't go on with one.
func (h *Handle) again(ctx context.Context, p cluster.Progress) error {
	p.Note("Cluster %s is half made; making it anew.", h.record.Name)
	h.orphaned = h.orphaned || !h.record.Begun.IsZero()
	if err := h.clear(ctx); err != nil {
		return err
	}
	// Begun stays: what comes late is ours.
	h.record.Nodes = nil
	if err := h.folder.write(h.record); err != nil {
		return err
	}
	return h.make(ctx, p)
}

// make builds the cluster; when that fails, the record of it goes, since nothing else is left.
func (h *Handle) make(ctx context.Context, p cluster.Progress) error {
	err := h.build(ctx, p)
	if err == nil {
		return nil
	}
	left, look := h.engine.nodes(context.WithoutCancel(ctx), h.record.Name)
	if look == nil && !slices.ContainsFunc(left, h.record.ours) {
		_ = os.Remove(h.folder.kubeconfig())
		_ = os.Remove(h.folder.record())
		h.folder.leave()
	}
	return fmt.Errorf("create cluster %s: %w", h.record.Name, err)
}

// remove takes the containers away and then the files. The record goes last: as long as it is
// there, the next command knows what was begun. The lock is held.
func (h *Handle) remove(ctx context.Context) error {
	h.record.State = cluster.Deleting
	h.orphaned = h.orphaned || !h.record.Begun.IsZero()
	if err := h.folder.write(h.record); err != nil {
		return err
	}
	// Containers of others under this name are left alone.
	if err := h.clear(ctx); err != nil && !errors.Is(err, errStrangers) {
		return fmt.Errorf("delete cluster %s: %w", h.record.Name, err)
	}
	for _, file := range []string{h.folder.kubeconfig(), h.folder.audit(), h.folder.log(), h.folder.record()} {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("delete cluster %s: %w", h.record.Name, err)
		}
	}
	return os.RemoveAll(string(h.folder))
}

// Start implements cluster.Handle.
func (h *Handle) Start(ctx context.Context, p cluster.Progress) error {
	return h.locked(ctx, p, func() error { return h.up(ctx, p) })
}

// Stop implements cluster.Handle: the containers end in good order, and keep their files.
func (h *Handle) Stop(ctx context.Context, p cluster.Progress) error {
	return h.locked(ctx, p, func() (err error) {
		done := p.Stage("stop cluster " + h.record.Name)
		defer func() { done(err) }()
		h.record.State, h.record.Started = cluster.Stopped, time.Time{}
		if err := h.folder.write(h.record); err != nil {
			return err
		}
		args := []string{"stop"}
		for _, n := range slices.Backward(h.record.Nodes) {
			args = append(args, n.Container)
		}
		if _, err := h.engine.run(ctx, args...); err != nil {
			return fmt.Errorf("stop cluster %s: %w", h.record.Name, err)
		}
		return nil
	})
}

// up starts every container that should run and does not, the control plane first, and returns when
// all nodes can take Pods. The lock is held.
func (h *Handle) up(ctx context.Context, p cluster.Progress) error {
	if err := h.look(ctx); err != nil {
		return err
	}
	since, dead := time.Now(), h.dead()
	for _, name := range dead {
		done := p.Stage("start " + name)
		_, err := h.engine.run(ctx, "start", h.record.node(name).Container)
		done(err)
		if err != nil {
			return fmt.Errorf("start node %s: %w", name, err)
		}
	}
	if err := h.writeServer(); err != nil {
		return err
	}
	var names []string
	for _, n := range h.record.Nodes {
		if !n.Stopped && !n.Balancer {
			names = append(names, n.Name)
		}
	}
	if len(dead) == 0 {
		since = time.Time{}
	}
	if err := h.waitNodes(ctx, names, since, p); err != nil {
		return err
	}
	if slices.ContainsFunc(dead, func(name string) bool { return h.record.node(name).ControlPlane }) {
		if err := h.waitParts(ctx, dead, since, p); err != nil {
			return err
		}
	}
	if err := h.look(ctx); err != nil {
		return err
	}
	if h.record.Started.IsZero() || h.record.State != cluster.Running {
		h.record.Started = time.Now().UTC()
	}
	h.record.State = cluster.Running
	return h.folder.write(h.record)
}

// waitNodes waits until nodes take Pods; what they said before since does not count.
func (h *Handle) waitNodes(ctx context.Context, names []string, since time.Time, p cluster.Progress) error {
	client, err := h.client()
	if err != nil {
		return err
	}
	done := p.Stage(fmt.Sprintf("nodes %d of %d ready", len(names), len(names)))
	err = within(ctx, readyWithin, func(ctx context.Context) error { return live.WaitNodes(ctx, client, names, since) })
	done(err)
	return err
}

// waitParts waits until the control plane and DNS do their work. On nodes that were started, only what
// was started after a moment counts.
func (h *Handle) waitParts(ctx context.Context, started []string, since time.Time, p cluster.Progress) error {
	client, err := h.client()
	if err != nil {
		return err
	}
	done := p.Stage("scheduler, DNS")
	err = within(ctx, readyWithin, func(ctx context.Context) error {
		if err := live.WaitReady(ctx, client); err != nil {
			return err
		}
		for _, selector := range []string{schedulerPods, controllerPods, dnsPods} {
			if err := live.WaitOnePod(ctx, client, selector, started, since); err != nil {
				return err
			}
		}
		return nil
	})
	done(err)
	return err
}

// locked runs f as the only command that changes this cluster, on the newest record.
func (h *Handle) locked(ctx context.Context, p cluster.Progress, f func() error) error {
	unlock, err := cluster.Lock(ctx, h.folder.lock(), h.record.Name, p)
	if err != nil {
		return err
	}
	defer unlock()
	if h.record, err = h.folder.read(); err != nil {
		return err
	}
	return f()
}

// writeServer writes the kubeconfig, where it is missing, and the server that it names.
func (h *Handle) writeServer() error {
	if _, err := os.Stat(h.folder.kubeconfig()); err != nil {
		text, err := kindcluster.NewProvider(h.engine.option).KubeConfig(h.record.Name, false)
		if err != nil {
			return fmt.Errorf("write kubeconfig of cluster %s: %w", h.record.Name, said(err))
		}
		if err := os.WriteFile(h.folder.kubeconfig(), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write kubeconfig of cluster %s: %w", h.record.Name, err)
		}
	}
	config, err := h.config()
	if err != nil {
		return err
	}
	h.record.Server = config.Host
	return h.folder.write(h.record)
}

func (h *Handle) config() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", h.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig of cluster %s: %w", h.record.Name, err)
	}
	config.QPS = -1
	return config, nil
}

func (h *Handle) client() (kubernetes.Interface, error) {
	config, err := h.config()
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// kinds are the nodes as kind has them, the control plane first.
func (h *Handle) kinds() ([]nodes.Node, error) {
	// Which of them are nodes the record says; kind would ask the engine for each.
	found, err := kindcluster.NewProvider(h.engine.option).ListNodes(h.record.Name)
	if err != nil {
		return nil, fmt.Errorf("find nodes of cluster %s: %w", h.record.Name, said(err))
	}
	var ordered []nodes.Node
	for _, name := range h.record.names() {
		for _, f := range found {
			if f.String() == name {
				ordered = append(ordered, f)
			}
		}
	}
	if len(ordered) == 0 {
		return nil, fmt.Errorf("cluster %s has no nodes", h.record.Name)
	}
	return ordered, nil
}

// running are those nodes whose containers run.
func (h *Handle) running(ctx context.Context) ([]nodes.Node, error) {
	if err := h.look(ctx); err != nil {
		return nil, err
	}
	all, err := h.kinds()
	return slices.DeleteFunc(all, func(n nodes.Node) bool {
		return !slices.ContainsFunc(h.seen, func(s node) bool { return s.Name == n.String() && s.Running })
	}), err
}
