package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// Auto lets the program choose the provider.
const Auto = "auto"

// FindCluster finds the cluster that is meant and mends what it finds broken. A stopped cluster is
// left stopped. The error wraps cluster.ErrNotFound when there is none.
func (a *App) FindCluster(ctx context.Context) (cluster.Handle, error) {
	providers, err := a.asked()
	if err != nil {
		return nil, err
	}
	for _, p := range providers {
		h, err := p.Open(ctx, a.Cluster, a.Progress(fmt.Sprintf("Looking after cluster %s", a.Cluster)))
		if err == nil {
			return h, nil
		}
		if !errors.Is(err, cluster.ErrNotFound) {
			return nil, err
		}
	}
	return nil, a.notFound()
}

// asked are the providers that come into question.
func (a *App) asked() ([]cluster.Provider, error) {
	if a.Provider == Auto {
		return a.Providers, nil
	}
	p, err := a.provider(a.Provider)
	return []cluster.Provider{p}, err
}

func (a *App) provider(name string) (cluster.Provider, error) {
	for _, p := range a.Providers {
		if p.Name() == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("unknown provider %q; there are %s", name, strings.Join(append(a.ProviderNames(), Auto), ", "))
}

// ProviderNames names the providers.
func (a *App) ProviderNames() []string {
	var names []string
	for _, p := range a.Providers {
		names = append(names, p.Name())
	}
	return names
}

// OpenCluster is FindCluster, and starts a cluster that was stopped.
func (a *App) OpenCluster(ctx context.Context) (cluster.Handle, error) {
	h, err := a.FindCluster(ctx)
	if err != nil || h.Info().State != cluster.Stopped {
		return h, err
	}
	return h, h.Start(ctx, a.Progress(fmt.Sprintf("Starting practice cluster %s, which was stopped", a.Cluster)))
}

// EnsureCluster is OpenCluster, and makes the cluster where there is none.
func (a *App) EnsureCluster(ctx context.Context) (cluster.Handle, error) {
	h, err := a.OpenCluster(ctx)
	if !errors.Is(err, cluster.ErrNotFound) {
		return h, err
	}
	return a.CreateCluster(ctx, cluster.CreateOptions{Name: a.Cluster})
}

// CreateCluster makes a cluster with the provider that was asked for.
func (a *App) CreateCluster(ctx context.Context, o cluster.CreateOptions) (cluster.Handle, error) {
	providers, err := a.asked()
	if err != nil {
		return nil, err
	}
	if a.Provider == Auto {
		providers = makers(providers)
	}
	if len(providers) == 0 {
		return nil, errors.New("create cluster: this program was built without any provider")
	}
	p := providers[0]
	if err := a.unused(ctx, p, o.Name); err != nil {
		return nil, err
	}
	return p.Create(ctx, o, a.Progress(fmt.Sprintf("Making practice cluster %s (%s)", o.Name, p.Name())))
}

// makers are the providers that make clusters.
func makers(all []cluster.Provider) []cluster.Provider {
	return slices.DeleteFunc(slices.Clone(all), func(p cluster.Provider) bool { _, adopts := p.(cluster.Adopter); return adopts })
}

// unused is an error where another provider has a cluster of a name: it would be hidden by a second.
func (a *App) unused(ctx context.Context, maker cluster.Provider, name string) error {
	all, err := a.Clusters(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Name == name && c.Provider != maker.Name() {
			return fmt.Errorf("%s (%s): %w", name, c.Provider, cluster.ErrExists)
		}
	}
	return nil
}

// Clusters tells of all clusters of all providers, by name.
func (a *App) Clusters(ctx context.Context) ([]cluster.Info, error) {
	var all []cluster.Info
	for _, p := range a.Providers {
		some, err := p.List(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b cluster.Info) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// DeleteCluster deletes the cluster that is meant, whichever provider made it.
func (a *App) DeleteCluster(ctx context.Context) error {
	providers, err := a.asked()
	if err != nil {
		return err
	}
	for _, p := range providers {
		err := p.Delete(ctx, a.Cluster, a.Progress(fmt.Sprintf("Deleting practice cluster %s", a.Cluster)))
		if !errors.Is(err, cluster.ErrNotFound) {
			return err
		}
	}
	return a.notFound()
}

func (a *App) notFound() error { return fmt.Errorf("cluster %s: %w", a.Cluster, cluster.ErrNotFound) }
