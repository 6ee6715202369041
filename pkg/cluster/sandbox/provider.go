// Package sandbox is the cluster provider that needs nothing: it keeps the processes of the
// embedded cluster (package pkg/sandbox and those below it), starts and ends them, and mends what
// it finds broken. A cluster is one process for the control plane and its node, and one for each
// worker; they live on when the command that started them ends.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// Name is the provider's name.
const Name = "sandbox"

const (
	defaultWorkers = 2
	// maxWorkers is a bound for people who mistype: each worker takes about 40 MB.
	maxWorkers = 20
	// lowestAPIPort is the first of the ports that API servers get. One stays free while its cluster is stopped.
	lowestAPIPort = 20000
	// longestSocket is what macOS allows; Linux allows four bytes more.
	longestSocket = 103
)

// Provider makes clusters in one folder.
type Provider struct{ root string }

var _ cluster.Provider = (*Provider)(nil)

// New returns the provider whose clusters stand in home/clusters.
func New(home string) *Provider { return &Provider{root: filepath.Join(home, "clusters")} }

// Name implements cluster.Provider.
func (p *Provider) Name() string { return Name }

func (p *Provider) layout(name string) (sandbox.Layout, error) {
	if err := cluster.ValidName(name); err != nil {
		return sandbox.Layout{}, err
	}
	dir, err := filepath.Abs(filepath.Join(p.root, name))
	if err != nil {
		return sandbox.Layout{}, fmt.Errorf("find cluster %s: %w", name, err)
	}
	return sandbox.Layout{Dir: dir}, nil
}

// Create implements cluster.Provider.
func (p *Provider) Create(ctx context.Context, o cluster.CreateOptions, progress cluster.Progress) (cluster.Handle, error) {
	l, err := p.layout(o.Name)
	if err != nil {
		return nil, err
	}
	if o.Image != "" || o.Version != "" || o.ConfigFile != "" || len(o.Archives) > 0 {
		return nil, fmt.Errorf("create cluster %s: node images, Kubernetes versions and kind configs are for --provider kind; the sandbox brings Kubernetes %s", o.Name, sandbox.Version)
	}
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	if o.Workers < 1 || o.Workers > maxWorkers {
		return nil, fmt.Errorf("create cluster %s: %d worker nodes: choose 1 to %d", o.Name, o.Workers, maxWorkers)
	}
	if n := l.LongestSocket(); n > longestSocket {
		return nil, fmt.Errorf("create cluster %s: the path of its folder is %d bytes too long for unix sockets: set KUBECTL_LEARN_HOME to a shorter one, or choose a shorter name", o.Name, n-longestSocket)
	}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create cluster %s: %w", o.Name, err)
	}
	unlock, err := lock(ctx, l, progress)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := roomFor(ctx, l.Dir); err != nil {
		return nil, fmt.Errorf("create cluster %s: %w", o.Name, err)
	}
	h := &Handle{layout: l}
	switch h.config, err = sandbox.ReadConfig(l); {
	case err == nil && h.config.State == sandbox.Creating:
		progress.Note("Cluster %s is half made; finishing it.", o.Name)
	case err == nil && h.config.State != sandbox.Deleting:
		return nil, fmt.Errorf("%s: %w", o.Name, cluster.ErrExists)
	default:
		// Nothing, something unreadable, or something half deleted: begin anew.
		if err := clear(ctx, l); err != nil {
			return nil, fmt.Errorf("create cluster %s: %w", o.Name, err)
		}
		if h.config, err = plan(o); err != nil {
			return nil, err
		}
		if err := h.config.Write(l); err != nil {
			return nil, err
		}
	}
	if err := h.up(ctx, progress); err != nil {
		if ctx.Err() != nil { // whoever breaks it off wants nothing of it
			progress.Note("Taking away what was made.")
			err = errors.Join(err, clear(context.WithoutCancel(ctx), l), os.RemoveAll(l.Dir))
		}
		return nil, fmt.Errorf("create cluster %s: %w", o.Name, err)
	}
	return h, nil
}

