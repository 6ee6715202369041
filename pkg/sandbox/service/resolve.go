package service

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// Resolve picks the endpoint for a new connection (podnet.Resolver). An address that belongs to no
// Service is returned as it is. As with kube-proxy in nftables mode, a Service without usable
// endpoints and a port that a ClusterIP does not have refuse, and a ClusterIP that no Service has
// and a Service whose policy allows local endpoints alone, where there are none, lose what is sent.
func (t *Table) Resolve(ctx context.Context, from podnet.Source, proto, host string, port int) (string, error) {
	addr := net.JoinHostPort(host, strconv.Itoa(port))
	ip, err := netip.ParseAddr(host)
	if err != nil {
		if ip, err = t.hostAddress(ctx, from, host); err != nil {
			return "", err
		}
	}
	ip = ip.Unmap()
	if podnet.ServiceCIDR().Contains(ip) && t.WaitForSync(ctx) != nil {
		return "", fmt.Errorf("connect %s: Services are not known yet: %w", addr, podnet.Timeout)
	}
	svc, sp, known := t.servicePort(proto, ip, port)
	switch {
	case svc != nil:
		return t.endpointFor(from, svc, sp, addr, ip.String() == svc.Spec.ClusterIP)
	case known:
		return "", fmt.Errorf("connect %s: the Service has no %s port %d: %w", addr, proto, port, podnet.Refused)
	case podnet.ServiceCIDR().Contains(ip):
		return "", fmt.Errorf("connect %s: no Service has this address: %w", addr, podnet.Timeout)
	}
	return netip.AddrPortFrom(ip, uint16(port)).String(), nil
}

func (t *Table) hostAddress(ctx context.Context, from podnet.Source, host string) (netip.Addr, error) {
	ips, err := t.Lookup(ctx, from, "A", host)
	if err == nil && len(ips) == 0 {
		err = fmt.Errorf("lookup %s: %w", host, podnet.NoSuchHost)
	}
	if err != nil {
		return netip.Addr{}, err
	}
	return netip.ParseAddr(ips[0])
}

// servicePort finds who answers at an address and port. Known says that a Service has the address,
// whatever its ports.
func (t *Table) servicePort(proto string, ip netip.Addr, port int) (svc *corev1.Service, sp *corev1.ServicePort, known bool) {
	for _, s := range t.servicesBy(byIP, ip.String()) {
		known = true
		for i := range s.Spec.Ports {
			if p := &s.Spec.Ports[i]; int(p.Port) == port && protocolOf(p.Protocol) == proto {
				return s, p, true
			}
		}
	}
	if known || !podnet.NodeCIDR().Contains(ip) {
		return nil, nil, known
	}
	for _, s := range t.servicesBy(byNodePort, nodePortKey(proto, port)) {
		for i := range s.Spec.Ports {
			if p := &s.Spec.Ports[i]; int(p.NodePort) == port && protocolOf(p.Protocol) == proto {
				return s, p, true
			}
		}
	}
	return nil, nil, false
}

// endpointFor chooses an endpoint of a Service's port. Internal says that the Service was called by
// its ClusterIP, to which internalTrafficPolicy applies. externalTrafficPolicy does not:
// traffic from Pods to node ports is not external, and that from the loopback has passed a load
// balancer that knows where the endpoints are.
func (t *Table) endpointFor(from podnet.Source, svc *corev1.Service, sp *corev1.ServicePort, addr string, internal bool) (string, error) {
	all := t.endpoints(svc, sp)
	usable := all.usable(t.node)
	if internal && svc.Spec.InternalTrafficPolicy != nil && *svc.Spec.InternalTrafficPolicy == corev1.ServiceInternalTrafficPolicyLocal {
		local := all.on(t.node).readyOrDraining()
		if len(local) == 0 && len(usable) > 0 {
			return "", fmt.Errorf("connect %s: Service %s/%s sends to endpoints on its caller's node alone, and there is none: %w",
				addr, svc.Namespace, svc.Name, podnet.Timeout)
		}
		usable = local
	}
	if len(usable) == 0 {
		return "", fmt.Errorf("connect %s: Service %s/%s has no ready endpoints: %w", addr, svc.Namespace, svc.Name, podnet.Refused)
	}
	if svc.Spec.SessionAffinity == corev1.ServiceAffinityClientIP {
		return t.sticky(from, svc, sp, usable), nil
	}
	return usable[t.pick(len(usable))].addr, nil
}
