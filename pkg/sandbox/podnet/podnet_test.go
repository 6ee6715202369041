package podnet_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

const (
	podA     = "10.244.1.5"
	podB     = "10.244.2.7"
	service  = "10.96.0.50"
	lost     = "10.96.0.99"
	patience = 10 * time.Second
)

// world is a Pod network with a service proxy, in a folder with a short name: socket paths are
// limited to about 100 bytes, and t.TempDir has the test's name in it.
type world struct {
	t        testing.TB
	network  podnet.Network
	proxy    string
	resolver *table
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "pn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &world{t: t, network: podnet.Network{Dir: dir}, proxy: filepath.Join(dir, "p.sock"), resolver: &table{}}
	if err := w.network.Init(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", w.proxy)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- (&podnet.Proxy{Network: w.network, Resolver: w.resolver}).Serve(ctx, l)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

// pod adds a Pod and returns its network.
func (w *world) pod(ip string) *podnet.Stack {
	w.t.Helper()
	dir, err := w.network.AddPod(ip)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.stack(ip, dir)
}

func (w *world) stack(ip, dir string) *podnet.Stack {
	return podnet.NewStack(&container.Spec{
		Namespace: "shop", Hostname: "host-" + strings.ReplaceAll(ip, ".", "-"), PodIP: ip, Net: dir, Proxy: w.proxy,
	})
}

// table resolves a few names and addresses, as package service would from a cluster.
type table struct {
	mu    sync.Mutex
	names map[string][]string
	to    map[string]string
	asked []podnet.Source
}

func (r *table) set(clusterAddr, endpoint string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == nil {
		r.to = map[string]string{}
	}
	r.to[clusterAddr] = endpoint
}

func (r *table) Resolve(_ context.Context, from podnet.Source, proto, host string, port int) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, from)
	addr := net.JoinHostPort(host, strconv.Itoa(port))
	if to, ok := r.to[proto+" "+addr]; ok {
		return to, nil
	}
	switch {
	case host == "web":
		return r.to[proto+" "+net.JoinHostPort(service, strconv.Itoa(port))], nil
	case host == lost:
		return "", fmt.Errorf("connect %s: %w", addr, podnet.Timeout)
	case host == service:
		return "", fmt.Errorf("connect %s: %w", addr, podnet.Refused)
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return "", fmt.Errorf("lookup %s: %w", host, podnet.NoSuchHost)
	}
	return addr, nil
}

func (r *table) Lookup(_ context.Context, from podnet.Source, typ, name string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, from)
	known, ok := r.names[name]
	switch {
	case !ok && name == "web":
		known = []string{service}
	case !ok:
		return nil, fmt.Errorf("lookup %s: %w", name, podnet.NoSuchHost)
	}
	if typ != "A" {
		return nil, nil
	}
	return known, nil
}

func (r *table) sources() []podnet.Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]podnet.Source(nil), r.asked...)
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func listen(t *testing.T, s *podnet.Stack, addr string) net.Listener {
	t.Helper()
	l, err := s.Listen(testContext(t), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve answers each connection with a function, in the background.
func serve(t *testing.T, l net.Listener, answer func(net.Conn)) {
	t.Helper()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = c.Close() }()
				answer(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
}

// whoAmI tells a peer by which addresses the server knows the two ends.
func whoAmI(c net.Conn) {
	_, _ = fmt.Fprintf(c, "%s>%s", c.RemoteAddr(), c.LocalAddr())
}

// ask sends a text, ends its half, and reads all of the answer.
func ask(t *testing.T, c net.Conn, text string) string {
	t.Helper()
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if text != "" { // a server that answers unasked may be gone already
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func dial(t *testing.T, d func(context.Context, string, string) (net.Conn, error), addr string) net.Conn {
	t.Helper()
	c, err := d(testContext(t), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