// plan is a new cluster as it is to become.
func plan(o cluster.CreateOptions) (*sandbox.Config, error) {
	port, err := sandbox.FreePort(lowestAPIPort)
	if err != nil {
		return nil, err
	}
	c := &sandbox.Config{
		Name: o.Name, Version: sandbox.Version, State: sandbox.Creating, Created: time.Now().UTC(), Port: port,
		Nodes: []sandbox.Node{{Name: sandbox.ControlPlane}},
	}
	for i := range o.Workers {
		c.Nodes = append(c.Nodes, sandbox.Node{Name: workerName(i + 1), Index: i + 1})
	}
	return c, nil
}

func workerName(index int) string { return fmt.Sprintf("worker-%d", index) }

// Open implements cluster.Provider.
func (p *Provider) Open(ctx context.Context, name string, progress cluster.Progress) (cluster.Handle, error) {
	h, err := p.find(name)
	if err != nil {
		return nil, err
	}
	h.listen(ctx, progress)
	if !h.needsMending() {
		return h, nil
	}
	unlock, err := lock(ctx, h.layout, progress)
	if err != nil {
		return nil, err
	}
	defer unlock()
	// Whoever held the lock may have finished the work.
	if h, err = p.find(name); err != nil {
		return nil, err
	}
	if err := h.mend(ctx, progress); err != nil {
		return nil, err
	}
	return h, nil
}

// find reads a cluster as it stands in its folder.
func (p *Provider) find(name string) (*Handle, error) {
	l, err := p.layout(name)
	if err != nil {
		return nil, err
	}
	c, err := sandbox.ReadConfig(l)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, cluster.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; delete the cluster and make it anew: "+plugin.Command+" cluster delete --name %s", err, name)
	}
	return &Handle{layout: l, config: c}, nil
}

// List implements cluster.Provider. A folder without a readable cluster in it is one that is half
// made or half deleted.
func (p *Provider) List(context.Context) ([]cluster.Info, error) {
	entries, err := os.ReadDir(p.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	var all []cluster.Info
	for _, e := range entries {
		if !e.IsDir() || cluster.ValidName(e.Name()) != nil {
			continue
		}
		if h, err := p.find(e.Name()); err == nil {
			all = append(all, h.Info())
		} else if !onlyLocked(filepath.Join(p.root, e.Name())) {
			all = append(all, cluster.Info{Name: e.Name(), Provider: Name, State: cluster.Broken})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all, nil
}

// onlyLocked says that a folder holds a lock at most: somebody waited for a cluster that went meanwhile.
func onlyLocked(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && (len(entries) == 0 || len(entries) == 1 && filepath.Join(dir, entries[0].Name()) == sandbox.Layout{Dir: dir}.Lock())
}

// Delete implements cluster.Provider.
func (p *Provider) Delete(ctx context.Context, name string, progress cluster.Progress) (err error) {
	l, err := p.layout(name)
	if err != nil {
		return err
	}
	if _, err := os.Stat(l.Dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", name, cluster.ErrNotFound)
	}
	unlock, err := lock(ctx, l, progress)
	if err != nil {
		return err
	}
	defer unlock()
	done := progress.Stage("delete cluster " + name)
	defer func() { done(err) }()
	if c, err := sandbox.ReadConfig(l); err == nil {
		c.State = sandbox.Deleting
		if err := c.Write(l); err != nil {
			return fmt.Errorf("delete cluster %s: %w", name, err)
		}
	}
	if err := clear(ctx, l); err != nil {
		return fmt.Errorf("delete cluster %s: %w", name, err)
	}
	if err := os.RemoveAll(l.Dir); err != nil {
		return fmt.Errorf("delete cluster %s: %w", name, err)
	}
	return nil
}

// clear ends every process of the cluster and removes all files but the lock. The Config goes last:
// as long as it is there, the next command knows what was begun.
func clear(ctx context.Context, l sandbox.Layout) error {
	if err := endAll(ctx, l, true); err != nil {
		return err
	}
	entries, err := os.ReadDir(l.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if path := filepath.Join(l.Dir, e.Name()); path != l.Lock() && path != l.Config() {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(l.Config()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func lock(ctx context.Context, l sandbox.Layout, progress cluster.Progress) (unlock func(), err error) {
	return cluster.Lock(ctx, l.Lock(), filepath.Base(l.Dir), progress)
}
