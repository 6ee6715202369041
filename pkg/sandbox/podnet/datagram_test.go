package podnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
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

// exchange sends a datagram and reads the answer. Datagrams may be lost: a client repeats them.
func exchange(t *testing.T, c net.Conn, text []byte) []byte {
	t.Helper()
	got := make([]byte, 1<<16)
	for end := time.Now().Add(patience); ; {
		if _, err := c.Write(text); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(patience / 10))
		n, err := c.Read(got)
		if err == nil {
			return got[:n]
		}
		if time.Now().After(end) {
			t.Fatalf("no answer to %.20q: %v", text, err)
		}
	}
}

// repeat sends a datagram every now and then until the function that it returns is called.
func repeat(send func() error) (stop func()) {
	done := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			_ = send()
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		sending.Wait()
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
		exchange(t, c, []byte("zero")) // from here on there is a stream, and nothing is lost on its way
		_ = c.SetDeadline(time.Now().Add(patience))
		for _, text := range []string{"one", "", "three", strings.Repeat("x", 60_000)} {
			if _, err := c.Write([]byte(text)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, from, answer := make([]byte, 1<<16), "", "zero"
			for answer == "zero" { // it may have been repeated
				n, err := c.Read(got)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				from, answer, _ = strings.Cut(string(got[:n]), " ")
			}
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
	stop := repeat(func() error {
		_, err := c.Write([]byte("anybody?"))
		if err != nil {
			t.Errorf("write: %v", err)
		}
		return err
	})
	_, err = c.Read(make([]byte, 10))
	stop()
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Read = %v, want refused", err)
	}
	for errors.Is(err, syscall.ECONNREFUSED) { // once for each
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		_, err = c.Read(make([]byte, 10))
	}
	var n net.Error
	if !errors.As(err, &n) || !n.Timeout() {
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
	for i := range 2 {
		server, err := a.ListenPacket(testContext(t), "udp", ":53")
		if err != nil {
			t.Fatal(err)
		}
		go echoPackets(server)
		ping := fmt.Appendf(nil, "ping %d", i)
		for !bytes.HasSuffix(exchange(t, c, ping), ping) { // an answer to the ping before may be late
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
	_ = server.SetReadDeadline(time.Now().Add(patience))
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
	stop := repeat(func() error { _, err := c.Write([]byte("x")); return err })
	err = <-read
	stop()
	if err != nil {
		t.Errorf("with its deadline taken back: %v", err)
	}
	// A deadline that is brought forward reaches who waits already.
	quiet := listenPacket(t, w.pod(podB), ":53")
	_ = quiet.SetReadDeadline(time.Now().Add(time.Hour))
	go func() {
		_, _, err := quiet.ReadFrom(make([]byte, 10))
		read <- err
	}()
	_ = quiet.SetDeadline(time.Now())
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
	defer repeat(func() error { _, err := client.WriteTo([]byte("hello"), to); return err })()
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
