package kubectl

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// tunnel is an HTTP proxy for those connections that kubectl makes by itself, for exec, attach and cp:
// its libraries take no dialer there, but a proxy. It listens on the machine's loopback, from the first
// such connection on, and wants a password that nobody else has.
type tunnel struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	once   sync.Once
	at     *url.URL
	secret string
	err    error
}

// proxy tells which proxy a request is to take: none unless it asks for the connection itself.
func (t *tunnel) proxy(r *http.Request) (*url.URL, error) {
	if r.Header.Get("Upgrade") == "" {
		return nil, nil
	}
	t.once.Do(t.listen)
	return t.at, t.err
}

func (t *tunnel) listen() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.err = fmt.Errorf("make a way to the Pod's network: %w", err)
		return
	}
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	t.secret = hex.EncodeToString(b)
	t.at = &url.URL{Scheme: "http", Host: l.Addr().String(), User: url.UserPassword("kubectl", t.secret)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go t.carry(c)
		}
	}()
}

// carry answers CONNECT, and joins the connection with one on the Pod's network.
func (t *tunnel) carry(c net.Conn) {
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("kubectl:"+t.secret))
	if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") != want {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return
	}
	far, err := t.dial(r.Context(), "tcp", r.Host)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer far.Close()
	if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(far, in); done <- struct{}{} }()
	go func() { _, _ = io.Copy(c, far); done <- struct{}{} }()
	<-done
}
