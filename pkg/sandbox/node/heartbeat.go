package node

import (
	"context"
	"errors"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	typedcoordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/kubernetes/pkg/kubelet/events"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pulse"
)

// settle is how long a node that slept reports nothing of its health: the kubelet calls itself not
// ready until it has looked after its runtime and its Pods once more, which it does every 5 s.
const settle = 6 * time.Second

var errSlept = errors.New("this node slept until just now, and looks after its Pods before it tells how it is")

// heartbeat is the client by which the kubelet says that it is alive, and how it is.
type heartbeat struct {
	kubernetes.Interface
	pulse  *pulse.Pulse
	leases *leaseTime
}

func newHeartbeat(client kubernetes.Interface, p *pulse.Pulse) heartbeat {
	return heartbeat{client, p, &leaseTime{}}
}

func (h heartbeat) CoreV1() typedcorev1.CoreV1Interface {
	return reports{h.Interface.CoreV1(), h.pulse}
}

func (h heartbeat) CoordinationV1() typedcoordinationv1.CoordinationV1Interface {
	return renewals{h.Interface.CoordinationV1(), h.leases}
}

// reports holds back what a kubelet thinks of itself right after it slept.
type reports struct {
	typedcorev1.CoreV1Interface
	pulse *pulse.Pulse
}

func (r reports) Nodes() typedcorev1.NodeInterface {
	return nodeReports{r.CoreV1Interface.Nodes(), r.pulse}
}

type nodeReports struct {
	typedcorev1.NodeInterface
	pulse *pulse.Pulse
}

func (r nodeReports) Patch(ctx context.Context, name string, t types.PatchType, data []byte, o metav1.PatchOptions, sub ...string) (*corev1.Node, error) {
	if r.pulse.Woke(settle) {
		return nil, errSlept
	}
	return r.NodeInterface.Patch(ctx, name, t, data, o, sub...)
}

// quiet is the kubelet's recorder of events, without what it thinks of itself right after it slept.
type quiet struct {
	record.EventRecorderLogger
	pulse *pulse.Pulse
}

// Eventf implements record.EventRecorder.
func (q quiet) Eventf(object runtime.Object, eventType, reason, format string, args ...any) {
	if (reason == events.NodeNotReady || reason == events.NodeReady) && q.pulse.Woke(settle) {
		return
	}
	q.EventRecorderLogger.Eventf(object, eventType, reason, format, args...)
}

// renewals are the leases of nodes, renewed to ever later times.
type renewals struct {
	typedcoordinationv1.CoordinationV1Interface
	times *leaseTime
}

func (r renewals) Leases(namespace string) typedcoordinationv1.LeaseInterface {
	return leases{r.CoordinationV1Interface.Leases(namespace), r.times}
}

type leases struct {
	typedcoordinationv1.LeaseInterface
	times *leaseTime
}

func (l leases) Get(ctx context.Context, name string, o metav1.GetOptions) (*coordinationv1.Lease, error) {
	got, err := l.LeaseInterface.Get(ctx, name, o)
	if err == nil {
		l.times.saw(got)
	}
	return got, err
}

func (l leases) Update(ctx context.Context, lease *coordinationv1.Lease, o metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	return l.LeaseInterface.Update(ctx, l.times.later(lease), o)
}

// leaseTime is the latest time to which a lease was renewed. The node lifecycle controller takes a
// node for silent whose lease does not go forward, as none would after the clock was set back.
type leaseTime struct {
	mu     sync.Mutex
	latest time.Time
}

func (t *leaseTime) saw(l *coordinationv1.Lease) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.Spec.RenewTime != nil && l.Spec.RenewTime.After(t.latest) {
		t.latest = l.Spec.RenewTime.Time
	}
}

// later returns the lease, renewed to a time after all that were before.
func (t *leaseTime) later(l *coordinationv1.Lease) *coordinationv1.Lease {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.Spec.RenewTime == nil {
		return l
	}
	if !l.Spec.RenewTime.After(t.latest) {
		l = l.DeepCopy()
		l.Spec.RenewTime = &metav1.MicroTime{Time: t.latest.Add(time.Millisecond)}
	}
	t.latest = l.Spec.RenewTime.Time
	return l
}
