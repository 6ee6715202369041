package podnet_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

func decode(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// zone is a resolver of complete names.
type zone map[string][]string // by "A web.shop.svc.cluster.local."

func (z zone) Resolve(_ context.Context, _ podnet.Source, _, host string, port int) (string, error) {
	return net.JoinHostPort(host, fmt.Sprint(port)), nil
}

func (z zone) Lookup(_ context.Context, _ podnet.Source, typ, name string) ([]string, error) {
	if found, ok := z[typ+" "+name]; ok {
		return found, nil
	}
	for key := range z {
		if strings.HasSuffix(key, " "+name) {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("lookup %s: %w", name, podnet.NoSuchHost)
}

// TestResolverOnTheWire lets Go's own resolver ask, by UDP and by TCP where an answer is too long.
func TestResolverOnTheWire(t *testing.T) {
	g := newGuarded(t)
	z := zone{
		"A web.shop.svc.cluster.local.":              {"10.96.0.50"},
		"CNAME ext.shop.svc.cluster.local.":          {"web.shop.svc.cluster.local."},
		"A ext.shop.svc.cluster.local.":              {"10.96.0.50"},
		"SRV _http._tcp.web.shop.svc.cluster.local.": {"0 50 80 a.web.shop.svc.cluster.local.", "0 50 80 b.web.shop.svc.cluster.local."},
		"PTR 50.0.96.10.in-addr.arpa.":               {"web.shop.svc.cluster.local."},
	}
	for i := range 100 {
		z["A many.shop.svc.cluster.local."] = append(z["A many.shop.svc.cluster.local."], fmt.Sprintf("10.244.1.%d", i+2))
	}
	g.proxies[1].Resolver = z
	var dialed []string
	var mu sync.Mutex
	pod := g.pod(podA, nil)
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		mu.Lock() // a resolver asks for A and AAAA at once
		defer mu.Unlock()
		dialed = append(dialed, network)
		return pod.DialContext(ctx, network, "10.96.0.10:53")
	}}
	ctx := testContext(t)
	if got, err := r.LookupHost(ctx, "web.shop.svc.cluster.local."); err != nil || !slices.Equal(got, []string{"10.96.0.50"}) {
		t.Errorf("LookupHost(web) = %v, %v", got, err)
	}
	if got, err := r.LookupCNAME(ctx, "ext.shop.svc.cluster.local."); err != nil || got != "web.shop.svc.cluster.local." {
		t.Errorf("LookupCNAME(ext) = %v, %v", got, err)
	}
	if got, err := r.LookupHost(ctx, "ext.shop.svc.cluster.local."); err != nil || !slices.Equal(got, []string{"10.96.0.50"}) {
		t.Errorf("LookupHost(ext) = %v, %v", got, err)
	}
	if _, got, err := r.LookupSRV(ctx, "http", "tcp", "web.shop.svc.cluster.local."); err != nil || len(got) != 2 || got[0].Port != 80 {
		t.Errorf("LookupSRV(web) = %v, %v", got, err)
	}
	if got, err := r.LookupAddr(ctx, "10.96.0.50"); err != nil || !slices.Equal(got, []string{"web.shop.svc.cluster.local."}) {
		t.Errorf("LookupAddr = %v, %v", got, err)
	}
	if slices.Contains(dialed, "tcp") {
		t.Errorf("asked by %v, want UDP alone", dialed)
	}
	if got, err := r.LookupHost(ctx, "many.shop.svc.cluster.local."); err != nil || len(got) != 100 || !slices.Contains(dialed, "tcp") {
		t.Errorf("LookupHost(many) has %d addresses, %v, asked by %v", len(got), err, dialed)
	}
	var missing *net.DNSError
	if _, err := r.LookupHost(ctx, "none.shop.svc.cluster.local."); !errors.As(err, &missing) || !missing.IsNotFound {
		t.Errorf("LookupHost(none) = %v", err)
	}
}

// TestAbsence tells a name that does not exist from one that has no record of the type.
func TestAbsence(t *testing.T) {
	g := newGuarded(t)
	g.proxies[1].Resolver = zone{"A web.shop.svc.cluster.local.": {"10.96.0.50"}}
	pod := g.pod(podA, nil)
	for _, tt := range []struct {
		typ   dnsmessage.Type
		name  string
		code  dnsmessage.RCode
		found int
	}{
		{dnsmessage.TypeA, "web.shop.svc.cluster.local.", dnsmessage.RCodeSuccess, 1},
		{dnsmessage.TypeAAAA, "web.shop.svc.cluster.local.", dnsmessage.RCodeSuccess, 0},
		{dnsmessage.TypeMX, "web.shop.svc.cluster.local.", dnsmessage.RCodeSuccess, 0},
		{dnsmessage.TypeA, "none.shop.svc.cluster.local.", dnsmessage.RCodeNameError, 0},
		{dnsmessage.TypeA, "example.com.", dnsmessage.RCodeNameError, 0},
	} {
		query := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
			Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(tt.name), Type: tt.typ, Class: dnsmessage.ClassINET}},
		}
		b, err := query.Pack()
		if err != nil {
			t.Fatal(err)
		}
		c := dialUDP(t, pod, "10.96.0.10:53")
		var reply dnsmessage.Message
		if err := reply.Unpack(exchange(t, c, b)); err != nil {
			t.Fatal(err)
		}
		if reply.ID != 7 || !reply.Response || reply.RCode != tt.code || len(reply.Answers) != tt.found {
			t.Errorf("%s %s: %v, want %v and %d answers", tt.typ, tt.name, reply.Header, tt.code, tt.found)
		}
		if hasSOA := len(reply.Authorities) == 1; hasSOA != (tt.found == 0) {
			t.Errorf("%s %s: %d authorities", tt.typ, tt.name, len(reply.Authorities))
		}
	}
}

func TestDNSIsSubjectToEgress(t *testing.T) {
	g := newGuarded(t)
	pod := g.pod(podA, nil)
	g.rules[1].set("egress 10.244.1.5 10.96.0.10:53")
	ctx, cancel := context.WithTimeout(context.Background(), 200e6)
	defer cancel()
	var dns *net.DNSError
	if _, err := pod.Lookup(ctx, "A", "web"); !errors.As(err, &dns) || dns.IsNotFound {
		t.Errorf("Lookup = %v, want an error that is not 'not found'", err)
	}
	g.rules[1].set()
	if got, err := pod.Lookup(testContext(t), "A", "web"); err != nil || len(got) != 1 {
		t.Errorf("Lookup, allowed again = %v, %v", got, err)
	}
}
