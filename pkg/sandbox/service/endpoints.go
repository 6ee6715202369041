package service

import (
	"cmp"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// endpoint is one backend of a Service's port.
type endpoint struct {
	addr     string // ip:port
	node     string
	ready    bool
	draining bool // terminating, and still serving
	hints    []discoveryv1.ForNode
}

type endpoints []endpoint

// endpoints are those of a Service's port, each address once, sorted by it.
func (t *Table) endpoints(svc *corev1.Service, sp *corev1.ServicePort) endpoints {
	var all endpoints
	for _, s := range t.slicesBy(byService, svc.Namespace+"/"+svc.Name) {
		port, ok := targetPort(s, sp)
		if !ok {
			continue
		}
		for i := range s.Endpoints {
			if e := &s.Endpoints[i]; len(e.Addresses) > 0 {
				all = append(all, newEndpoint(e, port))
			}
		}
	}
	// While the controller moves an endpoint from one slice to another, it may be in both.
	slices.SortFunc(all, func(a, b endpoint) int {
		return cmp.Or(cmp.Compare(a.addr, b.addr), -compareBool(a.ready, b.ready))
	})
	return slices.CompactFunc(all, func(a, b endpoint) bool { return a.addr == b.addr })
}

func newEndpoint(e *discoveryv1.Endpoint, port int32) endpoint {
	out := endpoint{
		// All addresses of an endpoint lead to the same; kube-proxy takes the first too.
		addr:  net.JoinHostPort(e.Addresses[0], strconv.Itoa(int(port))),
		ready: isReady(e),
		draining: !isReady(e) && (e.Conditions.Serving == nil || *e.Conditions.Serving) &&
			e.Conditions.Terminating != nil && *e.Conditions.Terminating,
	}
	if e.NodeName != nil {
		out.node = *e.NodeName
	}
	if e.Hints != nil {
		out.hints = e.Hints.ForNodes
	}
	return out
}

// isReady reads the condition as the API wants: what is not said counts as ready.
func isReady(e *discoveryv1.Endpoint) bool {
	return e.Conditions.Ready == nil || *e.Conditions.Ready
}

// targetPort finds the number of a Service's port in a slice. Pods that give a named port different
// numbers are in different slices.
func targetPort(s *discoveryv1.EndpointSlice, sp *corev1.ServicePort) (int32, bool) {
	for _, p := range s.Ports {
		name := ""
		if p.Name != nil {
			name = *p.Name
		}
		proto := corev1.ProtocolTCP
		if p.Protocol != nil {
			proto = *p.Protocol
		}
		if p.Port != nil && name == sp.Name && protocolOf(proto) == protocolOf(sp.Protocol) {
			return *p.Port, true
		}
	}
	return 0, false
}

// usable are the endpoints for traffic that may go anywhere in the cluster
// (CategorizeEndpoints in Kubernetes' pkg/proxy/topology.go): the ready ones, those that are meant
// for this node where each has such a hint, else the ones that still serve while they terminate.
func (all endpoints) usable(node string) endpoints {
	ready := all.filter(func(e endpoint) bool { return e.ready })
	if len(ready) == 0 {
		return all.readyOrDraining()
	}
	hinted := !slices.ContainsFunc(ready, func(e endpoint) bool { return len(e.hints) == 0 })
	near := ready.filter(func(e endpoint) bool { return slices.Contains(e.hints, discoveryv1.ForNode{Name: node}) })
	if hinted && len(near) > 0 {
		return near
	}
	return ready
}

// on are the endpoints on a node. No endpoint is on a node without a name.
func (all endpoints) on(node string) endpoints {
	return all.filter(func(e endpoint) bool { return node != "" && e.node == node })
}

func (all endpoints) readyOrDraining() endpoints {
	if ready := all.filter(func(e endpoint) bool { return e.ready }); len(ready) > 0 {
		return ready
	}
	return all.filter(func(e endpoint) bool { return e.draining })
}

func (all endpoints) filter(keep func(endpoint) bool) endpoints {
	var out endpoints
	for _, e := range all {
		if keep(e) {
			out = append(out, e)
		}
	}
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
