package service_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

func external(name, target string) *corev1.Service {
	return newService(name, "", func(s *corev1.Service) {
		s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: target}
	})
}

func TestLookup(t *testing.T) {
	web := newService("web", "10.96.0.50", func(s *corev1.Service) {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "metrics", Protocol: corev1.ProtocolTCP, Port: 9090})
	})
	kubernetes := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kubernetes"},
		Spec:       corev1.ServiceSpec{ClusterIP: "10.96.0.1", Ports: []corev1.ServicePort{{Name: "https", Port: 443}}},
	}
	portless := newSlice("peers", endpoint("10.244.3.3"))
	portless.Ports = nil
	table, _ := newTable(t, []runtime.Object{
		web, newSlice("web", endpoint("10.244.1.2")), kubernetes,
		newService("db", corev1.ClusterIPNone), newSlice("db",
			endpoint("10.244.1.7", named("db-0")), endpoint("10.244.2.7", named("db-1")), endpoint("10.244.2.8"),
			endpoint("10.244.1.9", named("db-2"), notReady), endpoint("10.244.1.10", named("db-3"), draining)),
		newService("empty", corev1.ClusterIPNone),
		newService("peers", corev1.ClusterIPNone), portless,
		external("elsewhere", "example.com"), external("alias", "web.shop.svc.cluster.local"),
		external("ping", "pong.shop.svc.cluster.local"), external("pong", "ping.shop.svc.cluster.local."),
	})
	nxdomain := []string{"NXDOMAIN"}
	for _, tt := range []struct {
		typ, name string
		namespace string
		want      []string
	}{
		// Services, by every way to write the name.
		{"A", "web", "shop", []string{"10.96.0.50"}},
		{"A", "WEB.Shop", "shop", []string{"10.96.0.50"}},
		{"A", "web.shop", "default", []string{"10.96.0.50"}},
		{"A", "web.shop.svc", "default", []string{"10.96.0.50"}},
		{"A", "web.shop.svc.cluster.local", "default", []string{"10.96.0.50"}},
		{"A", "web.shop.svc.cluster.local.", "default", []string{"10.96.0.50"}},
		{"A", "kubernetes.default", "shop", []string{"10.96.0.1"}},
		{"A", "web", "default", nxdomain},
		{"A", "web.", "shop", nxdomain},
		{"A", "web.shop.", "shop", nxdomain},
		{"A", "example.com", "shop", nxdomain},
		{"A", "cluster.local", "shop", nxdomain},
		{"A", "", "shop", nxdomain},
		{"A", "..", "shop", nxdomain},
		{"A", "10.1.2.3", "shop", []string{"10.1.2.3"}},
		// A name that exists has no IPv6 address, but exists.
		{"AAAA", "web", "shop", nil},
		{"AAAA", "nothing", "shop", nxdomain},
		{"TXT", "web", "shop", nil},
		{"CNAME", "web", "shop", nil},
		// Ports.
		{"SRV", "_http._tcp.web", "shop", []string{"0 100 80 web.shop.svc.cluster.local."}},
		{"SRV", "_http._udp.web", "shop", nxdomain},
		{"SRV", "http.tcp.web.shop.svc.cluster.local", "shop", nxdomain},
		{"SRV", "web", "shop", []string{"0 50 80 web.shop.svc.cluster.local.", "0 50 9090 web.shop.svc.cluster.local."}},
		{"SRV", "_https._tcp.kubernetes.default.svc.cluster.local", "shop", []string{"0 100 443 kubernetes.default.svc.cluster.local."}},
		{"A", "_http._tcp.web", "shop", []string{"10.96.0.50"}},
		// Headless Services: the ready Pods.
		{"A", "db", "shop", []string{"10.244.1.7", "10.244.2.7", "10.244.2.8"}},
		{"A", "empty", "shop", nxdomain},
		{"A", "peers", "shop", []string{"10.244.3.3"}},
		{"SRV", "peers", "shop", nil},
		{"SRV", "_http._tcp.db", "shop", []string{
			"0 33 8080 10-244-2-8.db.shop.svc.cluster.local.",
			"0 33 8080 db-0.db.shop.svc.cluster.local.",
			"0 33 8080 db-1.db.shop.svc.cluster.local.",
		}},
		// Pods, by hostname and subdomain and by address.
		{"A", "db-0.db", "shop", []string{"10.244.1.7"}},
		{"A", "db-1.db.shop.svc.cluster.local", "default", []string{"10.244.2.7"}},
		{"A", "db-2.db", "shop", nxdomain},
		{"A", "10-244-2-8.db", "shop", []string{"10.244.2.8"}},
		{"A", "10-244-1-2.web", "shop", []string{"10.244.1.2"}},
		{"A", "10-244-9-9.shop.pod", "shop", []string{"10.244.9.9"}},
		{"A", "10-244-9-9.shop.pod.cluster.local", "shop", []string{"10.244.9.9"}},
		{"AAAA", "10-244-9-9.shop.pod.cluster.local", "shop", nil},
		{"A", "no-address.shop.pod.cluster.local", "shop", nxdomain},
		// Aliases.
		{"CNAME", "elsewhere", "shop", []string{"example.com."}},
		{"A", "elsewhere", "shop", nil},
		{"A", "alias", "shop", []string{"10.96.0.50"}},
		{"A", "ping", "shop", nil},
		{"CNAME", "pong", "shop", []string{"ping.shop.svc.cluster.local."}},
		{"A", "x.alias", "shop", nxdomain},
		// Addresses.
		{"PTR", "10.96.0.50", "shop", []string{"web.shop.svc.cluster.local."}},
		{"PTR", "50.0.96.10.in-addr.arpa.", "shop", []string{"web.shop.svc.cluster.local."}},
		{"PTR", "7.1.244.10.in-addr.arpa", "shop", []string{"db-0.db.shop.svc.cluster.local."}},
		{"PTR", "10.244.1.2", "shop", []string{"10-244-1-2.web.shop.svc.cluster.local."}},
		{"PTR", "10.244.9.9", "shop", nxdomain},
		{"PTR", "web", "shop", nxdomain},
	} {
		got, err := table.Lookup(testContext(t), podnet.Source{Namespace: tt.namespace}, tt.typ, tt.name)
		slices.Sort(got)
		if errors.Is(err, podnet.NoSuchHost) {
			got, err = nxdomain, nil
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s %q from %s: %q, %v; want %q", tt.typ, tt.name, tt.namespace, got, err, tt.want)
		}
	}
}

func TestUnreadyAddressesArePublishedWhereAsked(t *testing.T) {
	// With publishNotReadyAddresses the endpoint slice controller says ready, and serving says the truth.
	slice := newSlice("db", endpoint("10.244.1.7", named("db-0"), func(e *discoveryv1.Endpoint) { e.Conditions.Serving = ptr(false) }))
	db := newService("db", corev1.ClusterIPNone, func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true })
	table, _ := newTable(t, []runtime.Object{db, slice})
	for _, name := range []string{"db", "db-0.db"} {
		if got, err := table.Lookup(testContext(t), fromShop(), "A", name); err != nil || strings.Join(got, " ") != "10.244.1.7" {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
}
