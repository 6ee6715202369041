package node

import (
	"errors"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pulse"
)

// TestLeaseGoesForward renews a lease while the clock is set back, also by a process that began after that.
func TestLeaseGoesForward(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	lease := func(at time.Time) *coordinationv1.Lease {
		return &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: "worker-1", Namespace: "kube-node-lease"},
			Spec:       coordinationv1.LeaseSpec{RenewTime: &metav1.MicroTime{Time: at}},
		}
	}
	client := fake.NewClientset(lease(start))
	last := start
	renew := func(h heartbeat, at time.Time) time.Time {
		t.Helper()
		got, err := h.CoordinationV1().Leases("kube-node-lease").Update(t.Context(), lease(at), metav1.UpdateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Spec.RenewTime.After(last) {
			t.Errorf("at %v renewed to %v, which is not after %v", at, got.Spec.RenewTime, last)
		}
		last = got.Spec.RenewTime.Time
		return last
	}
	h := newHeartbeat(client, pulse.New(pulse.System()))
	if at := renew(h, start.Add(time.Second)); !at.Equal(start.Add(time.Second)) {
		t.Errorf("a clock that goes right is not followed: %v", at)
	}
	renew(h, start.Add(-time.Hour))
	renew(h, start.Add(-time.Hour+time.Second))

	h = newHeartbeat(client, pulse.New(pulse.System()))
	if _, err := h.CoordinationV1().Leases("kube-node-lease").Get(t.Context(), "worker-1", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	renew(h, start.Add(-time.Hour+2*time.Second))
	renew(h, start.Add(time.Hour))
}

// TestNoReportAfterSleep has a kubelet report its health before, right after and well after a gap.
func TestNoReportAfterSleep(t *testing.T) {
	var steady time.Duration
	wall := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := pulse.New(func() (time.Duration, time.Time) { return steady, wall.Add(steady) })
	h := newHeartbeat(fake.NewClientset(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-1"}}), p)
	report := func() error {
		_, err := h.CoreV1().Nodes().Patch(t.Context(), "worker-1", types.StrategicMergePatchType, []byte(`{"status":{"phase":"Running"}}`), metav1.PatchOptions{}, "status")
		return err
	}
	if err := report(); err != nil {
		t.Errorf("before: %v", err)
	}
	steady += time.Minute
	if err := report(); !errors.Is(err, errSlept) {
		t.Errorf("right after it slept: %v, want errSlept", err)
	}
	for range settle / time.Second {
		steady += time.Second
		p.Ran()
	}
	if err := report(); err != nil {
		t.Errorf("%v after it slept: %v", settle, err)
	}
}
