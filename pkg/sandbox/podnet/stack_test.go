package podnet_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

func TestPeersSeeEachOthersAddresses(t *testing.T) {
	w := newWorld(t)
	a, b := w.pod(podA), w.pod(podB)
	l := listen(t, a, ":8080")
	serve(t, l, whoAmI)
	w.resolver.set("tcp "+service+":80", podA+":8080")

	if tcp, ok := l.Addr().(*net.TCPAddr); !ok || tcp.String() != podA+":8080" {
		t.Errorf("the listener's address is %T %s", l.Addr(), l.Addr())
	}
	for _, tt := range []struct {
		name, addr   string
		dial         func(context.Context, string, string) (net.Conn, error)
		server, peer string // what each side calls the client and the server
	}{
		{"Pod to Pod", podA + ":8080", b.DialContext, podB, podA + ":8080"},
		{"Pod to Service", service + ":80", b.DialContext, podB, service + ":80"},
		{"Pod to name", "web:80", b.DialContext, podB, service + ":80"},
		{"Pod to itself", podA + ":8080", a.DialContext, podA, podA + ":8080"},
		{"localhost", "localhost:8080", a.DialContext, "127.0.0.1", "127.0.0.1:8080"},
		{"localhost in IPv6", "[::1]:8080", a.DialContext, "127.0.0.1", "127.0.0.1:8080"},
		{"its own host name", "host-10-244-1-5:8080", a.DialContext, podA, podA + ":8080"},
		{"kubelet probe", podA + ":8080", w.network.Dial, "10.244.1.1", podA + ":8080"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, tt.dial, tt.addr)
			if got := c.RemoteAddr().String(); got != tt.peer {
				t.Errorf("RemoteAddr = %s, want %s", got, tt.peer)
			}
			local := c.LocalAddr().String()
			client, server, _ := strings.Cut(ask(t, c, ""), ">")
			if client != local {
				t.Errorf("the server calls the client %s, the client itself %s", client, local)
			}
			if host, _, _ := net.SplitHostPort(client); host != tt.server {
				t.Errorf("the server sees %s, want %s", host, tt.server)
			}
			if tt.server != "127.0.0.1" && server != podA+":8080" {
				t.Errorf("the server's own end is %s", server)
			}
		})
	}
}

func TestConnectionWithoutPreambleShowsAsTheGateway(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":80"), func(c net.Conn) {
		b, _ := io.ReadAll(c)
		_, _ = fmt.Fprintf(c, "%s %s", c.RemoteAddr().(*net.TCPAddr).IP, b)
	})
	for _, text := range []string{"GET / HTTP/1.0\r\n\r\n", "\r\n\r\n", "", strings.Repeat("long ", 1000)} {
		c := dial(t, func(ctx context.Context, _, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", addr)
		}, filepath.Join(w.network.Dir, podA, "80.sock"))
		if got, want := ask(t, c, text), "10.244.1.1 "+text; got != want {
			t.Errorf("got %.60q, want %.60q", got, want)
		}
	}
}

