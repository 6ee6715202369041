package podnet_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// rules are a podnet.Policy that a test changes.
type rules struct {
	mu     sync.Mutex
	denied map[string]bool // "egress 10.244.1.5 10.244.2.7:80"
	asked  []string
}

func (r *rules) set(denied ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.denied = map[string]bool{}
	for _, d := range denied {
		r.denied[d] = true
	}
}

func (r *rules) judge(direction string, from, to netip.AddrPort) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	what := fmt.Sprintf("%s %s %s", direction, from.Addr(), to)
	r.asked = append(r.asked, what)
	if r.denied[what] {
		return fmt.Errorf("%s: %w", what, podnet.Timeout)
	}
	return nil
}

func (r *rules) was(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.asked {
		if a == what {
			return true
		}
	}
	return false
}

func (r *rules) Egress(_ context.Context, _ string, from, to netip.AddrPort) error {
	return r.judge("egress", from, to)
}

func (r *rules) Ingress(_ context.Context, _ string, from, to netip.AddrPort) error {
	return r.judge("ingress", from, to)
}

// guarded is a network of two nodes with gates, each with rules of its own.
type guarded struct {
	t       *testing.T
	dir     string
	proxies map[int]*podnet.Proxy
	rules   map[int]*rules
	doors   map[string]string
	table   *table
	trusts  atomic.Bool
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	g := &guarded{t: t, dir: dir, proxies: map[int]*podnet.Proxy{}, rules: map[int]*rules{}, doors: map[string]string{}, table: &table{}}
	g.trusts.Store(true)
	if err := (podnet.Network{Dir: dir}).Init(); err != nil {
		t.Fatal(err)
	}
	for _, node := range []int{1, 2} {
		g.addNode(node)
	}
	return g
}

func (g *guarded) addNode(node int) {
	g.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	g.rules[node] = &rules{}
	gate, err := podnet.NewGate(node, g.rules[node], func(pid int) bool { return g.trusts.Load() && pid == os.Getpid() })
	if err != nil {
		g.t.Fatal(err)
	}
	n := podnet.Network{Dir: g.dir, Gate: gate}
	l, err := gate.Listen(ctx, n)
	if err != nil {
		g.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- gate.Serve(ctx, l) }()
	g.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			g.t.Errorf("Serve: %v", err)
		}
	})
	g.proxies[node] = &podnet.Proxy{Network: n, Resolver: g.table, Policy: g.rules[node]}
}

// pod adds a Pod; owns says whose processes may use its door.
func (g *guarded) pod(ip string, owns func(pid int) bool) *podnet.Stack {
	g.t.Helper()
	addr := netip.MustParseAddr(ip)
	node, _ := podnet.NodeNumber(addr)
	p := g.proxies[node]
	dir, err := p.Network.AddPod(ip)
	if err != nil {
		g.t.Fatal(err)
	}
	file := filepath.Join(g.dir, fmt.Sprintf("door%d.sock", len(g.doors)))
	door, err := p.OpenDoor(context.Background(), file, podnet.Pod{Addr: addr, Namespace: "shop", Name: ip, UID: ip}, owns)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = door.Close() })
	g.doors[ip] = file
	return podnet.NewStack(&container.Spec{Namespace: "shop", PodIP: ip, Net: dir, Proxy: file, NodeKey: p.Network.Gate.Key()})
}

func TestGateLetsInWhatPoliciesAllow(t *testing.T) {
	g := newGuarded(t)
	a, b := g.pod(podA, nil), g.pod(podB, nil)
	serve(t, listen(t, a, ":80"), whoAmI)
	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"Pod of another node": b.DialContext, "the Pod itself": a.DialContext,
		"its own node": g.proxies[1].Network.Dial, "another node": g.proxies[2].Network.Dial, "the control plane": podnet.Network{Dir: g.dir}.Dial,
	} {
		c, err := dial(testContext(t), "tcp", podA+":80")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := ask(t, c, ""); got == "" {
			t.Errorf("%s was not answered", name)
		}
	}
	for _, what := range []string{
		"egress 10.244.2.7 10.244.1.5:80", "ingress 10.244.2.7 10.244.1.5:80", "ingress 172.18.0.3 10.244.1.5:80",
		"ingress 172.18.0.4 10.244.1.5:80", "ingress 172.18.0.2 10.244.1.5:80",
	} {
		if node := map[bool]int{true: 2, false: 1}[what[0] == 'e']; !g.rules[node].was(what) {
			t.Errorf("node %d did not judge %q", node, what)
		}
	}
	if g.rules[1].was("ingress 10.244.1.5 10.244.1.5:80") {
		t.Error("policies were asked about a Pod that calls itself")
	}
}

