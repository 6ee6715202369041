// Package current is the cluster provider for a cluster that is there already and belongs to
// somebody else: a context of the user's own kubeconfig, to which they said yes with `kubectl learn
// cluster adopt`. It makes no clusters and ends none. It keeps the user's consent and receipts for
// what was made; its Permit lets writes into the lessons' namespaces only, and only while the
// context still leads to the cluster that the user agreed to.
package current

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Name is the provider's name.
const Name = "current"

// Provider finds the clusters that were adopted into one folder.
type Provider struct {
	root string
	now  func() time.Time
	// within is how long a cluster may take to be looked at, and to be adopted.
	within time.Duration
}

// surveyWithin is for a cluster far away, of which many things are asked.
const surveyWithin = 20 * time.Second

var (
	_ cluster.Provider = (*Provider)(nil)
	_ cluster.Adopter  = (*Provider)(nil)
)

// New returns the provider whose records stand in home/adopted.
func New(home string, now func() time.Time) *Provider {
	return &Provider{root: filepath.Join(home, "adopted"), now: now, within: surveyWithin}
}

// Name implements cluster.Provider.
func (p *Provider) Name() string { return Name }

func (p *Provider) folder(name string) (folder, error) {
	if err := cluster.ValidName(name); err != nil {
		return "", err
	}
	return folder(filepath.Join(p.root, name)), nil
}

// alone makes sure that one command at a time gives a yes, takes it back, or makes something in a
// cluster. The lock stands beside the folder, which comes and goes.
func (p *Provider) alone(ctx context.Context, name string, progress cluster.Progress) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(p.root), 0o700); err != nil {
		return nil, fmt.Errorf("lock cluster %s: %w", name, err)
	}
	return cluster.Lock(ctx, p.root+"-"+name+".lock", name, progress)
}

// nobody is a cluster.Progress that nobody looks at.
type nobody struct{}

func (nobody) Stage(string) func(error) { return func(error) {} }
func (nobody) Note(string, ...any)      {}

// Create implements cluster.Provider: it never makes one.
func (p *Provider) Create(_ context.Context, o cluster.CreateOptions, _ cluster.Progress) (cluster.Handle, error) {
	if f, err := p.folder(o.Name); err == nil {
		if r, err := f.read(); err == nil {
			return nil, fmt.Errorf("%s (%s): %w", o.Name, originOf(r), cluster.ErrExists)
		}
	}
	return nil, errors.New("provider current makes no cluster: it takes one that you have. Try " + plugin.Command + " cluster adopt --context NAME")
}

// Open implements cluster.Provider. It asks nothing of the cluster; the way there is read from the
// user's kubeconfig each time, since credentials change.
func (p *Provider) Open(_ context.Context, name string, progress cluster.Progress) (cluster.Handle, error) {
	f, err := p.folder(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, cluster.ErrNotFound)
	}
	r, err := f.read()
	if err != nil {
		return nil, err
	}
	h, err := p.open(f, r, progress)
	if err != nil {
		return nil, fmt.Errorf("open cluster %s, which is a context of yours: %w. To take your consent back: "+plugin.Command+" cluster forget --name %s --leave-behind", name, err, name)
	}
	return h, nil
}

func (p *Provider) open(f folder, r *record, progress cluster.Progress) (*Handle, error) {
	config, err := load(r.Files, r.Context)
	if err != nil {
		return nil, err
	}
	if err := keep(f.kubeconfig(), config); err != nil {
		return nil, err
	}
	rest, err := clientcmd.NewDefaultClientConfig(*config, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read context %s: %w", r.Context, err)
	}
	reader, err := kube.New(rest, "", nil)
	if err != nil {
		return nil, err
	}
	consent := func() error { return f.stands(r) }
	h := &Handle{folder: f, record: r, ledger: ledger{f.receipts(), consent}, reader: reader, server: serverOf(config), now: p.now, progress: progress,
		alone: func(ctx context.Context) (func(), error) { return p.alone(ctx, r.Name, progress) }}
	h.permit = newPermit(f, r, h.ledger, reader)
	client, err := kube.New(rest, "", h.permit)
	if err != nil {
		return nil, err
	}
	h.reader, h.client = reader.Telling(h.waits), client.Telling(h.waits)
	return h, nil
}

// List implements cluster.Provider.
func (p *Provider) List(context.Context) ([]cluster.Info, error) {
	entries, err := os.ReadDir(p.root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list adopted clusters: %w", err)
	}
	var all []cluster.Info
	for _, e := range entries {
		if !e.IsDir() || cluster.ValidName(e.Name()) != nil {
			continue
		}
		r, err := folder(filepath.Join(p.root, e.Name())).read()
		if errors.Is(err, cluster.ErrNotFound) {
			continue
		}
		if err != nil {
			all = append(all, cluster.Info{Name: e.Name(), Provider: Name, State: cluster.Broken})
			continue
		}
		all = append(all, infoOf(r))
	}
	return all, nil
}

// Delete implements cluster.Provider: it never does.
func (p *Provider) Delete(_ context.Context, name string, _ cluster.Progress) error {
	f, err := p.folder(name)
	if err != nil {
		return fmt.Errorf("%w: %w", err, cluster.ErrNotFound)
	}
	if _, err := f.read(); errors.Is(err, cluster.ErrNotFound) {
		return err
	}
	return fmt.Errorf("cluster %s is yours, and "+plugin.Command+" never deletes it. To take your consent back, and what lessons left there away: "+plugin.Command+" cluster forget --name %s", name, name)
}
