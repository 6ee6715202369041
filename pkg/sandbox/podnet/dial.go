package podnet

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

const (
	// lostAfter ends the wait for an answer of a dead node where the caller set no limit. Linux would
	// send SYNs for 127 s.
	lostAfter = 30 * time.Second
	// retryEvery is how often a dial that gets no answer tries again.
	retryEvery = 50 * time.Millisecond
)

// Dial connects to a Pod's or a node's address, ip:port, as the node does: kubelet probes,
// port-forward, the API server. Network is tcp or udp. The peer sees the gateway of its own node.
// Errors are those of package net: connection refused where nobody listens, no route to host for an
// address that nobody has, a timeout for a node that is down, network is unreachable for all that is
// not of the sandbox. Services have no meaning here; a Proxy knows them.
func (n Network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.DialFrom(ctx, netip.AddrPort{}, network, addr)
}

// DialFrom is Dial in the name of another: the peer sees source. The zero value is the peer's node.
func (n Network) DialFrom(ctx context.Context, source netip.AddrPort, network, addr string) (net.Conn, error) {
	proto, to, err := parseTarget(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	e := n.entry(proto, source, to)
	if proto == "udp" {
		return newDatagramConn(e.source, to, func(ctx context.Context, source, to netip.AddrPort) (net.Conn, error) {
			return n.stream(ctx, entry{proto: proto, origin: e.origin, source: source, dest: to})
		}), nil
	}
	raw, err := n.stream(ctx, e)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: raw, proto: proto, local: netAddr(proto, e.source), remote: netAddr(proto, to)}, nil
}

// DialPod connects to a TCP port as a program in the Pod does to localhost, and so also reaches what
// listens on 127.0.0.1 alone. It is what port-forward uses.
func (n Network) DialPod(ctx context.Context, podIP string, port int) (net.Conn, error) {
	ip, err := netip.ParseAddr(podIP)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(n.Dir, ip.Unmap().String())
	if NodeCIDR().Contains(ip.Unmap()) {
		dir = n.hostDir(ip.Unmap())
	}
	localhost := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	source, to := netip.AddrPortFrom(localhost, ephemeralPort()), netip.AddrPortFrom(localhost, uint16(port))
	var ticket []byte
	if n.Gate != nil {
		if ticket, err = n.Gate.signOwn(ip.Unmap(), "tcp", source, to); err != nil {
			return nil, err
		}
	}
	raw, err := dialOwn(ctx, dir, entry{proto: "tcp", source: source, dest: to}, ticket)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: raw, proto: "tcp", local: netAddr("tcp", source), remote: netAddr("tcp", to)}, nil
}

func parseTarget(ctx context.Context, network, addr string) (string, netip.AddrPort, error) {
	proto, err := protocol(network)
	if err != nil {
		return "", netip.AddrPort{}, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	host, port, err := splitHostPort(ctx, proto, addr)
	if err != nil {
		return "", netip.AddrPort{}, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "", netip.AddrPort{}, &net.OpError{Op: "dial", Net: network, Err: notFound(host)}
	}
	return proto, netip.AddrPortFrom(ip.Unmap(), port), nil
}

// stream opens the byte stream to an address, preamble sent. Datagrams go over it in frames.
func (n Network) stream(ctx context.Context, e entry) (net.Conn, error) {
	if err := n.waitUp(ctx, e.dest.Addr()); err != nil {
		return nil, dialError(e.proto, e.dest, err)
	}
	switch ip := e.dest.Addr(); {
	case PodCIDR().Contains(ip):
		dir := filepath.Join(n.Dir, ip.String())
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, dialError(e.proto, e.dest, Unreachable)
		}
		return n.enter(ctx, socketFile(dir, e.proto, e.dest.Port()), e)
	case NodeCIDR().Contains(ip):
		return n.nodeStream(ctx, e)
	case ServiceCIDR().Contains(ip):
		return nil, dialError(e.proto, e.dest, Unreachable)
	}
	return nil, dialError(e.proto, e.dest, Outside)
}

// enter connects to a Pod's socket when its node lets that in.
func (n Network) enter(ctx context.Context, file string, e entry) (net.Conn, error) {
	var ticket []byte
	err := persist(ctx, e.proto, func() (err error) {
		ticket, err = n.ticket(ctx, e)
		return err
	})
	if err != nil {
		return nil, dialError(e.proto, e.dest, err)
	}
	return dialSocket(ctx, file, e, ticket)
}

