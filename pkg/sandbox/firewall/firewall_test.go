package firewall_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/firewall"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

const patience = 10 * time.Second

// local are the Pods of the node.
type local struct {
	mu   sync.Mutex
	pods map[string]podnet.Pod
}

func (l *local) find(a netip.Addr) (podnet.Pod, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.pods[a.String()]
	return p, ok
}

// newFirewall is that of node 1, where Pod web of namespace shop has 10.244.1.2.
func newFirewall(t *testing.T, objects ...runtime.Object) (*firewall.Firewall, *fake.Clientset) {
	t.Helper()
	client := fake.NewClientset(append(objects, namespace("shop"), namespace("kube-system"))...)
	l := &local{pods: map[string]podnet.Pod{
		"10.244.1.2": {Addr: netip.MustParseAddr("10.244.1.2"), Namespace: "shop", Name: "web", UID: "web", Labels: map[string]string{"app": "web"}},
	}}
	f, err := firewall.New(client, 1, l.find, func(err error) { t.Errorf("problem: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return f, client
}

func namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelMetadataName: name}}}
}

func pod(name, ip string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 80}}}}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip},
	}
	for _, c := range change {
		c(p)
	}
	return p
}

func allow(name string, change func(*networkingv1.NetworkPolicy)) *networkingv1.NetworkPolicy {
	np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	change(np)
	return np
}

func fromClient(np *networkingv1.NetworkPolicy) {
	port := intstr.FromString("http")
	np.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{
		From:  []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "client"}}}},
		Ports: []networkingv1.NetworkPolicyPort{{Port: &port}},
	}}
}

func toDNS(np *networkingv1.NetworkPolicy) {
	udp, port := corev1.ProtocolUDP, intstr.FromInt32(53)
	np.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
	np.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{
		To: []networkingv1.NetworkPolicyPeer{{
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: "kube-system"}},
			PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
		}},
		Ports: []networkingv1.NetworkPolicyPort{{Protocol: &udp, Port: &port}},
	}}
}

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func ingress(t *testing.T, f *firewall.Firewall, from string) bool {
	t.Helper()
	return verdict(t, func(ctx context.Context) error { return f.Ingress(ctx, "tcp", addr(from), addr("10.244.1.2:80")) })
}

func egress(t *testing.T, f *firewall.Firewall, proto, to string) bool {
	t.Helper()
	return verdict(t, func(ctx context.Context) error { return f.Egress(ctx, proto, addr("10.244.1.2:4000"), addr(to)) })
}

func verdict(t *testing.T, judge func(context.Context) error) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := judge(ctx)
	if err != nil && !errors.Is(err, podnet.Timeout) {
		t.Errorf("%v, want an error that wraps Timeout", err)
	}
	return err == nil
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after %v: %s", patience, what)
		}
	}
}

func TestWhoIsWho(t *testing.T) {
	onHost := func(p *corev1.Pod) { p.Spec.HostNetwork = true }
	ended := func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }
	f, _ := newFirewall(t, allow("p", fromClient), pod("web", "10.244.1.2"), pod("client", "10.244.2.5"), pod("stranger", "10.244.2.6"),
		pod("client-2", "172.18.0.4", onHost, func(p *corev1.Pod) { p.Labels["app"] = "client" }),
		pod("client-3", "10.244.2.7", ended, func(p *corev1.Pod) { p.Labels["app"] = "client" }))
	eventually(t, "a stranger is kept out", func() bool { return !ingress(t, f, "10.244.2.6:4000") })
	for from, want := range map[string]bool{
		"10.244.2.5:4000": true,  // the client
		"10.244.1.2:4000": true,  // the Pod itself
		"172.18.0.3:4000": true,  // its own node
		"10.244.1.1:4000": true,  // its own node, on the Pods' side
		"172.18.0.2:4000": false, // the control plane
		"172.18.0.4:4000": false, // a Pod on another node's network is that node
		"172.18.0.1:4000": false, // the learner's machine
		"10.244.2.7:4000": false, // the address of a Pod that has ended
		"10.244.2.99:400": false, // nobody that is known
	} {
		if got := ingress(t, f, from); got != want {
			t.Errorf("from %s: %v, want %v", from, got, want)
		}
	}
	if !egress(t, f, "tcp", "1.2.3.4:80") {
		t.Error("a policy for ingress bounds egress")
	}
}

