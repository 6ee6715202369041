package podnet

import (
	"errors"
	"io"
	"net"
	"sync"
)

// conn is one end of a connection on the Pod network: a unix socket that goes by the addresses that
// the programs at its ends know.
type conn struct {
	net.Conn
	proto         string
	local, remote net.Addr

	mu   sync.Mutex
	head []byte // what was read from the socket and belongs to the reader
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) Read(b []byte) (int, error) {
	if n := c.takeHead(b); n > 0 {
		return n, nil
	}
	n, err := c.Conn.Read(b)
	return n, c.fix(err)
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.fix(err)
}

// CloseWrite ends this side's half: the peer reads end of file and can still answer.
func (c *conn) CloseWrite() error { return c.fix(closeWrite(c.Conn)) }

// CloseRead ends the other half.
func (c *conn) CloseRead() error { return c.fix(closeRead(c.Conn)) }

func (c *conn) takeHead(b []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(b, c.head)
	if c.head = c.head[n:]; len(c.head) == 0 {
		c.head = nil
	}
	return n
}

func (c *conn) fix(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return hidePath(err, c.proto, c.local, c.remote)
}

func closeWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return errors.ErrUnsupported
}

func closeRead(c net.Conn) error {
	if h, ok := c.(interface{ CloseRead() error }); ok {
		return h.CloseRead()
	}
	return errors.ErrUnsupported
}
