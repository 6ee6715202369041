// Package policy says which connections NetworkPolicies allow. It is pure: objects and a connection in,
// a verdict out. Who is at a connection's ends is package firewall's part.
//
// The rules are those of networking.k8s.io/v1 (staging/src/k8s.io/api/networking/v1/types.go): a Pod
// that no policy selects for a direction is open in it; one that some select gets what any of
// them allows, and nothing else.
package policy

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Direction is seen from the Pod that a policy selects.
type Direction string

const (
	Ingress Direction = "Ingress"
	Egress  Direction = "Egress"
)

// Policy is a NetworkPolicy made ready to be asked. It does not change.
type Policy struct {
	subject  labels.Selector
	isolates map[Direction]bool
	rules    map[Direction][]rule
}

// rule allows what matches one of its peers and one of its ports; none of either stands for all.
type rule struct {
	peers []peer
	ports []port
}

// peer is a block of addresses, or Pods by their labels and by those of their namespaces. Without
// a selector of namespaces the Pods are those of the policy's own.
type peer struct {
	block      netip.Prefix
	except     []netip.Prefix
	namespace  string
	namespaces labels.Selector
	pods       labels.Selector
}

// port is a range of numbers, or a name that the Pod gives to one of its ports. Last is 0 for all ports.
type port struct {
	protocol    corev1.Protocol
	name        string
	first, last uint16
}

// Compile reads a policy. With an error, which the API server's validation leaves hardly a chance to,
// the policy that is returned isolates all Pods of its namespace: what cannot be read must not
// open what it was to close.
func Compile(np *networkingv1.NetworkPolicy) (*Policy, error) {
	p := &Policy{subject: labels.Everything(), isolates: isolated(np), rules: map[Direction][]rule{}}
	subject, err := metav1.LabelSelectorAsSelector(&np.Spec.PodSelector)
	if err != nil {
		return p, fmt.Errorf("read NetworkPolicy %s/%s: podSelector: %w", np.Namespace, np.Name, err)
	}
	rules := map[Direction][]rule{}
	for i, r := range np.Spec.Ingress {
		if err := add(rules, Ingress, np.Namespace, r.From, r.Ports); err != nil {
			return p, fmt.Errorf("read NetworkPolicy %s/%s: ingress rule %d: %w", np.Namespace, np.Name, i, err)
		}
	}
	for i, r := range np.Spec.Egress {
		if err := add(rules, Egress, np.Namespace, r.To, r.Ports); err != nil {
			return p, fmt.Errorf("read NetworkPolicy %s/%s: egress rule %d: %w", np.Namespace, np.Name, i, err)
		}
	}
	p.subject, p.rules = subject, rules
	return p, nil
}

// isolated reads policyTypes, and what stands for them where they are left out.
func isolated(np *networkingv1.NetworkPolicy) map[Direction]bool {
	out := map[Direction]bool{}
	for _, t := range np.Spec.PolicyTypes {
		out[Direction(t)] = true
	}
	if len(np.Spec.PolicyTypes) == 0 {
		out[Ingress], out[Egress] = true, len(np.Spec.Egress) > 0
	}
	return out
}

func add(rules map[Direction][]rule, d Direction, namespace string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) error {
	var r rule
	for i := range peers {
		p, err := compilePeer(namespace, &peers[i])
		if err != nil {
			return err
		}
		r.peers = append(r.peers, p)
	}
	for i := range ports {
		r.ports = append(r.ports, compilePort(&ports[i]))
	}
	rules[d] = append(rules[d], r)
	return nil
}

func compilePeer(namespace string, from *networkingv1.NetworkPolicyPeer) (peer, error) {
	if from.IPBlock != nil {
		return compileBlock(from.IPBlock)
	}
	p := peer{namespace: namespace, pods: labels.Everything()}
	var err error
	if from.PodSelector != nil {
		if p.pods, err = metav1.LabelSelectorAsSelector(from.PodSelector); err != nil {
			return p, fmt.Errorf("podSelector: %w", err)
		}
	}
	if from.NamespaceSelector != nil {
		if p.namespaces, err = metav1.LabelSelectorAsSelector(from.NamespaceSelector); err != nil {
			return p, fmt.Errorf("namespaceSelector: %w", err)
		}
	}
	return p, nil
}

func compileBlock(b *networkingv1.IPBlock) (peer, error) {
	block, err := netip.ParsePrefix(b.CIDR)
	if err != nil {
		return peer{}, fmt.Errorf("ipBlock: %w", err)
	}
	p := peer{block: block}
	for _, e := range b.Except {
		except, err := netip.ParsePrefix(e)
		if err != nil {
			return peer{}, fmt.Errorf("ipBlock: except: %w", err)
		}
		p.except = append(p.except, except)
	}
	return p, nil
}

func compilePort(from *networkingv1.NetworkPolicyPort) port {
	p := port{protocol: corev1.ProtocolTCP}
	if from.Protocol != nil {
		p.protocol = *from.Protocol
	}
	switch {
	case from.Port == nil:
	case from.Port.Type == intstr.String:
		p.name = from.Port.StrVal
	default:
		p.first, p.last = uint16(from.Port.IntVal), uint16(from.Port.IntVal)
		if from.EndPort != nil {
			p.last = uint16(*from.EndPort)
		}
	}
	return p
}
