package service_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/service"
)

// reached is the set of endpoints that many connections lead to, sorted.
func reached(t *testing.T, table *service.Table, proto, host string, port int) ([]string, error) {
	t.Helper()
	seen := map[string]bool{}
	for range 200 {
		addr, err := table.Resolve(testContext(t), fromShop(), proto, host, port)
		if err != nil {
			return nil, err
		}
		seen[addr] = true
	}
	var all []string
	for addr := range seen {
		all = append(all, addr)
	}
	slices.Sort(all)
	return all, nil
}

func localOnly(s *corev1.Service) {
	s.Spec.InternalTrafficPolicy = ptr(corev1.ServiceInternalTrafficPolicyLocal)
}

func TestWhichEndpointsAreUsed(t *testing.T) {
	const ip = "10.96.0.50"
	for _, tt := range []struct {
		name      string
		service   *corev1.Service
		endpoints []discoveryv1.Endpoint
		want      []string
		err       error
	}{
		{
			name:      "ready ones, all of them",
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.2"), endpoint("10.244.2.2"), endpoint("10.244.1.9", notReady), endpoint("10.244.1.8", draining)},
			want:      []string{"10.244.1.2:8080", "10.244.2.2:8080"},
		},
		{
			name:      "conditions that nobody stated count as ready",
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.2", unsaid)},
			want:      []string{"10.244.1.2:8080"},
		},
		{
			name:      "without ready ones, those that serve while they terminate",
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.2", draining), endpoint("10.244.1.3", dying), endpoint("10.244.1.4", notReady)},
			want:      []string{"10.244.1.2:8080"},
		},
		{
			name:      "none that is usable refuses",
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.3", dying), endpoint("10.244.1.4", notReady)},
			err:       podnet.Refused,
		},
		{name: "none at all refuses", err: podnet.Refused},
		{
			name:      "the policy Local takes those on the caller's node",
			service:   newService("web", ip, localOnly),
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.2", onNode("worker-1")), endpoint("10.244.2.2", onNode("worker-2"))},
			want:      []string{"10.244.1.2:8080"},
		},
		{
			name:      "the policy Local prefers to drain than to leave the node",
			service:   newService("web", ip, localOnly),
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.2", onNode("worker-1"), draining), endpoint("10.244.2.2", onNode("worker-2"))},
			want:      []string{"10.244.1.2:8080"},
		},
		{
			name:      "the policy Local loses what has no local endpoint",
			service:   newService("web", ip, localOnly),
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.2.2", onNode("worker-2"))},
			err:       podnet.Timeout,
		},
		{
			name:    "the policy Local refuses where there is no endpoint anywhere",
			service: newService("web", ip, localOnly),
			err:     podnet.Refused,
		},
		{
			name:      "hints keep traffic on the node",
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.2", hintFor("worker-1")), endpoint("10.244.2.2", hintFor("worker-2"))},
			want:      []string{"10.244.1.2:8080"},
		},
		{
			name:      "hints that some endpoints lack are ignored",
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.2", hintFor("worker-1")), endpoint("10.244.2.2")},
			want:      []string{"10.244.1.2:8080", "10.244.2.2:8080"},
		},
		{
			name:      "hints for other nodes alone are ignored",
			endpoints: []discoveryv1.Endpoint{endpoint("10.244.2.2", hintFor("worker-2"))},
			want:      []string{"10.244.2.2:8080"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			svc := tt.service
			if svc == nil {
				svc = newService("web", ip)
			}
			table, _ := newTable(t, []runtime.Object{svc, newSlice("web", tt.endpoints...)}, service.OnNode("worker-1"))
			for _, host := range []string{ip, "web", "web.shop", "web.shop.svc.cluster.local"} {
				got, err := reached(t, table, "tcp", host, 80)
				if !errors.Is(err, tt.err) || !slices.Equal(got, tt.want) {
					t.Errorf("%s leads to %v, %v; want %v, %v", host, got, err, tt.want, tt.err)
				}
			}
		})
	}
}

// While the controller moves an endpoint from one slice to another, it is in both.
func TestEndpointInTwoSlicesCountsOnce(t *testing.T) {
	for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
		stale, fresh := newSlice("web", endpoint("10.244.1.2", notReady)), newSlice("web", endpoint("10.244.1.2"), endpoint("10.244.1.3"))
		stale.Name, fresh.Name = names[0], names[1]
		sizes := map[int]bool{}
		table, _ := newTable(t, []runtime.Object{newService("web", "10.96.0.50"), stale, fresh},
			service.WithRandom(func(n int) int { sizes[n] = true; return 0 }))
		for range 20 {
			if got, err := table.Resolve(testContext(t), fromShop(), "tcp", "10.96.0.50", 80); got != "10.244.1.2:8080" {
				t.Fatalf("got %s, %v", got, err)
			}
		}
		if len(sizes) != 1 || !sizes[2] {
			t.Errorf("there was a choice of %v endpoints, want 2", sizes)
		}
	}
}

