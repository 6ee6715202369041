package podnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// flowIdle ends a stream on which no datagram went for as long, as conntrack forgets a UDP flow.
	flowIdle = 3 * time.Minute
	// datagramPatience is how long a write waits for a stream to open or to take a frame. UDP itself
	// would not wait at all.
	datagramPatience = time.Second
)

// streamDialer opens the stream that carries datagrams to an address.
type streamDialer func(ctx context.Context, source, to netip.AddrPort) (net.Conn, error)

// datagrams is a UDP socket. A stream stands for the flow between two addresses.
type datagrams struct {
	local netip.AddrPort
	dial  streamDialer
	inbox *inbox

	mu     sync.Mutex
	flows  map[netip.AddrPort]*flow
	isShut bool
}

type flow struct {
	stream net.Conn
	used   atomic.Int64 // UnixNano of the last datagram

	mu sync.Mutex // one frame at a time
}

func newDatagrams(local netip.AddrPort, dial streamDialer) *datagrams {
	return &datagrams{local: local, dial: dial, inbox: newInbox(), flows: map[netip.AddrPort]*flow{}}
}

// send loses what it cannot deliver, and leaves the reason for the next receive.
func (d *datagrams) send(b []byte, to netip.AddrPort) (int, error) {
	if len(b) > maxDatagram {
		return 0, d.opError("write", to, syscall.EMSGSIZE)
	}
	f, err := d.flow(to)
	if errors.Is(err, net.ErrClosed) {
		return 0, d.opError("write", to, err)
	}
	if err != nil {
		d.report(to, err)
		return len(b), nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used.Store(time.Now().UnixNano())
	_ = f.stream.SetWriteDeadline(time.Now().Add(datagramPatience))
	if _, err := f.stream.Write(appendFrame(nil, b)); err != nil {
		d.drop(to, f)
	}
	return len(b), nil
}

// report hands on what an ICMP message would have: an answer to the last datagram, not to a caller.
func (d *datagrams) report(to netip.AddrPort, err error) {
	var op *net.OpError
	if errors.As(err, &op) && !op.Timeout() {
		d.inbox.put(letter{err: d.opError("read", to, op.Err)})
	}
}

func (d *datagrams) receive(b []byte) (int, netip.AddrPort, error) {
	l, err := d.inbox.take()
	if err != nil {
		var op *net.OpError
		if !errors.As(err, &op) {
			err = d.opError("read", netip.AddrPort{}, err)
		}
		return 0, netip.AddrPort{}, err
	}
	return copy(b, l.payload), l.from, nil
}

func (d *datagrams) flow(to netip.AddrPort) (*flow, error) {
	d.mu.Lock()
	f, isShut := d.flows[to], d.isShut
	d.mu.Unlock()
	if isShut {
		return nil, net.ErrClosed
	}
	if f != nil {
		return f, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), datagramPatience)
	defer cancel()
	stream, err := d.dial(ctx, d.local, to)
	if err != nil {
		return nil, err
	}
	return d.add(to, stream)
}

// add takes a stream on as the flow to a peer. Where there is one already, the newer one wins: the
// peer may have started anew on the same port.
func (d *datagrams) add(peer netip.AddrPort, stream net.Conn) (*flow, error) {
	f := &flow{stream: stream}
	f.used.Store(time.Now().UnixNano())
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isShut {
		_ = stream.Close()
		return nil, net.ErrClosed
	}
	d.flows[peer] = f
	go d.read(peer, f)
	return f, nil
}

func (d *datagrams) read(peer netip.AddrPort, f *flow) {
	defer d.drop(peer, f)
	for {
		_ = f.stream.SetReadDeadline(time.Now().Add(flowIdle))
		payload, started, err := readFrame(f.stream)
		var t net.Error
		if errors.As(err, &t) && t.Timeout() && !started &&
			time.Since(time.Unix(0, f.used.Load())) < flowIdle {
			continue
		}
		if err != nil {
			return
		}
		f.used.Store(time.Now().UnixNano())
		d.inbox.put(letter{from: peer, payload: payload})
	}
}

func (d *datagrams) drop(peer netip.AddrPort, f *flow) {
	_ = f.stream.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.flows[peer] == f {
		delete(d.flows, peer)
	}
}

func (d *datagrams) shut() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isShut {
		return d.opError("close", netip.AddrPort{}, net.ErrClosed)
	}
	d.isShut = true
	close(d.inbox.closed)
	for _, f := range d.flows {
		_ = f.stream.Close()
	}
	return nil
}

func (d *datagrams) opError(op string, to netip.AddrPort, cause error) error {
	e := &net.OpError{Op: op, Net: "udp", Source: netAddr("udp", d.local), Err: cause}
	if to.IsValid() {
		e.Addr = netAddr("udp", to)
	}
	return e
}

// datagramConn is a UDP socket that is connected to one peer.
type datagramConn struct {
	*datagrams
	peer netip.AddrPort
}

func newDatagramConn(local, peer netip.AddrPort, dial streamDialer) *datagramConn {
	return &datagramConn{datagrams: newDatagrams(local, dial), peer: peer}
}

func (c *datagramConn) Read(b []byte) (int, error) {
	n, _, err := c.receive(b)
	return n, err
}

// ReadFrom and WriteTo make it a net.PacketConn: by that, resolvers tell datagrams from a stream.
func (c *datagramConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.receive(b)
	if err != nil {
		return 0, nil, err
	}
	return n, netAddr("udp", from), nil
}

// WriteTo fails, as it does on a connected net.UDPConn.
func (c *datagramConn) WriteTo([]byte, net.Addr) (int, error) {
	return 0, c.opError("write", c.peer, net.ErrWriteToConnected)
}

func (c *datagramConn) Write(b []byte) (int, error)      { return c.send(b, c.peer) }
func (c *datagramConn) Close() error                     { return c.shut() }
func (c *datagramConn) LocalAddr() net.Addr              { return netAddr("udp", c.local) }
func (c *datagramConn) RemoteAddr() net.Addr             { return netAddr("udp", c.peer) }
func (c *datagramConn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }
func (c *datagramConn) SetWriteDeadline(time.Time) error { return nil }
func (c *datagramConn) SetReadDeadline(t time.Time) error {
	c.inbox.setDeadline(t)
	return nil
}

// packetConn is a UDP socket that is bound to a port and speaks with anybody.
type packetConn struct {
	*datagrams
	listener *listener
}

func newPacketConn(l *listener, dial streamDialer) *packetConn {
	c := &packetConn{datagrams: newDatagrams(l.addr, dial), listener: l}
	go func() {
		for {
			peer, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.add(toAddrPort(peer.RemoteAddr()), peer)
		}
	}()
	return c
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.receive(b)
	if err != nil {
		return 0, nil, err
	}
	return n, netAddr("udp", from), nil
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	peer := toAddrPort(to)
	if !peer.IsValid() {
		return 0, c.opError("write", peer, syscall.EAFNOSUPPORT)
	}
	return c.send(b, peer)
}

func (c *packetConn) Close() error                     { return errors.Join(c.shut(), c.listener.Close()) }
func (c *packetConn) LocalAddr() net.Addr              { return netAddr("udp", c.local) }
func (c *packetConn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }
func (c *packetConn) SetWriteDeadline(time.Time) error { return nil }
func (c *packetConn) SetReadDeadline(t time.Time) error {
	c.inbox.setDeadline(t)
	return nil
}