// Each side's node judges by itself; what it does not allow is lost until it does.
func TestDeniedConnectionIsLost(t *testing.T) {
	for node, rule := range map[int]string{2: "egress 10.244.2.7 10.244.1.5:80", 1: "ingress 10.244.2.7 10.244.1.5:80"} {
		g := newGuarded(t)
		serve(t, listen(t, g.pod(podA, nil), ":80"), whoAmI)
		b := g.pod(podB, nil)
		g.rules[node].set(rule)
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		_, err := b.DialContext(ctx, "tcp", podA+":80")
		cancel()
		var n net.Error
		if !errors.As(err, &n) || !n.Timeout() {
			t.Errorf("%s: %v, want a timeout", rule, err)
		}
		result := make(chan error, 1)
		go func() {
			c, err := b.DialContext(testContext(t), "tcp", podA+":80")
			if err == nil {
				err = c.Close()
			}
			result <- err
		}()
		g.rules[node].set()
		if err := <-result; err != nil {
			t.Errorf("%s, taken back: %v", rule, err)
		}
	}
}

func TestDeniedDatagramIsLost(t *testing.T) {
	g := newGuarded(t)
	a, b := g.pod(podA, nil), g.pod(podB, nil)
	server, err := a.ListenPacket(testContext(t), "udp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	g.rules[1].set("ingress 10.244.2.7 10.244.1.5:53")
	c := dialUDP(t, b, podA+":53")
	if _, err := c.Write([]byte("lost")); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	var n net.Error
	if _, err := c.Read(make([]byte, 8)); !errors.As(err, &n) || !n.Timeout() {
		t.Errorf("read after a datagram that was dropped: %v, want a timeout", err)
	}
	g.rules[1].set()
	defer repeat(func() error { _, err := c.Write([]byte("comes")); return err })()
	_ = server.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 8)
	if n, _, err := server.ReadFrom(buf); err != nil || string(buf[:n]) != "comes" {
		t.Errorf("the server read %q, %v", buf[:n], err)
	}
}