// A silent client must not keep others from being served.
func TestSilentConnectionDoesNotBlockOthers(t *testing.T) {
	w := newWorld(t)
	var served atomic.Int32
	silentClient := func(port string, wait time.Duration) net.Conn {
		pod := w.stack(podA, filepath.Join(w.network.Dir, podA))
		pod.WaitForPreambles(wait)
		serve(t, listen(t, pod, ":"+port), func(c net.Conn) { _, _ = fmt.Fprint(c, served.Add(1)) })
		silent, err := net.Dial("unix", filepath.Join(w.network.Dir, podA, port+".sock"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
		return silent
	}
	w.pod(podA)
	silentClient("80", time.Hour)
	if got := ask(t, dial(t, w.network.Dial, podA+":80"), ""); got != "1" {
		t.Errorf("the client that came second, but spoke, was number %s", got)
	}
	// A silent one is served too, by a server that speaks first.
	silent := silentClient("81", 10*time.Millisecond)
	_ = silent.SetReadDeadline(time.Now().Add(patience))
	if b, err := io.ReadAll(silent); string(b) != "2" {
		t.Errorf("the silent client got %q, %v", b, err)
	}
}

func TestHalfClose(t *testing.T) {
	w := newWorld(t)
	a, b := w.pod(podA), w.pod(podB)
	serve(t, listen(t, a, ":80"), func(c net.Conn) {
		all, err := io.ReadAll(c) // ends only when the client's half ends
		if err == nil {
			_, _ = c.Write(bytes.ToUpper(all))
		}
	})
	w.resolver.set("tcp "+service+":80", podA+":80")
	for name, c := range map[string]net.Conn{
		"direct":        dial(t, w.network.Dial, podA+":80"),
		"through proxy": dial(t, b.DialContext, service+":80"),
		"own":           dial(t, a.DialContext, "127.0.0.1:80"),
	} {
		if got := ask(t, c, "shout"); got != "SHOUT" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestServerEndsFirst(t *testing.T) {
	w := newWorld(t)
	a, b := w.pod(podA), w.pod(podB)
	ended := make(chan string, 1)
	serve(t, listen(t, a, ":80"), func(c net.Conn) {
		_, _ = c.Write([]byte("hello"))
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
		all, _ := io.ReadAll(c)
		ended <- string(all)
	})
	c := dial(t, b.DialContext, podA+":80")
	if all, err := io.ReadAll(c); string(all) != "hello" || err != nil {
		t.Errorf("got %q, %v", all, err)
	}
	if _, err := c.Write([]byte("still here")); err != nil {
		t.Errorf("write after the server's end: %v", err)
	}
	_ = c.Close()
	if got := <-ended; got != "still here" {
		t.Errorf("the server got %q", got)
	}
}

// When a program dies, its peer must hear of it through the proxy.
func TestBrokenConnectionEndsBothSides(t *testing.T) {
	w := newWorld(t)
	a, b := w.pod(podA), w.pod(podB)
	serve(t, listen(t, a, ":80"), func(c net.Conn) { _ = c.Close() })
	c := dial(t, b.DialContext, podA+":80")
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("read from a closed connection succeeded")
	}
	var err error
	for err == nil {
		_, err = c.Write(make([]byte, 1<<16))
	}
	var op *net.OpError
	if !errors.As(err, &op) || op.Timeout() || op.Net != "tcp" {
		t.Fatalf("write: %v, want an error of the connection", err)
	}
	if text := err.Error(); strings.Contains(text, w.network.Dir) || strings.Contains(text, "unix") {
		t.Errorf("the error shows the host: %s", text)
	}
}

func TestDialThroughProxyErrors(t *testing.T) {
	w := newWorld(t)
	w.pod(podA)
	pod := w.pod(podB)
	for _, tt := range []struct {
		addr string
		want error
		says string
	}{
		{podA + ":80", syscall.ECONNREFUSED, "dial tcp 10.244.1.5:80: connect: connection refused"},
		{service + ":80", syscall.ECONNREFUSED, "dial tcp 10.96.0.50:80: connect: connection refused"},
		{"10.244.1.77:80", syscall.EHOSTUNREACH, "dial tcp 10.244.1.77:80: connect: no route to host"},
		{"1.1.1.1:443", syscall.ENETUNREACH, "dial tcp 1.1.1.1:443: connect: network is unreachable"},
		{"nowhere:80", nil, "dial tcp: lookup nowhere: no such host"},
	} {
		_, err := pod.DialContext(testContext(t), "tcp", tt.addr)
		var op *net.OpError
		if !errors.As(err, &op) || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("Dial(%s) = %v, want %v", tt.addr, err, tt.want)
			continue
		}
		if err.Error() != tt.says {
			t.Errorf("Dial(%s) says %q, want %q", tt.addr, err, tt.says)
		}
	}
	var dns *net.DNSError
	if _, err := pod.DialContext(testContext(t), "tcp", "nowhere:80"); !errors.As(err, &dns) || !dns.IsNotFound {
		t.Errorf("an unknown name: %v, want a *net.DNSError that is not found", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	var n net.Error
	if _, err := pod.DialContext(ctx, "tcp", lost+":80"); !errors.As(err, &n) || !n.Timeout() {
		t.Errorf("a Service that drops: %v, want a timeout", err)
	}
}

func TestLostPacketsArriveWhenTheServiceAppears(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":80"), whoAmI)
	pod := w.pod(podB)
	result := make(chan error, 1)
	go func() {
		c, err := pod.DialContext(testContext(t), "tcp", lost+":80")
		if err == nil {
			err = c.Close()
		}
		result <- err
	}()
	for len(w.resolver.sources()) == 0 {
		time.Sleep(time.Millisecond)
	}
	w.resolver.set("tcp "+lost+":80", podA+":80")
	if err := <-result; err != nil {
		t.Error(err)
	}
}

func TestSecondAddressOfANameIsTried(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":80"), whoAmI)
	pod := w.pod(podB)
	w.resolver.names = map[string][]string{"db": {"10.244.3.3", podA}}
	if c := dial(t, pod.DialContext, "db:80"); c.RemoteAddr().String() != podA+":80" {
		t.Errorf("connected to %s", c.RemoteAddr())
	}
}

