package podnet

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// drainTime is what the other direction has left after one has broken: an answer that was sent
// before the break is still delivered.
const drainTime = 5 * time.Second

// Forward connects a client from outside to a Pod's or node's TCP address and carries bytes both ways
// until both sides are done or the context ends, then closes both. Policies apply to origin; the
// Pod sees that too, or its node's gateway where the node stands in for the client. Where nothing
// answers it returns why, as Dial does, and leaves the client open.
func (n Network) Forward(ctx context.Context, client net.Conn, origin netip.AddrPort, standIn bool, addr string) error {
	proto, to, err := parseTarget(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	e := n.entry(proto, origin, to)
	if standIn {
		e.source = sourceFor(netip.AddrPort{}, to.Addr())
	}
	far, err := n.stream(ctx, e)
	if err != nil {
		return err
	}
	splice(ctx, client, far)
	return nil
}

// splice carries bytes both ways until both sides are done, and closes both. The end of one
// direction is handed on and leaves the other open.
func splice(ctx context.Context, a, b net.Conn) {
	shut := func() {
		_ = a.Close()
		_ = b.Close()
	}
	defer shut()
	stop := context.AfterFunc(ctx, shut)
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { carry(a, b, shut) })
	both.Go(func() { carry(b, a, shut) })
	both.Wait()
}

// carry copies one direction. io.Copy lets the kernel do it (splice) where one side is TCP.
func carry(to, from net.Conn, shut func()) {
	_, err := io.Copy(to, from)
	if closeWrite(to) != nil || err != nil {
		_ = closeRead(from)
		time.AfterFunc(drainTime, shut)
	}
}
