package service_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/service"
)

// freePort finds a port of the machine that nobody has; node ports proper may be taken here. Until the test ends a
// connection that was accepted on it keeps it from being given to others, and lets who asks for it listen.
func freePort(t *testing.T) int32 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return int32(l.Addr().(*net.TCPAddr).Port)
}

func nodePortService(port int32) *corev1.Service {
	return newService("web", "10.96.0.50", func(s *corev1.Service) {
		s.Spec.Type = corev1.ServiceTypeNodePort
		s.Spec.Ports[0].NodePort = port
	})
}

// startPod listens on a Pod network and says which Pod it is, after a line from the client.
func startPod(t *testing.T, network podnet.Network, ip string) {
	t.Helper()
	dir, err := network.AddPod(ip)
	if err != nil {
		t.Fatal(err)
	}
	l, err := podnet.NewStack(&container.Spec{PodIP: ip, Net: dir}).Listen(testContext(t), "tcp", ":8080")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				line, _ := bufio.NewReader(c).ReadString('\n')
				_, _ = fmt.Fprintf(c, "%s from %s: %s", ip, c.RemoteAddr().(*net.TCPAddr).IP, line)
			}()
		}
	}()
}

func newNetwork(t *testing.T) podnet.Network {
	t.Helper()
	dir, err := os.MkdirTemp("", "np") // short, for the sockets' sake
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return podnet.Network{Dir: dir}
}

type problems struct {
	mu   sync.Mutex
	list []string
	errs []error
}

func (p *problems) add(svc *corev1.Service, port int32, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, fmt.Sprintf("%s/%s %d", svc.Namespace, svc.Name, port))
	p.errs = append(p.errs, err)
}

func (p *problems) all() ([]string, []error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.list...), append([]error(nil), p.errs...)
}

func runNodePorts(t *testing.T, table *service.Table, network podnet.Network) *problems {
	t.Helper()
	p := &problems{}
	ports := service.NewNodePorts(table, network, p.add)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ports.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return p
}

func askPort(port int32) (string, error) {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), patience)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, "hello\n"); err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	return string(b), err
}

func TestNodePortAnswersOnLoopback(t *testing.T) {
	network, port := newNetwork(t), freePort(t)
	startPod(t, network, "10.244.1.2")
	startPod(t, network, "10.244.2.2")
	table, client := newTable(t, []runtime.Object{nodePortService(port), newSlice("web", endpoint("10.244.1.2"), endpoint("10.244.2.2"))})
	p := runNodePorts(t, table, network)
	seen := map[string]bool{}
	eventually(t, "both Pods answer", func() bool {
		if got, err := askPort(port); err == nil {
			seen[got] = true
		}
		return len(seen) == 2
	})
	for _, want := range []string{"10.244.1.2 from 10.244.1.1: hello\n", "10.244.2.2 from 10.244.2.1: hello\n"} {
		if !seen[want] {
			t.Errorf("nobody said %q: %v", want, seen)
		}
	}

	if _, err := client.DiscoveryV1().EndpointSlices("shop").Update(testContext(t), newSlice("web"), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a Service without endpoints gives an error and no empty answer", func() bool {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), patience)
		if err != nil {
			return false
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(patience / 50)) // a Pod would wait for a line
		_, err = c.Read(make([]byte, 1))
		return errors.Is(err, syscall.ECONNRESET)
	})

	if err := client.CoreV1().Services("shop").Delete(testContext(t), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the port is closed with its Service", func() bool {
		_, err := askPort(port)
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	if list, _ := p.all(); len(list) != 0 {
		t.Errorf("reported problems: %v", list)
	}
}

func TestTakenNodePortIsReportedOnceAndRetried(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := int32(taken.Addr().(*net.TCPAddr).Port)
	network := newNetwork(t)
	startPod(t, network, "10.244.1.2")
	svc := nodePortService(port)
	table, client := newTable(t, []runtime.Object{svc, newSlice("web", endpoint("10.244.1.2"))})
	p := runNodePorts(t, table, network)
	eventually(t, "the problem is reported", func() bool { list, _ := p.all(); return len(list) > 0 })

	// A change makes it try again, and fail again, in silence; the marker tells when it has.
	marker := nodePortService(freePort(t))
	marker.Name, marker.UID, marker.Spec.ClusterIP = "marker", "marker", "10.96.0.51"
	if _, err := client.CoreV1().Services("shop").Create(testContext(t), marker, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the marker's port is open", func() bool {
		_, err := askPort(marker.Spec.Ports[0].NodePort)
		return err != nil && !errors.Is(err, syscall.ECONNREFUSED)
	})
	list, errs := p.all()
	if len(list) != 1 || list[0] != fmt.Sprintf("shop/web %d", port) || !errors.Is(errs[0], syscall.EADDRINUSE) {
		t.Fatalf("reported %v, %v", list, errs)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the port is served once it is free", func() bool {
		got, err := askPort(port)
		return err == nil && strings.HasPrefix(got, "10.244.1.2 ")
	})
}

func TestNodePortsOfOtherKindsStayClosed(t *testing.T) {
	clusterIP, udp, balancer := nodePortService(freePort(t)), nodePortService(freePort(t)), nodePortService(freePort(t))
	clusterIP.Name, clusterIP.Spec.Type = "a", corev1.ServiceTypeClusterIP
	udp.Name, udp.Spec.Ports[0].Protocol = "b", corev1.ProtocolUDP
	balancer.Name, balancer.Spec.Type = "c", corev1.ServiceTypeLoadBalancer
	table, client := newTable(t, []runtime.Object{clusterIP, udp, balancer})
	runNodePorts(t, table, newNetwork(t))
	isOpen := func(svc *corev1.Service) func() bool {
		return func() bool {
			_, err := askPort(svc.Spec.Ports[0].NodePort)
			return err != nil && !errors.Is(err, syscall.ECONNREFUSED)
		}
	}
	eventually(t, "the load balancer's node port is open", isOpen(balancer))
	// When a later Service is served, the first round is over.
	later := nodePortService(freePort(t))
	later.Name = "d"
	if _, err := client.CoreV1().Services("shop").Create(testContext(t), later, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a later Service's port is open", isOpen(later))
	for _, svc := range []*corev1.Service{clusterIP, udp} {
		if _, err := askPort(svc.Spec.Ports[0].NodePort); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("the port of %s %s is open: %v", svc.Spec.Type, svc.Spec.Ports[0].Protocol, err)
		}
	}
}
