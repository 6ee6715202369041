// Package kind is the cluster provider that makes kind clusters: nodes are containers of an engine
// on this machine (docker, podman or nerdctl), and all in them is as in any cluster. It is the one
// importer of sigs.k8s.io/kind. What kind does not do, stopping and starting nodes, the engine does.
package kind

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
)

// Name is the provider's name.
const Name = "kind"

const (
	defaultWorkers = 2
	// maxWorkers is a bound for people who mistype: each worker takes 300 MB.
	maxWorkers = 10
)

// Provider makes clusters, and keeps what it knows of them in one folder.
type Provider struct {
	root   string
	getenv func(string) string
}

var (
	_ cluster.Provider = (*Provider)(nil)
	_ cluster.Chooser  = (*Provider)(nil)
)

// New returns the provider that keeps its clusters' files in home/kind. getenv is os.Getenv.
func New(home string, getenv func(string) string) *Provider {
	return &Provider{root: filepath.Join(home, Name), getenv: getenv}
}

// Name implements cluster.Provider.
func (p *Provider) Name() string { return Name }

// Usable implements cluster.Chooser.
func (p *Provider) Usable(ctx context.Context) (string, error) {
	e, info, err := find(ctx, engines(p.getenv), chooseWithin)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s answers", e.name, info.Version), nil
}

func (p *Provider) folder(name string) (folder, error) {
	if err := cluster.ValidName(name); err != nil {
		return "", err
	}
	dir, err := filepath.Abs(filepath.Join(p.root, name))
	if err != nil {
		return "", fmt.Errorf("find cluster %s: %w", name, err)
	}
	return folder(dir), nil
}

// engine finds an engine by name.
func (p *Provider) engine(name string) (engine, error) {
	this := func(variable string) string {
		if variable == namesEngine {
			return name
		}
		return p.getenv(variable)
	}
	for _, e := range engines(this) {
		if e.name == name {
			return e, nil
		}
	}
	return engine{}, fmt.Errorf("unknown container engine %q", name)
}

// Create implements cluster.Provider.
func (p *Provider) Create(ctx context.Context, o cluster.CreateOptions, progress cluster.Progress) (cluster.Handle, error) {
	f, err := p.folder(o.Name)
	if err != nil {
		return nil, err
	}
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	if o.Workers < 1 || o.Workers > maxWorkers {
		return nil, fmt.Errorf("create cluster %s: %d worker nodes: choose 1 to %d", o.Name, o.Workers, maxWorkers)
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, fmt.Errorf("create cluster %s: %w", o.Name, err)
	}
	unlock, err := cluster.Lock(ctx, f.lock(), o.Name, progress)
	if err != nil {
		return nil, err
	}
	defer unlock()
	h, err := p.find(o.Name)
	switch {
	case err == nil && h.record.State == cluster.Creating:
		progress.Note("It is made with the settings with which it was begun. Other ones: delete it first.")
		return h, h.again(ctx, progress)
	case err == nil && h.record.State != cluster.Deleting:
		return nil, fmt.Errorf("%s: %w", o.Name, cluster.ErrExists)
	case err == nil:
		if err := h.remove(ctx); err != nil {
			return nil, err
		}
	}
	h, err = p.begin(ctx, f, o, progress)
	if err != nil {
		f.leave()
		return nil, fmt.Errorf("create cluster %s: %w", o.Name, err)
	}
	return h, h.make(ctx, progress)
}

// begin looks whether a cluster can be made, and writes down that it is about to be.
func (p *Provider) begin(ctx context.Context, f folder, o cluster.CreateOptions, progress cluster.Progress) (*Handle, error) {
	e, info, err := find(ctx, engines(p.getenv), askWithin)
	if err != nil {
		return nil, fmt.Errorf("%w. The sandbox needs no engine: --provider sandbox", err)
	}
	image, err := nodeImage(o, p.getenv)
	if err != nil {
		return nil, err
	}
	planned, err := planned(settings{workers: o.Workers, oldCgroups: info.Cgroup == 1, version: tagged(image), file: o.ConfigFile})
	if err != nil {
		return nil, err
	}
	for i, file := range o.Archives {
		if _, err := archiveTags(file); err != nil {
			return nil, err
		}
		if o.Archives[i], err = filepath.Abs(file); err != nil {
			return nil, fmt.Errorf("find %s: %w", file, err)
		}
	}
	if err := preflight(ctx, e, info, o.Name, planned.nodes, progress); err != nil {
		return nil, err
	}
	for _, n := range planned.notes {
		progress.Note("%s", n)
	}
	h := &Handle{folder: f, engine: e, record: &record{
		Name: o.Name, Engine: e.name, State: cluster.Creating, Created: time.Now().UTC(), Image: image,
		Config: planned.config, Archives: o.Archives, Audit: planned.audit,
	}}
	return h, f.write(h.record)
}

// find reads a cluster as it stands in its folder.
func (p *Provider) find(name string) (*Handle, error) {
	f, err := p.folder(name)
	if err != nil {
		return nil, err
	}
	r, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, cluster.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; remove the file and what is left of the cluster: kind delete cluster --name %s", err, name)
	}
	e, err := p.engine(r.Engine)
	if err != nil {
		return nil, fmt.Errorf("open cluster %s: %w", name, err)
	}
	return &Handle{folder: f, engine: e, record: r}, nil
}

// Open implements cluster.Provider.
func (p *Provider) Open(ctx context.Context, name string, progress cluster.Progress) (cluster.Handle, error) {
	h, err := p.find(name)
	if err != nil || h.record.State == cluster.Stopped {
		return h, err
	}
	if err := h.look(ctx); err != nil {
		return nil, err
	}
	if !h.needsMending() {
		return h, nil
	}
	unlock, err := cluster.Lock(ctx, h.folder.lock(), name, progress)
	if err != nil {
		return nil, err
	}
	defer unlock()
	// Whoever held the lock may have finished the work.
	if h, err = p.find(name); err != nil {
		folder(filepath.Join(p.root, name)).leave()
		return nil, err
	}
	return h, h.mend(ctx, progress)
}

// List implements cluster.Provider. A cluster whose engine does not answer is Broken.
func (p *Provider) List(ctx context.Context) ([]cluster.Info, error) {
	entries, err := os.ReadDir(p.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	var all []cluster.Info
	for _, e := range entries {
		h, err := p.find(e.Name())
		switch {
		case !e.IsDir() || errors.Is(err, cluster.ErrNotFound) || cluster.ValidName(e.Name()) != nil:
			continue
		case err != nil:
			all = append(all, cluster.Info{Name: e.Name(), Provider: Name, State: cluster.Broken})
			continue
		}
		i := h.Info()
		if h.record.State == cluster.Running && (h.look(ctx) != nil || len(h.dead()) > 0) {
			i.State = cluster.Broken
		}
		all = append(all, i)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all, nil
}

// Delete implements cluster.Provider.
func (p *Provider) Delete(ctx context.Context, name string, progress cluster.Progress) (err error) {
	h, err := p.find(name)
	if err != nil {
		return err
	}
	unlock, err := cluster.Lock(ctx, h.folder.lock(), name, progress)
	if err != nil {
		return err
	}
	defer unlock()
	if h, err = p.find(name); err != nil {
		folder(filepath.Join(p.root, name)).leave()
		return err
	}
	done := progress.Stage("delete cluster " + name)
	defer func() { done(err) }()
	return h.remove(ctx)
}
