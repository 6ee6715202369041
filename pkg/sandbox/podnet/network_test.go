package podnet_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

func TestNodeNumber(t *testing.T) {
	for _, tt := range []struct {
		ip   string
		want int
		ok   bool
	}{
		{"10.244.0.9", 0, true},
		{"10.244.3.1", 3, true},
		{"172.18.0.2", 0, true},
		{"172.18.0.4", 2, true},
		{"172.18.0.1", 0, false},
		{"10.96.0.1", 0, false},
		{"8.8.8.8", 0, false},
	} {
		got, ok := podnet.NodeNumber(netip.MustParseAddr(tt.ip))
		if got != tt.want || ok != tt.ok {
			t.Errorf("NodeNumber(%s) = %d, %v; want %d, %v", tt.ip, got, ok, tt.want, tt.ok)
		}
	}
	for n := range podnet.MaxNode + 1 {
		for _, ip := range []netip.Addr{podnet.NodeIP(n), podnet.Gateway(n), podnet.NodePodCIDR(n).Addr()} {
			if got, ok := podnet.NodeNumber(ip); got != n || !ok {
				t.Errorf("NodeNumber(%s) = %d, %v; want %d", ip, got, ok, n)
			}
		}
	}
}

func TestDialErrors(t *testing.T) {
	w := newWorld(t)
	w.pod(podA)
	if _, err := w.network.AddNode("172.18.0.3"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, addr string
		want       error
		says       string
	}{
		{"a Pod that does not listen", podA + ":80", syscall.ECONNREFUSED, "dial tcp 10.244.1.5:80: connect: connection refused"},
		{"an address without a Pod", "10.244.1.99:80", syscall.EHOSTUNREACH, "dial tcp 10.244.1.99:80: connect: no route to host"},
		{"a node that does not listen", "172.18.0.3:80", syscall.ECONNREFUSED, ""},
		{"an address without a node", "172.18.0.9:80", syscall.EHOSTUNREACH, ""},
		{"a Service, which only the proxy knows", service + ":80", syscall.EHOSTUNREACH, ""},
		{"the world outside", "8.8.8.8:53", syscall.ENETUNREACH, "dial tcp 8.8.8.8:53: connect: network is unreachable"},
		{"an IPv6 address", "[2001:db8::1]:80", syscall.ENETUNREACH, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.network.Dial(testContext(t), "tcp", tt.addr)
			var op *net.OpError
			if !errors.Is(err, tt.want) || !errors.As(err, &op) {
				t.Fatalf("Dial(%s) = %v, want a *net.OpError with %v", tt.addr, err, tt.want)
			}
			if tt.says != "" && err.Error() != tt.says {
				t.Errorf("Dial(%s) says %q, want %q", tt.addr, err, tt.says)
			}
		})
	}
}

func TestDialNeverLeavesTheSandbox(t *testing.T) {
	w := newWorld(t)
	pod := w.pod(podA)
	real, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = real.Close() }()
	if c, err := w.network.Dial(testContext(t), "tcp", real.Addr().String()); !errors.Is(err, syscall.ENETUNREACH) {
		t.Errorf("the network dialled the machine's loopback: %v, %v", c, err)
	}
	// In a Pod, 127.0.0.1 is the Pod's own.
	if c, err := pod.DialContext(testContext(t), "tcp", real.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a Pod dialled the machine's loopback: %v, %v", c, err)
	}
	// Not even where a file of the network says so.
	if err := w.network.SetNode("172.18.0.3", 80, "192.0.2.1:80"); err == nil {
		t.Error("SetNode took an address that is not of the machine's loopback")
	}
	if _, err := w.network.AddNode("172.18.0.3"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.network.Dir, "nodes", "172.18.0.3"), []byte("192.0.2.1:80"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := w.network.Dial(testContext(t), "tcp", "172.18.0.3:80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a node's port led outside: %v, %v", c, err)
	}
}

func TestAddPodRefusesOtherAddresses(t *testing.T) {
	w := newWorld(t)
	for _, ip := range []string{"", "..", "../etc", "10.96.0.1", "172.18.0.2", "127.0.0.1"} {
		if dir, err := w.network.AddPod(ip); err == nil {
			t.Errorf("AddPod(%q) = %s", ip, dir)
		}
		if err := w.network.RemovePod(ip); err == nil {
			t.Errorf("RemovePod(%q) took it", ip)
		}
	}
}

