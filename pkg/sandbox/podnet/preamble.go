package podnet

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"
)

// The header of the PROXY protocol, version 2, as in section 2.2 of its specification
// (haproxy.org/download/3.0/doc/proxy-protocol.txt), for IPv4 alone: 16 bytes, then source and
// destination addresses and ports.
const (
	preambleSignature = "\r\n\r\n\x00\r\nQUIT\n"
	preambleLen       = 28
	// preambleTicket is the type of the field (2.2.7, custom values) that holds a ticket.
	preambleTicket = 0xE0
	fieldHeadLen   = 3

	commandLocal = 0x20 // somebody looks whether there is a listener: no connection of a client
	commandProxy = 0x21
)

// preambleWait is how long a connection that says nothing at all is taken for one whose preamble is
// still to come.
const preambleWait = 2 * time.Second

var errNoPreamble = errors.New("no preamble")

type preamble struct {
	local  bool
	source netip.AddrPort
	dest   netip.AddrPort
	ticket []byte
}

func (p preamble) bytes(proto string) []byte {
	command, family := byte(commandProxy), byte(0x11)
	if p.local {
		command = commandLocal
	}
	if proto == "udp" {
		family = 0x12
	}
	rest := 12
	if p.ticket != nil {
		rest += fieldHeadLen + len(p.ticket)
	}
	b := append(make([]byte, 0, preambleLen+fieldHeadLen+ticketLen), preambleSignature...)
	b = append(b, command, family, 0, byte(rest))
	b = append(b, as4(p.source.Addr())...)
	b = append(b, as4(p.dest.Addr())...)
	b = binary.BigEndian.AppendUint16(b, p.source.Port())
	b = binary.BigEndian.AppendUint16(b, p.dest.Port())
	if p.ticket != nil {
		b = append(append(b, preambleTicket, 0, byte(len(p.ticket))), p.ticket...)
	}
	return b
}

// readPreamble takes the preamble off a fresh connection. Where there is none it returns
// errNoPreamble and the bytes that it took, which are the first ones of what the peer says; so it does
// for one that says nothing until wait is over.
func readPreamble(c net.Conn, wait time.Duration) (preamble, []byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return preamble{}, nil, err
	}
	b := make([]byte, preambleLen)
	n := 0
	for n < preambleLen {
		m, err := c.Read(b[n:])
		n += m
		if mismatch(b[:n]) || errors.Is(err, io.EOF) {
			break
		}
		var t net.Error
		if errors.As(err, &t) && t.Timeout() {
			break
		}
		if err != nil {
			return preamble{}, nil, err
		}
	}
	if n < preambleLen || mismatch(b) {
		return preamble{}, b[:n], errors.Join(errNoPreamble, c.SetReadDeadline(time.Time{}))
	}
	ticket, err := readTicket(c, int(binary.BigEndian.Uint16(b[14:]))-12)
	if err != nil {
		return preamble{}, nil, err
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return preamble{}, nil, err
	}
	p := preamble{local: b[12] == commandLocal, ticket: ticket}
	p.source = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[16:20])), binary.BigEndian.Uint16(b[24:]))
	p.dest = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[20:24])), binary.BigEndian.Uint16(b[26:]))
	return p, nil, nil
}

// readTicket reads what follows the addresses: a ticket, or nothing.
func readTicket(c io.Reader, size int) ([]byte, error) {
	if size <= 0 {
		return nil, nil
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(c, b); err != nil {
		return nil, err
	}
	if size != fieldHeadLen+ticketLen || b[0] != preambleTicket {
		return nil, nil
	}
	return b[fieldHeadLen:], nil
}

func mismatch(b []byte) bool {
	n := min(len(b), len(preambleSignature))
	return string(b[:n]) != preambleSignature[:n]
}

func as4(a netip.Addr) []byte {
	if a = a.Unmap(); !a.Is4() {
		return make([]byte, 4)
	}
	return a.AsSlice()
}
