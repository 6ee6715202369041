package podnet

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Gate is a node's say over who gets in to its Pods. Other nodes ask it on a socket, one line each:
//
//	tcp ORIGIN SOURCE DEST  ->  ok TICKET, or a Reason
//
// Origin is who the connection comes from, source is whom the Pod sees, which are two where a node
// stands in for a client. Of who asks the operating system tells the process, and only parts of the
// cluster are answered.
type Gate struct {
	// Node is the number of the node.
	Node int
	// Policy may be nil: all may come in.
	Policy Policy
	// Trusted says whether a process is a part of the cluster.
	Trusted func(pid int) bool

	key ed25519.PrivateKey
}

const (
	gateGranted = "ok "
	// gateWait bounds a question to a gate that is there; a node that is frozen answers when it thaws.
	gateWait = 10 * time.Second
)

// NewGate makes a gate with a key of its own.
func NewGate(node int, policy Policy, trusted func(pid int) bool) (*Gate, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make the node's key: %w", err)
	}
	return &Gate{Node: node, Policy: policy, Trusted: trusted, key: key}, nil
}

// Key is the half of the gate's key that containers check tickets with (container.Spec's NodeKey).
func (g *Gate) Key() string {
	public, _ := g.key.Public().(ed25519.PublicKey)
	return base64.StdEncoding.EncodeToString(public)
}

// Listen takes the gate's place on the network, which a gate of a process that died may have left.
func (g *Gate) Listen(ctx context.Context, n Network) (net.Listener, error) {
	ip := NodeIP(g.Node)
	if _, err := n.AddNode(ip.String()); err != nil {
		return nil, fmt.Errorf("open gate: %w", err)
	}
	file := n.gateFile(ip)
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open gate: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", file)
	if err != nil {
		return nil, fmt.Errorf("open gate: %w", err)
	}
	return l, nil
}

// Serve answers other nodes until the context ends.
func (g *Gate) Serve(ctx context.Context, l net.Listener) error {
	l = knownPeers(l, g.Trusted)
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			go g.answer(ctx, c)
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("serve gate: %w", err)
		default: // no file descriptor is free, most likely
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func (g *Gate) answer(ctx context.Context, c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(gateWait))
	line, err := bufio.NewReaderSize(c, 256).ReadString('\n')
	if err != nil {
		return
	}
	var e entry
	if _, err := fmt.Sscanf(line, "%s %s %s %s", &e.proto, (*addrText)(&e.origin), (*addrText)(&e.source), (*addrText)(&e.dest)); err != nil {
		_, _ = fmt.Fprintln(c, Outside)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, gateWait)
	defer cancel()
	ticket, err := g.admit(ctx, e)
	if err != nil {
		_, _ = fmt.Fprintln(c, string(reasonOf(err)))
		return
	}
	_, _ = fmt.Fprintln(c, gateGranted+base64.StdEncoding.EncodeToString(ticket))
}

// entry is what a gate is asked for.
type entry struct {
	proto                string
	origin, source, dest netip.AddrPort
}

// admit judges an entry, and signs it.
func (g *Gate) admit(ctx context.Context, e entry) ([]byte, error) {
	if n, ok := NodeNumber(e.dest.Addr()); !ok || n != g.Node {
		return nil, fmt.Errorf("%s is not of this node: %w", e.dest, Unreachable)
	}
	if g.Policy != nil {
		if err := g.Policy.Ingress(ctx, e.proto, e.origin, e.dest); err != nil {
			return nil, err
		}
	}
	return g.sign(e.dest.Addr(), e.proto, e.source, e.dest), nil
}

func (g *Gate) sign(pod netip.Addr, proto string, source, dest netip.AddrPort) []byte {
	return ed25519.Sign(g.key, ticketText(pod, proto, source, dest))
}

// signOwn signs a connection of a Pod with itself, which no policy can forbid.
func (g *Gate) signOwn(pod netip.Addr, proto string, source, dest netip.AddrPort) ([]byte, error) {
	for _, a := range []netip.Addr{source.Addr(), dest.Addr()} {
		if a != pod && !a.IsLoopback() {
			return nil, fmt.Errorf("%s is not of Pod %s: %w", a, pod, Unreachable)
		}
	}
	return g.sign(pod, proto, source, dest), nil
}

// ticket asks the node that has the destination. A network without gates has no tickets either.
func (n Network) ticket(ctx context.Context, e entry) ([]byte, error) {
	number, _ := NodeNumber(e.dest.Addr())
	if n.Gate != nil && n.Gate.Node == number {
		return n.Gate.admit(ctx, e)
	}
	c, err := new(net.Dialer).DialContext(ctx, "unix", n.gateFile(NodeIP(number)))
	if err != nil {
		return nil, nil // nobody there: what the socket itself says is the better answer
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintln(c, e.proto, e.origin, e.source, e.dest); err != nil {
		return nil, nil
	}
	line, err := bufio.NewReaderSize(c, 256).ReadString('\n')
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	coded, granted := strings.CutPrefix(strings.TrimSpace(line), gateGranted)
	switch {
	case err != nil:
		return nil, nil
	case !granted:
		return nil, Reason(coded)
	}
	return base64.StdEncoding.DecodeString(coded)
}

func (n Network) gateFile(node netip.Addr) string { return filepath.Join(n.hostDir(node), "gate.sock") }

// addrText scans an address and a port.
type addrText netip.AddrPort

// Scan implements fmt.Scanner.
func (a *addrText) Scan(s fmt.ScanState, _ rune) error {
	b, err := s.Token(true, nil)
	if err != nil {
		return err
	}
	ap, err := netip.ParseAddrPort(string(b))
	*a = addrText(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()))
	return err
}