func TestRemovedPodHasNoRoute(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":80"), whoAmI)
	ask(t, dial(t, w.network.Dial, podA+":80"), "")
	if err := w.network.RemovePod(podA); err != nil {
		t.Fatal(err)
	}
	if _, err := w.network.Dial(testContext(t), "tcp", podA+":80"); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("Dial = %v, want no route to host", err)
	}
}

func TestNodeAddresses(t *testing.T) {
	w := newWorld(t)
	kubelet, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, kubelet, func(c net.Conn) { _, _ = c.Write([]byte("kubelet")) })
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, other, func(c net.Conn) { _, _ = c.Write([]byte("api")) })
	for port, addr := range map[int]string{0: kubelet.Addr().String(), 6443: other.Addr().String(), 8080: podA + ":80"} {
		if err := w.network.SetNode("172.18.0.3", port, addr); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, listen(t, w.pod(podA), ":80"), func(c net.Conn) { _, _ = c.Write([]byte("pod")) })
	dir, err := w.network.AddNode("172.18.0.3")
	if err != nil {
		t.Fatal(err)
	}
	host := w.stack("172.18.0.3", dir)
	serve(t, listen(t, host, ":9100"), func(c net.Conn) { _, _ = c.Write([]byte("hostNetwork " + c.LocalAddr().String())) })

	for port, want := range map[string]string{
		portOf(kubelet): "kubelet", "6443": "api", "8080": "pod", "9100": "hostNetwork 172.18.0.3:9100",
	} {
		if got := ask(t, dial(t, w.network.Dial, "172.18.0.3:"+port), ""); got != want {
			t.Errorf("port %s answers %q, want %q", port, got, want)
		}
		if got := ask(t, dial(t, host.DialContext, "172.18.0.3:"+port), ""); got != want {
			t.Errorf("from a hostNetwork Pod: port %s answers %q, want %q", port, got, want)
		}
	}
	if err := w.network.SetNode("172.18.0.3", 8080, ""); err != nil {
		t.Fatal(err)
	}
	for _, port := range []string{"8080", "10250"} {
		if _, err := w.network.Dial(testContext(t), "tcp", "172.18.0.3:"+port); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("port %s, where nobody answers: %v", port, err)
		}
	}
	if err := w.network.RemoveNode("172.18.0.3"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.network.Dial(testContext(t), "tcp", "172.18.0.3:10250"); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("after the node went away: %v", err)
	}
}

func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestDownNodeLosesWhatIsSent(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":80"), whoAmI)
	from := w.pod(podB)
	if err := w.network.MarkDown(1); err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]func(context.Context, string, string) (net.Conn, error){
		"network": w.network.Dial, "pod": from.DialContext,
	} {
		const limit = 300 * time.Millisecond
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		_, err := d(ctx, "tcp", podA+":80")
		cancel()
		var n net.Error
		if !errors.As(err, &n) || !n.Timeout() || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want a timeout", name, err)
		}
		if took := time.Since(began); took < limit {
			t.Errorf("%s: gave up after %v, before its limit", name, took)
		}
	}
	// A dial that is under way gets through when the node comes back.
	result := make(chan error, 1)
	go func() {
		c, err := w.network.Dial(testContext(t), "tcp", podA+":80")
		if err == nil {
			err = c.Close()
		}
		result <- err
	}()
	if err := w.network.MarkUp(1); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Errorf("the node is back: %v", err)
	}
	if err := w.network.MarkUp(1); err != nil {
		t.Errorf("MarkUp twice: %v", err)
	}
}

func TestCancelledDialOfADownNode(t *testing.T) {
	w := newWorld(t)
	if err := w.network.MarkDown(2); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.network.Dial(ctx, "tcp", podB+":80"); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial = %v, want the context's error", err)
	}
}

func TestDialPodReachesItsLoopback(t *testing.T) {
	w := newWorld(t)
	pod := w.pod(podA)
	serve(t, listen(t, pod, "127.0.0.1:9000"), whoAmI)
	if _, err := w.network.Dial(testContext(t), "tcp", podA+":9000"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("from outside: %v, want refused", err)
	}
	c, err := w.network.DialPod(testContext(t), podA, 9000)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, c, ""); !strings.HasPrefix(got, "127.0.0.1:") || !strings.HasSuffix(got, ">127.0.0.1:9000") {
		t.Errorf("the server saw %s, want its loopback on both ends", got)
	}
	if _, err := w.network.DialPod(testContext(t), podA, 9001); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a port where nobody listens: %v", err)
	}
}