// persist repeats what is lost on the way, as TCP sends its SYN again: a connection that comes to be
// allowed while its client still waits is made. A datagram is lost.
func persist(ctx context.Context, proto string, try func() error) error {
	err := try()
	if proto == "udp" || reasonOf(err) != Timeout || ctx.Err() != nil {
		return err
	}
	lost := poll(ctx, func() bool {
		err = try()
		return reasonOf(err) != Timeout
	})
	if lost != nil {
		return lost
	}
	return err
}

// nodeStream goes to a hostNetwork Pod's socket, else to what SetNode named.
func (n Network) nodeStream(ctx context.Context, e entry) (net.Conn, error) {
	proto, to := e.proto, e.dest
	file := socketFile(n.hostDir(to.Addr()), proto, to.Port())
	if _, err := os.Lstat(file); err == nil {
		if c, err := n.enter(ctx, file, e); err == nil || reasonOf(err) != Refused {
			return c, err
		}
	}
	answer, ok := n.nodeAnswer(proto, to)
	switch {
	case ok && PodCIDR().Contains(answer.Addr()):
		e.dest = answer
		return n.stream(ctx, e)
	case ok && answer.Addr().IsLoopback() && proto == "tcp":
		c, err := new(net.Dialer).DialContext(ctx, "tcp", answer.String())
		if err != nil {
			return nil, dialError(proto, to, dialCause(ctx, err))
		}
		return c, nil
	}
	if _, err := os.Stat(n.hostDir(to.Addr())); err != nil {
		return nil, dialError(proto, to, Unreachable)
	}
	return nil, dialError(proto, to, Refused)
}

// waitUp returns at once unless the address is of a node that is down; then when the node is back,
// and with a timeout when the caller's patience or lostAfter ends.
func (n Network) waitUp(ctx context.Context, ip netip.Addr) error {
	number, ok := NodeNumber(ip)
	if !ok || !n.IsDown(number) {
		return nil
	}
	return poll(ctx, func() bool { return !n.IsDown(number) })
}

// poll waits for a condition, at most lostAfter.
func poll(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	end := time.NewTimer(lostAfter)
	defer end.Stop()
	for {
		select {
		case <-ctx.Done():
			return contextError(ctx)
		case <-end.C:
			return Timeout
		case <-tick.C:
			if done() {
				return nil
			}
		}
	}
}

// dialOwn is how a Pod reaches itself: what is bound to its loopback first.
func dialOwn(ctx context.Context, dir string, e entry, ticket []byte) (net.Conn, error) {
	c, err := dialSocket(ctx, loopbackFile(dir, e.proto, e.dest.Port()), e, ticket)
	if err == nil || reasonOf(err) != Refused {
		return c, err
	}
	return dialSocket(ctx, socketFile(dir, e.proto, e.dest.Port()), e, ticket)
}

// dialSocket connects to one socket and sends the preamble.
func dialSocket(ctx context.Context, file string, e entry, ticket []byte) (net.Conn, error) {
	proto, to := e.proto, e.dest
	var c net.Conn
	for {
		var err error
		if c, err = new(net.Dialer).DialContext(ctx, "unix", file); err == nil {
			break
		}
		cause := dialCause(ctx, err)
		if !isBacklogFull(cause) {
			return nil, dialError(proto, to, cause)
		}
		// Where TCP drops the SYN and the sender repeats it, a unix socket says so at once.
		select {
		case <-ctx.Done():
			return nil, dialError(proto, to, contextError(ctx))
		case <-time.After(retryEvery / 10):
		}
	}
	if _, err := c.Write(preamble{source: e.source, dest: to, ticket: ticket}.bytes(proto)); err != nil {
		_ = c.Close()
		return nil, dialError(proto, to, Refused)
	}
	return c, nil
}

// dialCause is what lies under a failed dial of a real socket, without its path.
func dialCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if isRefused(err) {
		return Refused
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func socketFile(dir, proto string, port uint16) string {
	name := strconv.Itoa(int(port))
	if proto == "udp" {
		name += ".udp"
	}
	return filepath.Join(dir, name+".sock")
}

func loopbackFile(dir, proto string, port uint16) string {
	f := socketFile(dir, proto, port)
	return filepath.Join(dir, "lo-"+filepath.Base(f))
}

// sourceFor fills in a source that is not known: the gateway of the target's node.
func sourceFor(source netip.AddrPort, to netip.Addr) netip.AddrPort {
	if source.Addr().IsValid() {
		if source.Port() != 0 {
			return source
		}
		return netip.AddrPortFrom(source.Addr(), ephemeralPort())
	}
	number, _ := NodeNumber(to)
	return netip.AddrPortFrom(Gateway(number), ephemeralPort())
}

// ephemeralPort is a port of Linux's default ip_local_port_range.
func ephemeralPort() uint16 { return uint16(32768 + rand.IntN(60999-32768+1)) }
