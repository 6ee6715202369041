package podnet

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
)

// Stack is the network as a program in a container has it: it listens on its Pod's address, reaches
// itself, and everything else by way of its node's Proxy. Its methods are those of package net, and
// so are their errors. It is safe for concurrent use.
type Stack struct {
	spec  *container.Spec
	place place
	ip    netip.Addr
}

// NewStack is the network of a container. Of the spec it uses Net, Proxy, NodeKey, PodIP, Hostname,
// Namespace and where /etc/hosts is.
func NewStack(spec *container.Spec) *Stack {
	ip, _ := netip.ParseAddr(spec.PodIP) // a spec without one has nothing but its loopback
	s := &Stack{spec: spec, ip: ip.Unmap()}
	key, err := parseKey(spec.NodeKey)
	if err != nil {
		key = make([]byte, ed25519.PublicKeySize) // lets nobody in
	}
	s.place = place{dir: spec.Net, ip: s.ip, key: key, silence: preambleWait}
	return s
}

// Listen announces on a TCP port of the Pod, as net.ListenConfig.Listen does. The host may be empty,
// unspecified or the Pod's address; on localhost the port is for the Pod itself alone, which includes
// port-forward. The listener's address is the Pod's, a *net.TCPAddr, and so are its peers'.
func (s *Stack) Listen(ctx context.Context, network, addr string) (net.Listener, error) {
	if network == "udp" || network == "udp4" {
		return nil, &net.OpError{Op: "listen", Net: network, Err: net.UnknownNetworkError(network)}
	}
	l, err := s.place.bind(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ListenPacket announces on a UDP port of the Pod, as net.ListenConfig.ListenPacket does.
func (s *Stack) ListenPacket(ctx context.Context, network, addr string) (net.PacketConn, error) {
	if network != "udp" && network != "udp4" {
		return nil, &net.OpError{Op: "listen", Net: network, Err: net.UnknownNetworkError(network)}
	}
	l, err := s.place.bind(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return newPacketConn(l, s.datagramStream), nil
}

// DialContext connects to a TCP or UDP address, as net.Dialer.DialContext does. The host may be an
// address or a name; of several addresses the first that answers is taken.
func (s *Stack) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	proto, err := protocol(network)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	host, port, err := splitHostPort(ctx, proto, addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	ips, err := s.addresses(ctx, host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if proto == "udp" {
		to := netip.AddrPortFrom(ips[0], port)
		return newDatagramConn(s.source(to.Addr()), to, s.datagramStream), nil
	}
	return s.dialFirst(ctx, ips, port)
}

// HTTPClient is a client on this network. It uses no proxy and follows redirects as curl -L does.
func (s *Stack) HTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:     s.DialContext,
		IdleConnTimeout: 30 * time.Second,
	}}
}

// dialFirst tries addresses in turn; each has its share of the time, and the first error counts.
func (s *Stack) dialFirst(ctx context.Context, ips []netip.Addr, port uint16) (net.Conn, error) {
	var first error
	for i, ip := range ips {
		share, cancel := partOf(ctx, len(ips)-i)
		to := netip.AddrPortFrom(ip, port)
		c, err := s.stream(share, "tcp", s.source(ip), to)
		cancel()
		if err == nil {
			return c, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

func partOf(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || n <= 1 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(n))
}

// source is the address that a new connection comes from.
func (s *Stack) source(to netip.Addr) netip.AddrPort {
	ip := s.ip
	if to.IsLoopback() || to.IsUnspecified() || !ip.IsValid() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.AddrPortFrom(ip, ephemeralPort())
}

func (s *Stack) datagramStream(ctx context.Context, source, to netip.AddrPort) (net.Conn, error) {
	return s.stream(ctx, "udp", source, to)
}

// stream opens the byte stream to an address.
func (s *Stack) stream(ctx context.Context, proto string, source, to netip.AddrPort) (*conn, error) {
	c := &conn{proto: proto, local: netAddr(proto, source), remote: netAddr(proto, to)}
	var err error
	switch ip := to.Addr(); {
	case ip.IsLoopback() || ip.IsUnspecified():
		c.Conn, err = s.dialOwn(ctx, entry{proto: proto, source: source, dest: to})
		if err == nil || !NodeCIDR().Contains(s.ip) || !errors.Is(err, Refused.errno()) {
			break
		}
		c.Conn, c.head, err = s.connect(ctx, proto, source, to) // a hostPort of another Pod, perhaps
	case ip == s.ip:
		c.Conn, err = s.dialOwn(ctx, entry{proto: proto, source: source, dest: to})
		if err == nil || !NodeCIDR().Contains(ip) || !errors.Is(err, Refused.errno()) {
			break
		}
		fallthrough // a hostNetwork Pod shares the address with its node
	default:
		c.Conn, c.head, err = s.connect(ctx, proto, source, to)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// dialOwn connects to the Pod's own socket, at its loopback or at its address, with a pass of the node's.
func (s *Stack) dialOwn(ctx context.Context, e entry) (net.Conn, error) {
	var ticket []byte
	if s.place.key != nil {
		var err error
		if ticket, err = s.pass(ctx, e); err != nil {
			return nil, dialError(e.proto, e.dest, err)
		}
	}
	if e.dest.Addr() == s.ip {
		return dialSocket(ctx, socketFile(s.spec.Net, e.proto, e.dest.Port()), e, ticket)
	}
	return dialOwn(ctx, s.spec.Net, e, ticket)
}