func TestPodWithoutProxyIsAlone(t *testing.T) {
	w := newWorld(t)
	dir, err := w.network.AddPod(podA)
	if err != nil {
		t.Fatal(err)
	}
	pod := podnet.NewStack(&container.Spec{PodIP: podA, Net: dir, Proxy: filepath.Join(dir, "none.sock")})
	_, err = pod.DialContext(testContext(t), "tcp", podB+":80")
	if !errors.Is(err, syscall.ENETUNREACH) || strings.Contains(err.Error(), dir) {
		t.Errorf("Dial = %v", err)
	}
	var dns *net.DNSError
	if _, err := pod.Lookup(testContext(t), "A", "web"); !errors.As(err, &dns) || dns.IsNotFound {
		t.Errorf("Lookup = %v, want an error that is not 'not found'", err)
	}
}

func TestListenConflicts(t *testing.T) {
	w := newWorld(t)
	pod := w.pod(podA)
	first := listen(t, pod, "0.0.0.0:80")
	listen(t, pod, "127.0.0.1:81")
	for _, addr := range []string{":80", "127.0.0.1:80", podA + ":80", ":81", "localhost:81"} {
		_, err := pod.Listen(testContext(t), "tcp", addr)
		var op *net.OpError
		if !errors.Is(err, syscall.EADDRINUSE) || !errors.As(err, &op) {
			t.Errorf("Listen(%s) = %v, want EADDRINUSE", addr, err)
		}
	}
	if _, err := pod.Listen(testContext(t), "tcp", podA+":80"); err == nil ||
		err.Error() != "listen tcp 10.244.1.5:80: bind: address already in use" {
		t.Errorf("the error says %q", err)
	}
	if _, err := pod.Listen(testContext(t), "tcp", podB+":82"); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("another Pod's address: %v", err)
	}
	// Who knocked was not handed to the program, and the port is free again afterwards.
	served := make(chan struct{})
	go func() {
		defer close(served)
		c, err := first.Accept()
		if err != nil {
			t.Errorf("Accept: %v", err)
			return
		}
		defer func() { _ = c.Close() }()
		if b, _ := io.ReadAll(c); string(b) != "real" {
			t.Errorf("the first connection said %q: a knock was taken for a client", b)
		}
	}()
	ask(t, dial(t, pod.DialContext, "127.0.0.1:80"), "real")
	<-served
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	listen(t, pod, ":80")
}

func TestStaleSocketIsReplaced(t *testing.T) {
	w := newWorld(t)
	pod := w.pod(podA)
	// What a killed program leaves: a socket file without a listener.
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(w.network.Dir, podA, "80.sock")})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.network.Dial(testContext(t), "tcp", podA+":80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Dial of a dead program = %v, want refused", err)
	}
	serve(t, listen(t, pod, ":80"), whoAmI)
	ask(t, dial(t, w.network.Dial, podA+":80"), "")
}

func TestListenPortZero(t *testing.T) {
	w := newWorld(t)
	pod := w.pod(podA)
	l := listen(t, pod, ":0")
	serve(t, l, whoAmI)
	if l.Addr().(*net.TCPAddr).Port == 0 {
		t.Fatal("no port was chosen")
	}
	ask(t, dial(t, w.network.Dial, l.Addr().String()), "")
}

