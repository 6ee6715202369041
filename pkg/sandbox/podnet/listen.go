package podnet

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// backlog is how many connections wait, preamble read, for the program to accept them.
	backlog = 128
	// maxSocketPath is what fits into sockaddr_un on macOS, its NUL left out. Linux has 4 more.
	maxSocketPath = 103
)

// listener accepts connections on one port of a Pod. Preambles are read on the side, so that a peer
// that is slow or silent does not keep others waiting.
type listener struct {
	socket  net.Listener
	proto   string
	addr    netip.AddrPort
	gateway netip.Addr
	pod     netip.Addr
	key     ed25519.PublicKey // nil where no tickets are asked for
	silence time.Duration     // how long a preamble is waited for

	ready  chan net.Conn
	slots  chan struct{}
	closed chan struct{}
	close  sync.Once
}

// listenSocket binds a port in a Pod's folder. Loopback binds it for the Pod itself alone.
func (p place) listenSocket(ctx context.Context, proto string, addr netip.AddrPort, loopback bool) (*listener, error) {
	dir := p.dir
	file, other := socketFile(dir, proto, addr.Port()), loopbackFile(dir, proto, addr.Port())
	if loopback {
		file, other = other, file
	}
	if isListening(ctx, other) {
		return nil, syscall.EADDRINUSE
	}
	socket, err := bindSocket(ctx, file)
	if err != nil {
		return nil, err
	}
	number, _ := NodeNumber(addr.Addr())
	l := &listener{
		socket: socket, proto: proto, addr: addr, gateway: Gateway(number), pod: p.ip, key: p.key, silence: p.silence,
		ready: make(chan net.Conn), slots: make(chan struct{}, backlog), closed: make(chan struct{}),
	}
	go l.run()
	return l, nil
}

// bindSocket listens on a file, in the place of a socket whose program has died.
func bindSocket(ctx context.Context, file string) (net.Listener, error) {
	if len(file) > maxSocketPath {
		return nil, syscall.ENAMETOOLONG
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", file)
	if err == nil || !isAddrInUse(err) {
		return l, bindCause(err)
	}
	if isListening(ctx, file) {
		return nil, syscall.EADDRINUSE
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, syscall.EADDRINUSE
	}
	l, err = new(net.ListenConfig).Listen(ctx, "unix", file)
	return l, bindCause(err)
}

func bindCause(err error) error {
	if isAddrInUse(err) {
		return syscall.EADDRINUSE
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// isListening knocks at a socket. The preamble tells the listener not to bother its program.
func isListening(ctx context.Context, file string) bool {
	if _, err := os.Lstat(file); errors.Is(err, os.ErrNotExist) {
		return false
	}
	// A caller that leaves now must not make a live socket look dead, and be removed.
	c, err := new(net.Dialer).DialContext(context.WithoutCancel(ctx), "unix", file)
	if err != nil {
		return isBacklogFull(err)
	}
	_, _ = c.Write(preamble{local: true}.bytes("tcp"))
	_ = c.Close()
	return true
}

// Addr is the Pod's address and port.
func (l *listener) Addr() net.Addr { return netAddr(l.proto, l.addr) }

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: l.proto, Addr: l.Addr(), Err: net.ErrClosed}
	}
}

func (l *listener) Close() error {
	err := error(&net.OpError{Op: "close", Net: l.proto, Addr: l.Addr(), Err: net.ErrClosed})
	l.close.Do(func() {
		close(l.closed)
		err = l.socket.Close()
	})
	return err
}

func (l *listener) run() {
	for {
		select {
		case l.slots <- struct{}{}:
		case <-l.closed:
			return
		}
		c, err := l.socket.Accept()
		switch {
		case err == nil:
			go l.admit(c)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		<-l.slots
		// No file descriptor is free, most likely: what closes others makes room.
		select {
		case <-time.After(5 * time.Millisecond):
		case <-l.closed:
		}
	}
}

// admit reads who the peer is and hands the connection over.
func (l *listener) admit(c net.Conn) {
	defer func() { <-l.slots }()
	p, head, err := readPreamble(c, l.silence)
	if p.local || err != nil && !errors.Is(err, errNoPreamble) {
		_ = c.Close()
		return
	}
	if l.key != nil && !ed25519.Verify(l.key, ticketText(l.pod, l.proto, p.source, p.dest), p.ticket) {
		_ = c.Close() // nobody whom the node let in
		return
	}
	if err != nil {
		p = preamble{source: netip.AddrPortFrom(l.gateway, ephemeralPort()), dest: l.addr}
	}
	peer := &conn{Conn: c, proto: l.proto, head: head,
		local: netAddr(l.proto, p.dest), remote: netAddr(l.proto, p.source)}
	select {
	case l.ready <- peer:
	case <-l.closed:
		_ = c.Close()
	}
}

// place is a Pod's on the network: the folder of its sockets, its address, and its node's key.
type place struct {
	dir string
	ip  netip.Addr
	key ed25519.PublicKey
	// silence is how long its listeners wait for a preamble.
	silence time.Duration
}

// bind listens where a program of a Pod asked to: a free port for port 0, the Pod alone for its
// loopback.
func (p place) bind(ctx context.Context, network, addr string) (*listener, error) {
	proto, err := protocol(network)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	host, port, err := splitHostPort(ctx, proto, addr)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	shown, loopback, err := bindAddress(host, p.ip)
	if err != nil {
		return nil, listenError(proto, netip.AddrPortFrom(shown, port), err)
	}
	if port != 0 {
		l, err := p.listenSocket(ctx, proto, netip.AddrPortFrom(shown, port), loopback)
		if err != nil {
			return nil, listenError(proto, netip.AddrPortFrom(shown, port), err)
		}
		return l, nil
	}
	for range 100 {
		l, err := p.listenSocket(ctx, proto, netip.AddrPortFrom(shown, ephemeralPort()), loopback)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return l, wrapListen(proto, shown, err)
		}
	}
	return nil, listenError(proto, netip.AddrPortFrom(shown, 0), syscall.EADDRINUSE)
}

func wrapListen(proto string, ip netip.Addr, err error) error {
	if err == nil {
		return nil
	}
	return listenError(proto, netip.AddrPortFrom(ip, 0), err)
}

// bindAddress says which address a listener has that asks for host in a Pod that has ip.
func bindAddress(host string, ip netip.Addr) (shown netip.Addr, loopback bool, err error) {
	if host == "" {
		return ip, false, nil
	}
	if host == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true, nil
	}
	a, err := netip.ParseAddr(host)
	switch a = a.Unmap(); {
	case err != nil:
		return a, false, notFound(host)
	case a.IsLoopback():
		return bindAddress("localhost", ip)
	case a.IsUnspecified() || a == ip:
		return ip, false, nil
	}
	return a, false, syscall.EADDRNOTAVAIL
}
