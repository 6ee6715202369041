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
	return nil, a.NotFound()
}

// asked are the providers that come into question.
func (a *App) asked() ([]cluster.Provider, error) {
	if a.Provider == Auto {
		_, err := a.preferred() // which bears on what is made alone, but a mistake is told at once
		return a.Providers, err
	}
	p, err := a.provider(a.Provider)
	return []cluster.Provider{p}, err
}

// preferred is the provider that the environment names, nil where it leaves the choice to us.
func (a *App) preferred() (cluster.Provider, error) {
	name := a.Getenv(ProviderVariable)
	if name == "" || name == Auto {
		return nil, nil
	}
	p, err := a.provider(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ProviderVariable, err)
	}
	return p, nil
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
	// Somebody who has clusters and names none may not want another one.
	if missing, ok := errors.AsType[*notFound](err); ok && !a.Named && len(missing.others) > 0 {
		return nil, fmt.Errorf("%w. A new one: %s cluster create", err, a.Prefix())
	}
	return a.CreateCluster(ctx, cluster.CreateOptions{Name: a.Cluster})
}

// CreateCluster makes a cluster with the provider that was asked for, or with the first one that
// works on this machine. One that is half made is finished by the provider that began it.
func (a *App) CreateCluster(ctx context.Context, o cluster.CreateOptions) (cluster.Handle, error) {
	p, why, err := a.choose(ctx, o.Name)
	if err != nil {
		return nil, err
	}
	progress := a.Progress(fmt.Sprintf("Making practice cluster %s (%s)", o.Name, p.Name()))
	if why != "" {
		progress.Note("%s", why)
	}
	return p.Create(ctx, o, progress)
}

// choose says which provider is to make a cluster, and why where it was not asked for by name.
func (a *App) choose(ctx context.Context, name string) (cluster.Provider, string, error) {
	all, err := a.Clusters(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, c := range all {
		if c.Name != name {
			continue
		}
		if a.Provider != Auto && a.Provider != c.Provider {
			return nil, "", fmt.Errorf("%s is a cluster of provider %s: %w. Another one beside it: --name NAME", name, c.Provider, cluster.ErrExists)
		}
		p, err := a.provider(c.Provider)
		return p, "", err
	}
	if a.Provider != Auto {
		p, err := a.provider(a.Provider)
		return p, "", err
	}
	if p, err := a.preferred(); p != nil || err != nil {
		return p, "", err
	}
	return a.chooseUsable(ctx)
}

// chooseUsable takes the first provider that works here, and says why, and how to take another.
func (a *App) chooseUsable(ctx context.Context) (cluster.Provider, string, error) {
	not := errors.New("this program was built without any provider")
	why := ""
	for _, p := range a.Providers {
		if _, adopts := p.(cluster.Adopter); adopts {
			continue
		}
		c, picky := p.(cluster.Chooser)
		if !picky {
			return p, why, nil
		}
		reason, err := c.Usable(ctx)
		if err == nil {
			return p, fmt.Sprintf("Taking %s: %s. The sandbox needs no engine: --provider sandbox.", p.Name(), reason), nil
		}
		not, why = err, fmt.Sprintf("Taking the sandbox: %v.", err)
	}
	return nil, "", fmt.Errorf("create cluster: %w", not)
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
	return a.NotFound()
}

// notFound is a cluster.ErrNotFound that knows which clusters there are.
type notFound struct {
	name   string
	others []string
}

func (e *notFound) Error() string {
	text := fmt.Sprintf("cluster %s: %v", e.name, cluster.ErrNotFound)
	if len(e.others) > 0 {
		text += fmt.Sprintf("; there is %s: say which with --name", strings.Join(e.others, ", "))
	}
	return text
}

func (e *notFound) Unwrap() error { return cluster.ErrNotFound }

// NotFound is the error of there being no cluster of the name that is meant; it names those that there are.
func (a *App) NotFound() error {
	others := slices.DeleteFunc(a.Home.ClusterNames(), func(name string) bool { return name == a.Cluster })
	return &notFound{a.Cluster, others}
}

// TakeTheOnlyCluster has commands mean the one cluster that there is, where no name was given and
// none has the name that is meant otherwise.
func (a *App) TakeTheOnlyCluster() {
	names := a.Home.ClusterNames()
	if !a.Named && len(names) == 1 {
		a.Cluster = names[0]
	}
}
