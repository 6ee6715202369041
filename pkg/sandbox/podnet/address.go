package podnet

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// MaxNode is the highest node number: its Pods need a third octet of their own, its address a fourth.
const MaxNode = 250

// PodCIDR is the prefix of every Pod's address.
func PodCIDR() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, 0, 0}), 16) }

// ServiceCIDR is the prefix of ClusterIPs.
func ServiceCIDR() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 96, 0, 0}), 16) }

// NodeCIDR is the prefix of the nodes' addresses.
func NodeCIDR() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 18, 0, 0}), 16) }

// NodeIP is the address of node n: 172.18.0.2 for the control plane (n is 0), then one up a worker.
func NodeIP(n int) netip.Addr { return netip.AddrFrom4([4]byte{172, 18, 0, byte(2 + n)}) }

// Machine is the address by which the cluster knows the machine that it runs on, 172.18.0.1.
func Machine() netip.Addr { return netip.AddrFrom4([4]byte{172, 18, 0, 1}) }

// NodePodCIDR is the prefix of the Pods on node n, 10.244.n.0/24.
func NodePodCIDR(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, byte(n), 0}), 24)
}

// Gateway is the address that node n has on its Pods' side, 10.244.n.1. No Pod has it.
func Gateway(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 244, byte(n), 1}) }

// NodeNumber is the number of the node that ip belongs to, as a Pod's address or as the node's own.
func NodeNumber(ip netip.Addr) (int, bool) {
	b := ip.Unmap().As4
	switch ip = ip.Unmap(); {
	case PodCIDR().Contains(ip):
		return int(b()[2]), true
	case NodeCIDR().Contains(ip) && b()[2] == 0 && b()[3] >= 2:
		return int(b()[3]) - 2, true
	}
	return 0, false
}

// protocol reduces a network name of package net to the two that the Pod network has.
func protocol(network string) (string, error) {
	switch network {
	case "tcp", "tcp4":
		return "tcp", nil
	case "udp", "udp4":
		return "udp", nil
	}
	return "", net.UnknownNetworkError(network)
}

// splitHostPort takes host:port apart; the port may be a service name such as http.
func splitHostPort(ctx context.Context, proto, addr string) (string, uint16, error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	if p, err := strconv.ParseUint(service, 10, 16); err == nil {
		return host, uint16(p), nil
	}
	p, err := net.DefaultResolver.LookupPort(ctx, proto, service)
	return host, uint16(p), err
}

// isLocalhost says whether a host means the Pod itself.
func isLocalhost(host string) bool {
	if host == "" || strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.IsUnspecified())
}

// netAddr is an address as package net has it for a protocol.
func netAddr(proto string, a netip.AddrPort) net.Addr {
	if proto == "udp" {
		return net.UDPAddrFromAddrPort(a)
	}
	return net.TCPAddrFromAddrPort(a)
}

// toAddrPort is the opposite of netAddr; the zero value stands for what is no IP address.
func toAddrPort(a net.Addr) netip.AddrPort {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
