package applet

import (
	"context"
	"net"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// maxDatagram is more than any datagram holds.
const maxDatagram = 1 << 16

// datagrams sends each piece of standard input as a datagram and prints what comes, until nothing came for
// as long as wait. UDP has no end that the other side could tell.
func datagrams(ctx context.Context, t *task.Task, c net.Conn, wait time.Duration) int {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		in, buf := stream.Bind(reading, t.In), make([]byte, maxDatagram)
		for {
			n, err := in.Read(buf)
			if n > 0 {
				_, _ = c.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	buf := make([]byte, maxDatagram)
	for {
		_ = c.SetReadDeadline(time.Now().Add(wait))
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		_, _ = t.Out.Write(buf[:n])
	}
	if ctx.Err() != nil {
		return task.CodeOf(ctx)
	}
	return 0
}

// ncReceive waits for a datagram at a port and then speaks with its sender.
func ncReceive(ctx context.Context, t *task.Task, o opts, args []string) int {
	port := o.value('p', "")
	if port == "" && len(args) > 0 {
		port = args[len(args)-1]
	}
	l, err := t.Net.ListenPacket(ctx, "udp", ":"+port)
	if err != nil {
		return bindFailed(t, port, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	defer l.Close()
	wait := connectTimeout
	if w := o.value('w', ""); w != "" {
		if wait, err = sleepTime(w); err != nil {
			t.Errorf("invalid number '%s'", w)
			return 1
		}
	}
	buf := make([]byte, maxDatagram)
	n, from, err := l.ReadFrom(buf)
	if err != nil {
		return task.CodeOf(ctx)
	}
	_, _ = t.Out.Write(buf[:n])
	return datagrams(ctx, t, &boundTo{PacketConn: l, peer: from}, wait)
}

// boundTo is a datagram socket that hears and answers one peer.
type boundTo struct {
	net.PacketConn
	peer net.Addr
}

func (c *boundTo) RemoteAddr() net.Addr { return c.peer }

func (c *boundTo) Write(b []byte) (int, error) { return c.WriteTo(b, c.peer) }

func (c *boundTo) Read(b []byte) (int, error) {
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil || from.String() == c.peer.String() {
			return n, err
		}
	}
}
