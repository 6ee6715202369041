package podnet

import (
	"context"
	"net/netip"
)

// Source is who asks.
type Source struct {
	// Namespace completes short names.
	Namespace string
	// Addr is the Pod's address and port, the zero value for somebody outside of the Pods.
	Addr netip.AddrPort
}

// Resolver knows the Services and their names. Package service has the real one.
type Resolver interface {
	// Resolve turns what a program dials into the Pod's or node's address, ip:port, that this
	// connection goes to. Proto is tcp or udp; host is a name or an address. The error wraps a Reason.
	Resolve(ctx context.Context, from Source, proto, host string, port int) (addr string, err error)
	// Lookup answers a question to the DNS: typ is A, AAAA, CNAME, PTR or SRV. An SRV record reads
	// "priority weight port target.", names have their final dot. A name that exists without records
	// of the type has an empty answer, one that does not has an error that wraps NoSuchHost.
	Lookup(ctx context.Context, from Source, typ, name string) ([]string, error)
}