func dialUDP(t *testing.T, s *podnet.Stack, addr string) net.Conn {
	t.Helper()
	c, err := s.DialContext(testContext(t), "udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A program that says it is another Pod is taken for the one whose door it uses.
func TestClaimedSourceCountsForNothing(t *testing.T) {
	g := newGuarded(t)
	serve(t, listen(t, g.pod(podA, nil), ":80"), whoAmI)
	g.pod(podB, nil)
	c, err := net.Dial("unix", g.doors[podB])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = fmt.Fprintf(c, "CONNECT %s:80 HTTP/1.1\r\nHost: x\r\n%s: 10.244.9.9:4000\r\n%s: kube-system\r\n\r\n", podA, podnet.SourceHeader, podnet.NamespaceHeader)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	_ = c.(*net.UnixConn).CloseWrite()
	b, _ := io.ReadAll(r)
	if got := string(b); got != podB+":4000>"+podA+":80" {
		t.Errorf("the server sees %q", got)
	}
	if !g.rules[2].was("egress 10.244.2.7 10.244.1.5:80") {
		t.Error("policies were asked about another Pod")
	}
}

func TestForeignProcessFindsNoWayOut(t *testing.T) {
	skipWithoutPeers(t)
	g := newGuarded(t)
	serve(t, listen(t, g.pod(podA, nil), ":80"), whoAmI)
	b := g.pod(podB, func(pid int) bool { return pid != os.Getpid() })
	if c, err := b.DialContext(testContext(t), "tcp", podA+":80"); err == nil {
		_ = c.Close()
		t.Error("a process of no container of the Pod got out in its name")
	}
}

// skipWithoutPeers skips where the system does not tell which process is at a socket's far end.
func skipWithoutPeers(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("needs to know the process at the far end of a unix socket")
	}
}

// header is a PROXY protocol v2 header as anybody can write one, with a ticket of wrong or no signature.
func header(source, dest netip.AddrPort, ticket []byte) []byte {
	b := append([]byte("\r\n\r\n\x00\r\nQUIT\n"), 0x21, 0x11)
	n := 12
	if ticket != nil {
		n += 3 + len(ticket)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	b = append(append(b, source.Addr().AsSlice()...), dest.Addr().AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, source.Port())
	b = binary.BigEndian.AppendUint16(b, dest.Port())
	if ticket != nil {
		b = append(append(b, 0xE0, 0, byte(len(ticket))), ticket...)
	}
	return b
}

// A program that finds the socket of another Pod can dial it, and is heard by nobody.
func TestSocketTakesNobodyWithoutTicket(t *testing.T) {
	g := newGuarded(t)
	a := g.pod(podA, nil)
	g.pod(podB, nil)
	heard := make(chan string, 10)
	for _, addr := range []string{":80", "127.0.0.1:81"} {
		serve(t, listen(t, a, addr), func(c net.Conn) { heard <- c.RemoteAddr().String() })
	}
	source, dest := netip.MustParseAddrPort(podB+":4000"), netip.MustParseAddrPort(podA+":80")
	lo := netip.MustParseAddrPort("127.0.0.1:81")
	loopback := netip.AddrPortFrom(lo.Addr(), 4000)
	for name, tt := range map[string]struct {
		file  string
		bytes []byte
	}{
		"nothing":                       {"80.sock", []byte("GET / HTTP/1.0\r\n\r\n")},
		"no ticket":                     {"80.sock", header(source, dest, nil)},
		"a wrong ticket":                {"80.sock", header(source, dest, make([]byte, 64))},
		"the Pod's loopback, no ticket": {"lo-81.sock", header(loopback, lo, nil)},
		"a ticket for its own loopback": {"lo-81.sock", header(loopback, lo, g.ownTicket(podB, loopback, lo))},
	} {
		c, err := net.Dial("unix", filepath.Join(g.dir, podA, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(tt.bytes)
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: read %v, want the end of the connection", name, err)
		}
		_ = c.Close()
	}
	c := dial(t, a.DialContext, "127.0.0.1:81")
	_ = c.Close()
	if got := <-heard; got != c.LocalAddr().String() {
		t.Errorf("the server heard %s, want none but %s", got, c.LocalAddr())
	}
}

// ownTicket is one that a Pod gets for a connection with itself.
func (g *guarded) ownTicket(ip string, source, dest netip.AddrPort) []byte {
	g.t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", g.doors[ip])
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(testContext(g.t), http.MethodPost, "http://podnet/pass?to="+dest.String(), nil)
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set(podnet.SourceHeader, source.String())
	resp, err := client.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	_ = resp.Body.Close()
	b := decode(g.t, resp.Header.Get(podnet.TicketHeader))
	if len(b) != 64 {
		g.t.Fatalf("no ticket: %s", resp.Status)
	}
	return b
}

func TestDoorSignsForItsOwnPodAlone(t *testing.T) {
	g := newGuarded(t)
	a := g.pod(podA, nil)
	g.pod("10.244.1.6", nil)
	serve(t, listen(t, a, ":80"), whoAmI)
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", g.doors["10.244.1.6"])
	}}}
	defer client.CloseIdleConnections()
	resp, err := client.Post("http://podnet/pass?to="+podA+":80", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := resp.Header.Get(podnet.TicketHeader); got != "" || resp.StatusCode == http.StatusOK {
		t.Errorf("a Pod got a ticket for another: %s %s", resp.Status, got)
	}
}

func TestGateAnswersPartsOfTheClusterAlone(t *testing.T) {
	skipWithoutPeers(t)
	g := newGuarded(t)
	serve(t, listen(t, g.pod(podA, nil), ":80"), whoAmI)
	g.trusts.Store(false)
	c, err := podnet.Network{Dir: g.dir}.Dial(testContext(t), "tcp", podA+":80")
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if b, err := io.ReadAll(c); len(b) > 0 {
		t.Errorf("a stranger was let in: %q, %v", b, err)
	}
}
