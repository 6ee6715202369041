package podnet_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

func listenPacket(t *testing.T, s *podnet.Stack, addr string) net.PacketConn {
	t.Helper()
	c, err := s.ListenPacket(testContext(t), "udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// echoPackets sends each datagram back, with its sender's address in front.
func echoPackets(c net.PacketConn) {
	b := make([]byte, 1<<16)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		_, _ = c.WriteTo(append([]byte(from.String()+" "), b[:n]...), from)
	}
}

func TestDatagrams(t *testing.T) {
	w := newWorld(t)
	a, b := w.pod(podA), w.pod(podB)
	server := listenPacket(t, a, ":53")
	go echoPackets(server)
	w.resolver.set("udp "+service+":53", podA+":53")
	if got := server.LocalAddr().(*net.UDPAddr).String(); got != podA+":53" {
		t.Errorf("LocalAddr = %s", got)
	}
	for name, tt := range map[string]struct {
		dial func(context.Context, string, string) (net.Conn, error)
		addr string
		from string
	}{
		"Pod to Service": {b.DialContext, service + ":53", podB},
		"Pod to name":    {b.DialContext, "web:53", podB},
		"localhost":      {a.DialContext, "127.0.0.1:53", "127.0.0.1"},
		"node":           {w.network.Dial, podA + ":53", "10.244.1.1"},
	} {
		c, err := tt.dial(testContext(t), "udp", tt.addr)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		for _, text := range []string{"one", "", "three", strings.Repeat("x", 60_000)} {
			if _, err := c.Write([]byte(text)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got := make([]byte, 1<<16)
			n, err := c.Read(got)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			from, answer, _ := strings.Cut(string(got[:n]), " ")
			if answer != text || from != c.LocalAddr().String() || netip.MustParseAddrPort(from).Addr().String() != tt.from {
				t.Errorf("%s: sent %.20q from %s, got %.20q to %s", name, text, c.LocalAddr(), answer, from)
			}
		}
		if _, err := c.Write(bytes.Repeat([]byte("x"), 65_508)); !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("%s: a datagram that is too long: %v", name, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := c.Write(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: write after close: %v", name, err)
		}
	}
}

func TestDatagramToNobody(t *testing.T) {
	w := newWorld(t)
	w.pod(podA)
	c, err := w.pod(podB).DialContext(testContext(t), "udp", podA+":53")
	if err != nil {
		t.Fatalf("a UDP dial cannot fail: %v", err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte("anybody?")); err != nil {
		t.Errorf("the first write: %v", err)
	}
	if _, err := c.Read(make([]byte, 10)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Read = %v, want refused", err)
	}
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	var n net.Error
	if _, err := c.Read(make([]byte, 10)); !errors.As(err, &n) || !n.Timeout() {
		t.Errorf("Read past its deadline = %v", err)
	}
}

func TestDatagramsFindARestartedServer(t *testing.T) {
	w := newWorld(t)
	a := w.pod(podA)
	c, err := w.pod(podB).DialContext(testContext(t), "udp", podA+":53")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for range 2 {
		server, err := a.ListenPacket(testContext(t), "udp", ":53")
		if err != nil {
			t.Fatal(err)
		}
		go echoPackets(server)
		got, end := make([]byte, 100), time.Now().Add(patience)
		for { // datagrams may be lost: a client repeats them
			_, _ = c.Write([]byte("ping"))
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			if _, err = c.Read(got); err == nil || time.Now().After(end) {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadDeadlineOfDatagrams(t *testing.T) {
	w := newWorld(t)
	server := listenPacket(t, w.pod(podA), ":53")
	expired := func() {
		t.Helper()
		var n net.Error
		if _, _, err := server.ReadFrom(make([]byte, 10)); !errors.As(err, &n) || !n.Timeout() {
			t.Fatalf("ReadFrom = %v, want a timeout", err)
		}
	}
	for range 3 { // a deadline that has passed can be set anew, and passes again
		_ = server.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		expired()
		expired()
	}
	_ = server.SetReadDeadline(time.Now().Add(time.Hour))
	read := make(chan error, 1)
	go func() {
		_, _, err := server.ReadFrom(make([]byte, 10))
		read <- err
	}()
	c, err := w.network.Dial(testContext(t), "udp", podA+":53")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Errorf("with its deadline taken back: %v", err)
	}
	// A deadline that is brought forward reaches who waits already.
	go func() {
		_, _, err := server.ReadFrom(make([]byte, 10))
		read <- err
	}()
	_ = server.SetDeadline(time.Now())
	if err := <-read; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ReadFrom = %v, want a timeout", err)
	}
}

// A socket that is bound to a port can speak first, as a DNS client does.
func TestUnconnectedSender(t *testing.T) {
	w := newWorld(t)
	go echoPackets(listenPacket(t, w.pod(podA), ":53"))
	w.resolver.set("udp "+service+":53", podA+":53")
	client := listenPacket(t, w.pod(podB), ":0")
	to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(service + ":53"))
	if _, err := client.WriteTo([]byte("hello"), to); err != nil {
		t.Fatal(err)
	}
	_ = client.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 100)
	n, from, err := client.ReadFrom(b)
	if err != nil || string(b[:n]) != client.LocalAddr().String()+" hello" || from.String() != to.String() {
		t.Errorf("got %q from %v, %v", b[:n], from, err)
	}
}

func TestClosedSocketWakesItsReader(t *testing.T) {
	w := newWorld(t)
	pod := w.pod(podA)
	c := listenPacket(t, pod, ":53")
	if _, err := pod.ListenPacket(testContext(t), "udp", ":53"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second listener: %v", err)
	}
	listen(t, pod, ":53") // TCP has ports of its own
	done := make(chan error, 1)
	go func() {
		_, _, err := c.ReadFrom(make([]byte, 10))
		done <- err
	}()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("ReadFrom = %v", err)
	}
}