func TestChanges(t *testing.T) {
	f, client := newFirewall(t, pod("web", "10.244.1.2"))
	ctx := context.Background()
	if !ingress(t, f, "10.244.2.5:4000") {
		t.Fatal("kept out without a policy")
	}
	policies := client.NetworkingV1().NetworkPolicies("shop")
	if _, err := policies.Create(ctx, allow("p", fromClient), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new policy counts", func() bool { return !ingress(t, f, "10.244.2.5:4000") })
	if _, err := client.CoreV1().Pods("shop").Create(ctx, pod("client", "10.244.2.5"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new Pod counts", func() bool { return ingress(t, f, "10.244.2.5:4000") })
	changed := pod("client", "10.244.2.5", func(p *corev1.Pod) { p.Labels["app"] = "other" })
	if _, err := client.CoreV1().Pods("shop").Update(ctx, changed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a changed label counts", func() bool { return !ingress(t, f, "10.244.2.5:4000") })
	own := pod("web", "10.244.1.2", func(p *corev1.Pod) { p.Labels["app"] = "else" })
	if _, err := client.CoreV1().Pods("shop").Update(ctx, own, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	only := allow("p", func(np *networkingv1.NetworkPolicy) {
		np.Spec.PodSelector.MatchLabels = map[string]string{"app": "web"}
	})
	if _, err := policies.Update(ctx, only, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a Pod that lost its label is open", func() bool { return ingress(t, f, "10.244.2.5:4000") })
	if err := policies.Delete(ctx, "p", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "without a policy all may come in", func() bool { return ingress(t, f, "10.244.2.6:4000") })
}

// The runtime knows its Pods before the API server tells of their addresses.
func TestPodThatIsNewHere(t *testing.T) {
	f, _ := newFirewall(t, allow("p", func(np *networkingv1.NetworkPolicy) {
		np.Spec.PodSelector.MatchLabels = map[string]string{"app": "web"}
	}))
	eventually(t, "its labels are known", func() bool { return !ingress(t, f, "10.244.2.5:4000") })
}

func TestDNSHasTheLabelsOfItsPods(t *testing.T) {
	f, _ := newFirewall(t, allow("p", toDNS))
	eventually(t, "egress is bounded", func() bool { return !egress(t, f, "tcp", "10.244.2.5:80") })
	for to, want := range map[string]bool{"udp 10.96.0.10:53": true, "tcp 10.96.0.10:53": false, "udp 10.244.2.5:53": false} {
		if got := egress(t, f, to[:3], to[4:]); got != want {
			t.Errorf("%s: %v, want %v", to, got, want)
		}
	}
	if !egress(t, f, "tcp", "172.18.0.3:10250") {
		t.Error("a Pod can't reach its own node")
	}
}

// Pods cost memory on every node: they are watched when there is a policy, and no longer than that.
func TestPodsAreWatchedWhileThereIsAPolicy(t *testing.T) {
	f, client := newFirewall(t, pod("web", "10.244.1.2"))
	if !ingress(t, f, "10.244.2.5:4000") {
		t.Fatal("kept out without a policy")
	}
	if watched(client, "pods") {
		t.Error("Pods are watched without a policy")
	}
	_, err := kubernetes.Interface(client).NetworkingV1().NetworkPolicies("shop").Create(context.Background(), allow("p", fromClient), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the policy counts", func() bool { return !ingress(t, f, "10.244.2.5:4000") })
	// What they are listed by counts before they are watched.
	eventually(t, "Pods are watched", func() bool { return watched(client, "pods") })
}

func watched(client *fake.Clientset, resource string) bool {
	for _, a := range client.Actions() {
		if w, ok := a.(clienttesting.WatchActionImpl); ok && w.Resource.Resource == resource {
			return true
		}
	}
	return false
}
