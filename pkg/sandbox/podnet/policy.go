package podnet

import (
	"context"
	"net/netip"
)

// Policy says which connections may be, of those that begin or end at a Pod of this node. Package
// firewall has the real one. An error that wraps Timeout is a connection that is dropped.
type Policy interface {
	// Egress judges a connection of a Pod of this node, to an endpoint or to DNSServer.
	Egress(ctx context.Context, proto string, from, to netip.AddrPort) error
	// Ingress judges a connection to a Pod of this node. From is who it really comes from.
	Ingress(ctx context.Context, proto string, from, to netip.AddrPort) error
}

// Pod is one on this node, as its runtime made it.
type Pod struct {
	Addr      netip.Addr
	Namespace string
	Name      string
	UID       string
	Labels    map[string]string
}

// OnHostNetwork says that the Pod has the address of its node.
func (p Pod) OnHostNetwork() bool { return NodeCIDR().Contains(p.Addr) }
