package explain

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// isolating are the NetworkPolicies that decide about what a Pod gets (Ingress) or sends (Egress). Without any all is let
// through; with some only what a rule of one names.
func (x *examiner) isolating(pod *unstructured.Unstructured, direction networkingv1.PolicyType) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, o := range x.beside(pod, "NetworkPolicy") {
		p := policyOf(o)
		if selects(&p.Spec.PodSelector, pod) && slices.Contains(directions(p), direction) {
			found = append(found, o)
		}
	}
	return found
}

func policyOf(o *unstructured.Unstructured) *networkingv1.NetworkPolicy {
	return typed[networkingv1.NetworkPolicy](o)
}

// directions are a policy's types, with the API's default.
func directions(p *networkingv1.NetworkPolicy) []networkingv1.PolicyType {
	if len(p.Spec.PolicyTypes) > 0 {
		return p.Spec.PolicyTypes
	}
	types := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if len(p.Spec.Egress) > 0 {
		types = append(types, networkingv1.PolicyTypeEgress)
	}
	return types
}

// hole is a rule of a policy: a list of peers and a list of ports, of which empty ones mean all.
type hole struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

func holes(p *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) []hole {
	var all []hole
	if direction == networkingv1.PolicyTypeIngress {
		for _, r := range p.Spec.Ingress {
			all = append(all, hole{r.From, r.Ports})
		}
		return all
	}
	for _, r := range p.Spec.Egress {
		all = append(all, hole{r.To, r.Ports})
	}
	return all
}

// names says whether a rule is about a port of a Pod; a nil Pod has no ports with names.
func (h hole) names(port int32, protocol corev1.Protocol, pod *corev1.Pod) bool {
	return len(h.ports) == 0 || slices.ContainsFunc(h.ports, func(p networkingv1.NetworkPolicyPort) bool {
		if p.Protocol != nil && *p.Protocol != protocol || p.Protocol == nil && protocol != corev1.ProtocolTCP {
			return false
		}
		if p.Port == nil {
			return true
		}
		if p.Port.Type == intstr.String {
			return pod == nil || slices.Contains(numbered(pod, p.Port.StrVal), port) // of a Pod that is not known it may be true
		}
		return port == p.Port.IntVal || p.EndPort != nil && port > p.Port.IntVal && port <= *p.EndPort
	})
}

// numbered are the numbers of a Pod's ports with a name.
func numbered(p *corev1.Pod, name string) []int32 {
	var ports []int32
	for _, c := range append(append([]corev1.Container(nil), p.Spec.InitContainers...), p.Spec.Containers...) {
		for _, port := range c.Ports {
			if port.Name == name {
				ports = append(ports, port.ContainerPort)
			}
		}
	}
	return ports
}

// mayBe says whether a rule may be about a Pod of the policy's own namespace: true also where that can't be known,
// for blocks of addresses and for namespaces whose labels were not read.
func (h hole) mayBe(pod, namespace *unstructured.Unstructured) bool {
	return len(h.peers) == 0 || slices.ContainsFunc(h.peers, func(p networkingv1.NetworkPolicyPeer) bool {
		switch {
		case p.IPBlock != nil:
			return true
		case p.NamespaceSelector != nil && namespace != nil && !selects(p.NamespaceSelector, namespace):
			return false
		case p.PodSelector != nil:
			return selects(p.PodSelector, pod)
		}
		return true
	})
}

// policyWords are a policy's rules in short.
func policyWords(o *unstructured.Unstructured) string {
	p := policyOf(o)
	var said []string
	for _, d := range directions(p) {
		way := map[networkingv1.PolicyType]string{networkingv1.PolicyTypeIngress: "from", networkingv1.PolicyTypeEgress: "to"}[d]
		for _, h := range holes(p, d) {
			said = append(said, h.words(way))
		}
		if len(holes(p, d)) == 0 {
			said = append(said, strings.ToLower(string(d))+": no rule")
		}
	}
	return ref(o) + "  " + strings.Join(said, "; ")
}
