package service

import (
	"net/netip"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

func TestAffinityForgets(t *testing.T) {
	now := time.Unix(0, 0)
	table := New(fake.NewClientset(), WithClock(func() time.Time { return now }))
	svc, usable := &corev1.Service{}, endpoints{{addr: "10.244.1.2:80"}}
	for i := range 10_000 {
		now = now.Add(time.Duration(corev1.DefaultClientIPServiceAffinitySeconds) * time.Second / 100)
		client := netip.AddrFrom4([4]byte{10, 244, byte(i >> 8), byte(i)})
		table.sticky(podnet.Source{Addr: netip.AddrPortFrom(client, 40000)}, svc, &corev1.ServicePort{}, usable)
	}
	if n := len(table.affinity); n > sweepAbove+1 {
		t.Errorf("%d clients are remembered, of which 100 are of use", n)
	}
}
