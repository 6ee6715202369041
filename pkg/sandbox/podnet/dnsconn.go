package podnet

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"
)

// dialDNS is a stream to the cluster's DNS, which every node answers by itself. On TCP, DNS puts the same two
// bytes of length before a message as this package does before a datagram.
func (p *Proxy) dialDNS(ctx context.Context, from Source, proto string) net.Conn {
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	s := nameserver{resolver: p.Resolver, from: from, proto: proto}
	go func() {
		defer func() { _ = fromServer.Close() }()
		defer func() { _ = toServer.Close() }()
		for {
			query, _, err := readFrame(toServer)
			if err != nil {
				return
			}
			answer := s.answer(ctx, query)
			if answer == nil {
				continue
			}
			if _, err := fromServer.Write(appendFrame(nil, answer)); err != nil {
				return
			}
		}
	}()
	return dnsConn{toClient, fromClient}
}

// dnsConn is the client's end. What carries its bytes sets no deadlines.
type dnsConn struct {
	*io.PipeReader
	out *io.PipeWriter
}

func (c dnsConn) Write(b []byte) (int, error) { return c.out.Write(b) }
func (c dnsConn) CloseWrite() error           { return c.out.Close() }
func (c dnsConn) CloseRead() error            { return c.PipeReader.Close() }
func (c dnsConn) LocalAddr() net.Addr         { return netAddr("tcp", netip.AddrPort{}) }
func (c dnsConn) RemoteAddr() net.Addr {
	return netAddr("tcp", netip.AddrPortFrom(DNSServer(), dnsPort))
}
func (c dnsConn) SetDeadline(time.Time) error        { return nil }
func (c dnsConn) SetReadDeadline(t time.Time) error  { return nil }
func (c dnsConn) SetWriteDeadline(t time.Time) error { return nil }
func (c dnsConn) Close() error {
	_ = c.out.Close()
	return c.PipeReader.Close()
}