func TestResolveAddresses(t *testing.T) {
	ports := []corev1.ServicePort{
		{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, NodePort: 30080},
		{Name: "dns", Protocol: corev1.ProtocolUDP, Port: 53, NodePort: 30053},
		{Name: "dns-tcp", Protocol: corev1.ProtocolTCP, Port: 53, NodePort: 30053},
	}
	multi := newService("multi", "10.96.0.60", func(s *corev1.Service) {
		s.Spec.Type, s.Spec.Ports = corev1.ServiceTypeNodePort, ports
		s.Spec.ExternalIPs = []string{"203.0.113.7"}
	})
	slice := newSlice("multi", endpoint("10.244.1.2"))
	slice.Ports = []discoveryv1.EndpointPort{
		{Name: ptr("http"), Protocol: ptr(corev1.ProtocolTCP), Port: ptr(int32(8080))},
		{Name: ptr("dns"), Protocol: ptr(corev1.ProtocolUDP), Port: ptr(int32(5353))},
		{Name: ptr("dns-tcp"), Protocol: ptr(corev1.ProtocolTCP), Port: ptr(int32(5354))},
	}
	// A named target port with different numbers: two slices, as the controller writes them.
	other := newSlice("multi", endpoint("10.244.1.3"), endpoint("10.244.1.2"))
	other.Name = "multi-2"
	other.Ports = []discoveryv1.EndpointPort{{Name: ptr("http"), Port: ptr(int32(9090))}}
	v6 := newSlice("multi", endpoint("2001:db8::1"))
	v6.Name, v6.AddressType = "multi-6", discoveryv1.AddressTypeIPv6
	headless := newService("db", corev1.ClusterIPNone)
	table, _ := newTable(t, []runtime.Object{multi, slice, other, v6, headless, newSlice("db", endpoint("10.244.1.7"), endpoint("10.244.2.7"))})

	for _, tt := range []struct {
		proto, host string
		port        int
		want        []string
		err         error
	}{
		{"tcp", "10.96.0.60", 80, []string{"10.244.1.2:8080", "10.244.1.2:9090", "10.244.1.3:9090"}, nil},
		{"udp", "10.96.0.60", 53, []string{"10.244.1.2:5353"}, nil},
		{"tcp", "10.96.0.60", 53, []string{"10.244.1.2:5354"}, nil},
		{"tcp", "10.96.0.60", 81, nil, podnet.Refused},
		{"udp", "10.96.0.60", 80, nil, podnet.Refused},
		{"tcp", "10.96.0.61", 80, nil, podnet.Timeout},
		{"udp", "172.18.0.3", 30053, []string{"10.244.1.2:5353"}, nil},
		{"tcp", "172.18.0.2", 30053, []string{"10.244.1.2:5354"}, nil},
		{"tcp", "172.18.0.3", 10250, []string{"172.18.0.3:10250"}, nil},
		{"tcp", "172.18.0.3", 80, []string{"172.18.0.3:80"}, nil},
		{"tcp", "203.0.113.7", 53, []string{"10.244.1.2:5354"}, nil},
		{"tcp", "10.244.1.2", 30080, []string{"10.244.1.2:30080"}, nil},
		{"tcp", "198.51.100.1", 443, []string{"198.51.100.1:443"}, nil},
		// A headless Service has no port of its own: the number is the Pod's.
		{"tcp", "db", 5432, []string{"10.244.1.7:5432", "10.244.2.7:5432"}, nil},
		{"tcp", "nobody", 80, nil, podnet.NoSuchHost},
		{"tcp", "example.com", 80, nil, podnet.NoSuchHost},
	} {
		got, err := reached(t, table, tt.proto, tt.host, tt.port)
		if !errors.Is(err, tt.err) || !slices.Equal(got, tt.want) {
			t.Errorf("%s %s:%d leads to %v, %v; want %v, %v", tt.proto, tt.host, tt.port, got, err, tt.want, tt.err)
		}
	}
}