func TestTooLongPathSaysSo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := podnet.NewStack(&container.Spec{PodIP: podA, Net: dir}).Listen(testContext(t), "tcp", ":80")
	if !errors.Is(err, syscall.ENAMETOOLONG) {
		t.Errorf("Listen = %v", err)
	}
}

func TestHostAliases(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":80"), whoAmI)
	dir, err := w.network.AddPod(podB)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.network.Dir, "hosts")
	if err := os.WriteFile(file, []byte("# written by the kubelet\n10.244.1.5 db Database # both\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pod := podnet.NewStack(&container.Spec{PodIP: podB, Net: dir, Proxy: w.proxy,
		Mounts: []container.Mount{{Path: "/etc/hosts", Source: file}}})
	for _, name := range []string{"db", "database"} {
		if c := dial(t, pod.DialContext, name+":80"); c.RemoteAddr().String() != podA+":80" {
			t.Errorf("%s is %s", name, c.RemoteAddr())
		}
	}
}

func TestLookup(t *testing.T) {
	w := newWorld(t)
	pod := w.pod(podA)
	if got, err := pod.Lookup(testContext(t), "a", "web"); err != nil || len(got) != 1 || got[0] != service {
		t.Errorf("Lookup(A, web) = %v, %v", got, err)
	}
	if got, err := pod.Lookup(testContext(t), "AAAA", "web"); err != nil || len(got) != 0 {
		t.Errorf("Lookup(AAAA, web) = %v, %v; want nothing, and no error", got, err)
	}
	_, err := pod.Lookup(testContext(t), "A", "no&type=A such host")
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound || dns.Name != "no&type=A such host" {
		t.Errorf("Lookup of an unknown name = %#v", err)
	}
	for _, from := range w.resolver.sources() {
		if from.Namespace != "shop" || from.Addr.Addr().String() != podA {
			t.Errorf("the DNS was asked by %+v", from)
		}
	}
}

func TestHTTPClient(t *testing.T) {
	w := newWorld(t)
	l := listen(t, w.pod(podA), ":80")
	serveHTTP(t, l, "page")
	w.resolver.set("tcp "+service+":80", podA+":80")
	client := w.pod(podB).HTTPClient()
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://web/x")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if b, _ := io.ReadAll(resp.Body); string(b) != "page web /x" {
		t.Errorf("got %q", b)
	}
}

func TestManyConnectionsAtOnce(t *testing.T) {
	w := newWorld(t)
	a, b := w.pod(podA), w.pod(podB)
	w.resolver.set("tcp "+service+":80", podA+":80")
	const n = 1000
	var arrived sync.WaitGroup
	arrived.Add(n)
	serve(t, listen(t, a, ":80"), func(c net.Conn) {
		arrived.Done()
		arrived.Wait() // all are open at the same time
		_, _ = io.Copy(c, c)
	})
	payload := make([]byte, 20_000)
	_, _ = rand.Read(payload)
	errs := make(chan error, n)
	for i := range n {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 6*patience)
			defer cancel()
			errs <- echo(ctx, b, service+":80", append(fmt.Appendf(nil, "%d ", i), payload...))
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}

func echo(ctx context.Context, s *podnet.Stack, addr string, payload []byte) error {
	c, err := s.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if d, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(d)
	}
	go func() {
		_, _ = c.Write(payload)
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err == nil && !bytes.Equal(got, payload) {
		err = fmt.Errorf("%d bytes came back changed, of %d", len(got), len(payload))
	}
	return err
}

func BenchmarkConnectionThroughProxy(b *testing.B) {
	w := newWorld(b)
	l, err := w.pod(podA).Listen(b.Context(), "tcp", ":80")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	w.resolver.set("tcp "+service+":80", podA+":80")
	client := w.pod(podB)
	for b.Loop() {
		if err := echo(b.Context(), client, service+":80", []byte("hello")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThroughputThroughProxy(b *testing.B) {
	w := newWorld(b)
	l, err := w.pod(podA).Listen(b.Context(), "tcp", ":80")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	c, err := w.pod(podB).DialContext(b.Context(), "tcp", podA+":80")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	block := make([]byte, 1<<20)
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		if _, err := c.Write(block); err != nil {
			b.Fatal(err)
		}
	}
}
