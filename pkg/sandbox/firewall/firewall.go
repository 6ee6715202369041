// Package firewall judges connections of a node's Pods by the NetworkPolicies of the cluster (it is a
// podnet.Policy). It knows who is at a connection's ends; the rules are package policy's.
//
// Policies are watched always. Pods and namespaces are, from the moment when there is a policy: they
// cost memory on every node, and most clusters have no policy.
package firewall

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	networkinginformers "k8s.io/client-go/informers/networking/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/policy"
)

// dnsLabel is what the Pods of the cluster's DNS have in kube-system. Here the DNS is no Pod, and policies
// that let Pods reach it name it by this label all the same.
const dnsLabel, dnsApp = "k8s-app", "kube-dns"

// Firewall is that of one node. It is safe for concurrent use.
type Firewall struct {
	client   kubernetes.Interface
	node     int
	local    func(netip.Addr) (podnet.Pod, bool)
	problem  func(error)
	policies cache.SharedIndexInformer
	synced   cache.DoneChecker

	mu       sync.RWMutex
	compiled map[string]map[string]*policy.Policy // by namespace and name
	peers    *peers                               // nil while there is no policy
	stop     context.CancelFunc                   // ends peers
}

// New makes the firewall of node number, which Run fills. Local finds the Pods of the node by their address, problem
// is told of a policy that can't be read. The client needs list and watch of NetworkPolicies, Pods and Namespaces.
func New(client kubernetes.Interface, node int, local func(netip.Addr) (podnet.Pod, bool), problem func(error)) (*Firewall, error) {
	f := &Firewall{
		client: client, node: node, local: local, problem: problem, compiled: map[string]map[string]*policy.Policy{},
		policies: networkinginformers.NewNetworkPolicyInformer(client, metav1.NamespaceAll, 0, cache.Indexers{}),
	}
	_ = f.policies.SetTransform(trim) // can't fail before it runs
	registration, err := f.policies.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    f.set,
		UpdateFunc: func(_, obj any) { f.set(obj) },
		DeleteFunc: f.unset,
	})
	if err != nil {
		return nil, fmt.Errorf("watch NetworkPolicies: %w", err)
	}
	f.synced = registration.HasSyncedChecker()
	return f, nil
}

// Run watches until the context ends.
func (f *Firewall) Run(ctx context.Context) {
	defer f.forgetPeers()
	f.policies.RunWithContext(ctx)
}

// forgetPeers ends the watches of Pods and namespaces.
func (f *Firewall) forgetPeers() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.peers != nil {
		f.stop()
		f.peers = nil
	}
}

// trim drops what nobody here reads.
func trim(obj any) (any, error) {
	if m, ok := obj.(metav1.Object); ok {
		m.SetManagedFields(nil)
		m.SetAnnotations(nil)
	}
	return obj, nil
}

func (f *Firewall) set(obj any) {
	np, ok := obj.(*networkingv1.NetworkPolicy)
	if !ok {
		return
	}
	p, err := policy.Compile(np)
	if err != nil {
		f.problem(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.compiled[np.Namespace] == nil {
		f.compiled[np.Namespace] = map[string]*policy.Policy{}
	}
	f.compiled[np.Namespace][np.Name] = p
	if f.peers == nil {
		var ctx context.Context
		ctx, f.stop = context.WithCancel(context.Background())
		f.peers = watchPeers(ctx, f.client)
	}
}

func (f *Firewall) unset(obj any) {
	key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
	if err != nil {
		return
	}
	namespace, name, _ := strings.Cut(key, "/")
	f.mu.Lock()
	delete(f.compiled[namespace], name)
	if len(f.compiled[namespace]) == 0 {
		delete(f.compiled, namespace)
	}
	last := len(f.compiled) == 0
	f.mu.Unlock()
	if last {
		f.forgetPeers()
	}
}

// Egress implements podnet.Policy.
func (f *Firewall) Egress(ctx context.Context, proto string, from, to netip.AddrPort) error {
	pod, ok := f.local(from.Addr())
	if !ok || from.Addr() == to.Addr() || f.isOwnNode(to.Addr()) {
		return nil
	}
	return f.judge(ctx, policy.Egress, pod, proto, from, to)
}

// Ingress implements podnet.Policy.
func (f *Firewall) Ingress(ctx context.Context, proto string, from, to netip.AddrPort) error {
	pod, ok := f.local(to.Addr())
	if !ok || from.Addr() == to.Addr() || f.isOwnNode(from.Addr()) {
		return nil
	}
	return f.judge(ctx, policy.Ingress, pod, proto, from, to)
}

// isOwnNode says whether an address is the node's, which its Pods may reach and be reached from always:
// probes come from there.
func (f *Firewall) isOwnNode(a netip.Addr) bool {
	return a == podnet.NodeIP(f.node) || a == podnet.Gateway(f.node)
}

// judge is nil for what may pass. What is not known yet is waited for.
func (f *Firewall) judge(ctx context.Context, d policy.Direction, pod podnet.Pod, proto string, from, to netip.AddrPort) error {
	policies, known, err := f.of(ctx, pod.Namespace)
	if err != nil || len(policies) == 0 {
		return err
	}
	if err := known.wait(ctx); err != nil {
		return fmt.Errorf("connect %s: Pods are not known yet: %w", to, podnet.Timeout)
	}
	c := policy.Connection{
		From: f.peer(known, from.Addr()), To: f.peer(known, to.Addr()),
		Protocol: corev1.Protocol(strings.ToUpper(proto)), Port: to.Port(),
	}
	if policy.Allowed(policies, d, c) {
		return nil
	}
	return fmt.Errorf("connect %s: the %s policies of Pod %s/%s do not allow it: %w",
		to, strings.ToLower(string(d)), pod.Namespace, pod.Name, podnet.Timeout)
}

// of are a namespace's policies.
func (f *Firewall) of(ctx context.Context, namespace string) ([]*policy.Policy, *peers, error) {
	if err := f.waitForSync(ctx); err != nil {
		return nil, nil, err
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := make([]*policy.Policy, 0, len(f.compiled[namespace]))
	for _, p := range f.compiled[namespace] {
		all = append(all, p)
	}
	return all, f.peers, nil
}

// waitForSync returns when every policy that there was at the start is known.
func (f *Firewall) waitForSync(ctx context.Context) error {
	select {
	case <-f.synced.Done():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("NetworkPolicies are not known yet: %w", podnet.Timeout)
	}
}

// peer says who has an address. Of this node's own Pods the node knows before the API server tells
// it; labels that were changed since are the API server's to tell.
func (f *Firewall) peer(known *peers, a netip.Addr) policy.Peer {
	if a == podnet.DNSServer() {
		return policy.Peer{Addr: podnet.NodeIP(0), Pod: &policy.Pod{
			Namespace: metav1.NamespaceSystem, Labels: labels.Set{dnsLabel: dnsApp},
			NamespaceLabels: known.namespaceLabels(metav1.NamespaceSystem),
			Ports:           []policy.Port{{Name: "dns", Protocol: corev1.ProtocolUDP, Number: 53}, {Name: "dns-tcp", Protocol: corev1.ProtocolTCP, Number: 53}},
		}}
	}
	if pod, ok := f.local(a); ok {
		return policy.Peer{Addr: a, Pod: known.localPod(pod)}
	}
	return policy.Peer{Addr: a, Pod: known.pod(a)}
}
