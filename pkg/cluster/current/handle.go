package current

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// Handle is one adopted cluster.
type Handle struct {
	folder folder
	record *record
	ledger ledger
	server string
	// reader only reads; client writes what the permit lets pass.
	reader, client *kube.Client
	permit         *permit
	now            func() time.Time
	// progress hears of what is worth a sentence.
	progress cluster.Progress
	// alone keeps other commands from giving and taking back the yes.
	alone func(context.Context) (unlock func(), err error)

	looked       sync.Once
	capabilities cluster.Capabilities
}

var (
	_ cluster.Handle = (*Handle)(nil)
	_ cluster.Guest  = (*Handle)(nil)
)

// capableWithin is how long the cluster may take to say what it offers.
const capableWithin = 15 * time.Second

// Info implements cluster.Handle.
func (h *Handle) Info() cluster.Info {
	i := infoOf(h.record)
	i.Server = h.server
	return i
}

func infoOf(r *record) cluster.Info {
	return cluster.Info{
		Name: r.Name, Provider: Name, State: cluster.Running, Nodes: r.Nodes, Version: r.Version, Created: r.Adopted, Server: r.Server,
	}
}

// waits says what is waited for when that takes long.
func (h *Handle) waits(what string) {
	h.progress.Note("Still waiting for %s to go.", what)
}

// Kubeconfig implements cluster.Handle: the user's own context, with all their rights.
func (h *Handle) Kubeconfig() string { return h.folder.kubeconfig() }

// Permit implements cluster.Handle.
func (h *Handle) Permit() kube.Permit { return h.permit }

// Origin implements cluster.Guest.
func (h *Handle) Origin() string { return originOf(h.record) }

func originOf(r *record) string {
	return fmt.Sprintf("context %s of %s", r.Context, strings.Join(r.Files, string(filepath.ListSeparator)))
}

// Capabilities implements cluster.Handle. The cluster is asked once; where it does not answer they
// are those of the day on which it was adopted, and what is wrong shows by the first request.
func (h *Handle) Capabilities() cluster.Capabilities {
	h.looked.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), capableWithin)
		defer cancel()
		found, _, err := capabilities(ctx, h.reader, h.where())
		if h.capabilities = h.record.Capabilities; err == nil {
			h.capabilities = found
		}
	})
	return h.capabilities
}

// where is a namespace that stands for those of the lessons when rights are asked for.
func (h *Handle) where() string { return h.Namespace("any") }

// Start implements cluster.Handle.
func (h *Handle) Start(context.Context, cluster.Progress) error { return h.notOurs("start") }

// Stop implements cluster.Handle.
func (h *Handle) Stop(context.Context, cluster.Progress) error { return h.notOurs("stop") }

func (h *Handle) notOurs(verb string) error {
	return fmt.Errorf("cluster %s is yours (%s): it is not for "+plugin.Command+" to %s it", h.record.Name, h.Origin(), verb)
}
