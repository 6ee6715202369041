package cmd

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// observers makes eyes on one namespace or another, which share their connections. A process that
// stays keeps a journal in dir of what it sees, where the cluster shows no audit log.
func (a *App) observers(ctx context.Context, h cluster.Handle, client *kube.Client, dir string, stays bool) func(string) (session.Observer, error) {
	auditor, _ := h.(cluster.Auditor)
	w := &watchman{ctx: ctx, dir: dir, kept: map[string]bool{}}
	return func(namespace string) (session.Observer, error) {
		o := &observer{Observer: observe.Of(client.In(namespace), a.Now), namespace: namespace, audit: auditor, journal: w.journal(namespace)}
		if stays && namespace != "" && (auditor == nil || !h.Capabilities().Audit) {
			return o, w.keep(o.Observer, h.Capabilities().ReadNodes)
		}
		return o, nil
	}
}

// watchman keeps a journal a namespace, until its context ends.
type watchman struct {
	ctx context.Context
	dir string

	mu   sync.Mutex
	kept map[string]bool
}

func (w *watchman) journal(namespace string) string {
	return filepath.Join(w.dir, "journal-"+namespace+".jsonl")
}

// keep begins the journal of what an observer sees, unless that was begun.
func (w *watchman) keep(o *observe.Observer, nodes bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept[o.Namespace()] {
		return nil
	}
	recorder, file, err := observe.Journal(w.journal(o.Namespace()))
	if err != nil {
		return err
	}
	seen, err := o.Watch(w.ctx, told(nodes), recorder)
	if err != nil {
		_ = file.Close()
		return err
	}
	w.kept[o.Namespace()] = true
	go func() {
		for range seen { // the recorder has what counts
		}
		_ = file.Close()
	}()
	return nil
}

// told is what stories are about, nodes only where they may be read. Events are read when a story is told.
func told(nodes bool) []snapshot.Query {
	return slices.DeleteFunc(session.Everything(), func(q snapshot.Query) bool {
		return q.Resource == "events" || q.Resource == "nodes" && !nodes
	})
}

// observer is a session.Observer on a cluster.
type observer struct {
	*observe.Observer
	namespace string
	audit     cluster.Auditor // nil where the cluster keeps no audit log
	journal   string
}

var _ session.Observer = (*observer)(nil)

// Watch implements session.Observer.
func (o *observer) Watch(ctx context.Context, queries []snapshot.Query) (<-chan *snapshot.Snapshot, error) {
	return o.Observer.Watch(ctx, queries)
}

// Timeline implements session.Observer: from the audit log, else from what one of our processes
// watched, else from what the objects say of themselves.
func (o *observer) Timeline(ctx context.Context, since time.Time, before *snapshot.Snapshot) (*snapshot.Timeline, error) {
	if o.audit != nil {
		path, err := o.audit.AuditLog(ctx)
		if err != nil {
			return nil, err
		}
		if path != "" {
			return observe.ReadAudit(path, since, o.namespace)
		}
	}
	now := o.Snapshot(ctx, session.Everything())
	watched, err := observe.ReadJournal(o.journal, since)
	if err != nil || watched == nil {
		return observe.Rebuild(before, now, since), err
	}
	return observe.CatchUp(watched, now), nil
}
