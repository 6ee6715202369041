package service

import (
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// sweepAbove is how many remembered clients are worth a look for those whose time is over.
const sweepAbove = 256

// affinities remember which endpoint a client had last.
type affinities map[affinityKey]affinity

type affinityKey struct {
	service types.UID
	port    string // name and protocol: each port of a Service has a memory of its own
	client  netip.Addr
}

type affinity struct {
	addr    string
	expires time.Time
}

// sticky picks the endpoint that the client had last, unless that is not usable any more or its
// time has passed. Each connection starts the time anew.
func (t *Table) sticky(from podnet.Source, svc *corev1.Service, sp *corev1.ServicePort, usable endpoints) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	key := affinityKey{service: svc.UID, port: sp.Name + "/" + protocolOf(sp.Protocol), client: from.Addr.Addr()}
	addr := t.affinity[key].addr
	if !now.Before(t.affinity[key].expires) || !slices.ContainsFunc(usable, func(e endpoint) bool { return e.addr == addr }) {
		addr = usable[t.random(len(usable))].addr
	}
	if len(t.affinity) > sweepAbove {
		t.affinity.sweep(now)
	}
	t.affinity[key] = affinity{addr: addr, expires: now.Add(affinityTimeout(svc))}
	return addr
}

func (a affinities) sweep(now time.Time) {
	for key, v := range a {
		if !now.Before(v.expires) {
			delete(a, key)
		}
	}
}

func affinityTimeout(svc *corev1.Service) time.Duration {
	seconds := corev1.DefaultClientIPServiceAffinitySeconds
	if c := svc.Spec.SessionAffinityConfig; c != nil && c.ClientIP != nil && c.ClientIP.TimeoutSeconds != nil {
		seconds = *c.ClientIP.TimeoutSeconds
	}
	return time.Duration(seconds) * time.Second
}