func TestConnectionsSpreadEvenly(t *testing.T) {
	const endpoints, connections = 4, 20_000
	var list []discoveryv1.Endpoint
	for i := range endpoints {
		list = append(list, endpoint(fmt.Sprintf("10.244.1.%d", 2+i)))
	}
	random := rand.New(rand.NewPCG(1, 2))
	table, _ := newTable(t, []runtime.Object{newService("web", "10.96.0.50"), newSlice("web", list...)},
		service.WithRandom(random.IntN))
	var mu sync.Mutex
	count := map[string]int{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range connections / 4 {
				addr, err := table.Resolve(context.Background(), fromShop(), "tcp", "10.96.0.50", 80)
				mu.Lock()
				count[addr]++
				mu.Unlock()
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if len(count) != endpoints {
		t.Fatalf("%d endpoints were used: %v", len(count), count)
	}
	// With chance p = 1/4 the standard deviation is 61; five of them.
	for addr, n := range count {
		if n < connections/endpoints-306 || n > connections/endpoints+306 {
			t.Errorf("%s got %d of %d connections", addr, n, connections)
		}
	}
}

func TestSessionAffinity(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	next := 0
	sticky := newService("web", "10.96.0.50", func(s *corev1.Service) {
		s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
		s.Spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: ptr(int32(60))}}
	})
	slice := newSlice("web", endpoint("10.244.1.2"), endpoint("10.244.1.3"), endpoint("10.244.1.4"))
	table, client := newTable(t, []runtime.Object{sticky, slice},
		service.WithClock(func() time.Time { return now }),
		service.WithRandom(func(n int) int { next++; return next % n })) // a new pick is another endpoint
	from := func(ip string) string {
		addr, err := table.Resolve(testContext(t), podnet.Source{Addr: netip.AddrPortFrom(netip.MustParseAddr(ip), uint16(40000+next))}, "tcp", "10.96.0.50", 80)
		if err != nil {
			t.Fatal(err)
		}
		return addr
	}
	first := from("10.244.2.2")
	for range 5 {
		now = now.Add(59 * time.Second) // each connection starts the minute anew
		if got := from("10.244.2.2"); got != first {
			t.Fatalf("the client was moved from %s to %s", first, got)
		}
	}
	if got := from("10.244.2.3"); got == first {
		t.Errorf("another client shares the memory: %s", got)
	}
	now = now.Add(60 * time.Second)
	second := from("10.244.2.2")
	if second == first {
		t.Errorf("after its time, the client still goes to %s", second)
	}
	// An endpoint that leaves is left.
	slice = slice.DeepCopy()
	slice.Endpoints = slices.DeleteFunc(slice.Endpoints, func(e discoveryv1.Endpoint) bool { return e.Addresses[0]+":8080" == second })
	if _, err := client.DiscoveryV1().EndpointSlices("shop").Update(testContext(t), slice, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the client left the endpoint that is gone", func() bool { return from("10.244.2.2") != second })
}

func TestChangesAreFollowed(t *testing.T) {
	slice := newSlice("web", endpoint("10.244.1.2"))
	table, client := newTable(t, []runtime.Object{newService("web", "10.96.0.50"), slice})
	resolve := func() (string, error) {
		return table.Resolve(testContext(t), fromShop(), "tcp", "10.96.0.50", 80)
	}
	if got, err := resolve(); got != "10.244.1.2:8080" {
		t.Fatalf("got %s, %v", got, err)
	}
	slice = newSlice("web", endpoint("10.244.1.2", draining), endpoint("10.244.2.5"))
	if _, err := client.DiscoveryV1().EndpointSlices("shop").Update(testContext(t), slice, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new Pod is used", func() bool { got, _ := resolve(); return got == "10.244.2.5:8080" })
	if err := client.CoreV1().Services("shop").Delete(testContext(t), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the address is nobody's", func() bool { _, err := resolve(); return errors.Is(err, podnet.Timeout) })
}

// Before the table is filled, a Service must not look as if it did not exist.
func TestResolveWaitsForTheTable(t *testing.T) {
	table := service.New(fake.NewClientset(newService("web", "10.96.0.50"), newSlice("web", endpoint("10.244.1.2"))))
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := table.Resolve(short, fromShop(), "tcp", "10.96.0.50", 80); !errors.Is(err, podnet.Timeout) {
		t.Errorf("Resolve = %v, want a timeout", err)
	}
	if _, err := table.Lookup(short, fromShop(), "A", "web"); !errors.Is(err, podnet.Timeout) {
		t.Errorf("Lookup = %v, want a timeout", err)
	}
	if got, err := table.Resolve(short, fromShop(), "tcp", "172.18.0.3", 10250); got != "172.18.0.3:10250" {
		t.Errorf("a node's address had to wait: %s, %v", got, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		table.Run(ctx)
	}()
	defer func() {
		stop()
		<-done
	}()
	for _, host := range []string{"10.96.0.50", "web"} {
		if got, err := table.Resolve(testContext(t), fromShop(), "tcp", host, 80); got != "10.244.1.2:8080" {
			t.Errorf("%s leads to %s, %v", host, got, err)
		}
	}
}
