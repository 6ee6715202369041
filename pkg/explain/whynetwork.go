package explain

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// words writes a rule in short.
func (h hole) words(way string) string {
	var peers, ports []string
	for _, p := range h.peers {
		switch {
		case p.IPBlock != nil:
			peers = append(peers, p.IPBlock.CIDR)
		case p.NamespaceSelector != nil && p.PodSelector != nil:
			peers = append(peers, fmt.Sprintf("Pods with %s in namespaces with %s", metav1.FormatLabelSelector(p.PodSelector), metav1.FormatLabelSelector(p.NamespaceSelector)))
		case p.NamespaceSelector != nil:
			peers = append(peers, "namespaces with "+metav1.FormatLabelSelector(p.NamespaceSelector))
		default:
			peers = append(peers, "Pods with "+metav1.FormatLabelSelector(p.PodSelector))
		}
	}
	for _, p := range h.ports {
		if p.Port != nil {
			ports = append(ports, p.Port.String())
		}
	}
	line := way + " anybody"
	if len(peers) > 0 {
		line = way + " " + strings.Join(peers, " or ")
	}
	if len(ports) > 0 {
		line += " at port " + strings.Join(ports, ", ")
	}
	return line
}

// noDNS is a policy that keeps a Pod from any DNS server, or nil.
func (x *examiner) noDNS(pod *unstructured.Unstructured) *unstructured.Unstructured {
	policies := x.isolating(pod, networkingv1.PolicyTypeEgress)
	for _, o := range policies {
		for _, h := range holes(policyOf(o), networkingv1.PolicyTypeEgress) {
			if (h.names(53, corev1.ProtocolUDP, nil) || h.names(53, corev1.ProtocolTCP, nil)) && !onlyNeighbours(h.peers) {
				return nil
			}
		}
	}
	if len(policies) == 0 {
		return nil
	}
	return policies[0]
}

// onlyNeighbours says that a rule is about Pods of the policy's own namespace, where no DNS server is.
func onlyNeighbours(peers []networkingv1.NetworkPolicyPeer) bool {
	return len(peers) > 0 && !slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		return p.NamespaceSelector != nil || p.IPBlock != nil
	})
}

// backends are a Service's Pods that run, each with the number of the port that it sends to.
func (x *examiner) backends(o *unstructured.Unstructured) map[*unstructured.Unstructured][]int32 {
	found := map[*unstructured.Unstructured][]int32{}
	s := serviceOf(o)
	for _, pod := range x.servedBy(s) {
		if pod.GetDeletionTimestamp() != nil {
			continue
		}
		p := podOf(pod)
		if ended(p) {
			continue
		}
		for _, port := range s.Spec.Ports {
			if port.Protocol != "" && port.Protocol != corev1.ProtocolTCP {
				continue
			}
			switch {
			case port.TargetPort.Type == intstr.String:
				found[pod] = append(found[pod], numbered(p, port.TargetPort.StrVal)...)
			case port.TargetPort.IntVal != 0:
				found[pod] = append(found[pod], port.TargetPort.IntVal)
			default:
				found[pod] = append(found[pod], port.Port)
			}
		}
	}
	return found
}

// unreachable tells of a Service whose Pods nobody may reach: policies isolate them, and no rule names the port.
func (x *examiner) unreachable(o *unstructured.Unstructured) {
	if len(x.beside(o, "NetworkPolicy")) == 0 {
		return
	}
	backends := x.backends(o)
	var policies []*unstructured.Unstructured
	ports := map[int32]bool{}
	for pod, numbers := range backends {
		isolating := x.isolating(pod, networkingv1.PolicyTypeIngress)
		if len(isolating) == 0 || len(numbers) == 0 {
			return
		}
		for _, number := range numbers {
			ports[number] = true
			for _, policy := range isolating {
				for _, h := range holes(policyOf(policy), networkingv1.PolicyTypeIngress) {
					if h.names(number, corev1.ProtocolTCP, podOf(pod)) {
						return
					}
				}
			}
		}
		policies = isolating
	}
	if len(policies) == 0 {
		return
	}
	problem := Problem{
		Code: NetworkPolicy, Title: fmt.Sprintf("NetworkPolicies let nobody reach its Pods at port %s", numberLine(ports)),
		Advice: "Where a policy selects a Pod, only what a rule names gets through. Add a rule for this port, and for whom it is.",
		Look:   []string{"kubectl describe networkpolicy " + policies[0].GetName(), "kubectl get networkpolicies"},
	}
	for _, policy := range policies {
		problem.Chain = append(problem.Chain, Link{
			Claim: "This policy selects its Pods, and has no rule for the port.", Evidence: policyWords(policy), From: ref(policy) + " spec",
		})
	}
	x.add("Policy/"+o.GetName(), o, problem)
}

func numberLine(numbers map[int32]bool) string {
	var all []string
	for n := range numbers {
		all = append(all, fmt.Sprint(n))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// barred tells of a Pod whose connections to a Service no rule lets through; false where one may.
func (x *examiner) barred(client, service *unstructured.Unstructured, chain []Link) bool {
	namespace := x.namespaceOf(client)
	var at *unstructured.Unstructured
	var link Link
	for pod, numbers := range x.backends(service) {
		for _, number := range numbers {
			in, policy := x.letIn(client, pod, namespace, number)
			out, other := x.letOut(client, pod, namespace, number)
			switch {
			case in && out:
				return false
			case !in:
				at, link = policy, Link{Claim: fmt.Sprintf("No rule lets %s in at port %d.", ref(client), number), Evidence: policyWords(policy), From: ref(policy) + " spec.ingress"}
			default:
				at, link = other, Link{Claim: fmt.Sprintf("No rule lets %s send to port %d of %s.", ref(client), number, ref(pod)), Evidence: policyWords(other), From: ref(other) + " spec.egress"}
			}
		}
	}
	if at == nil {
		return false
	}
	labels := Link{Claim: "It has these labels.", Evidence: labelLine(client.GetLabels()), From: ref(client) + " metadata.labels"}
	x.add("Barred/"+service.GetName(), client, Problem{
		Code: NetworkPolicy, Title: fmt.Sprintf("NetworkPolicy %s does not let it reach %s", at.GetName(), ref(service)), Chain: append(chain, link, labels),
		Advice: "Give the Pod the labels that a rule asks for, or add a rule.",
		Look:   []string{"kubectl describe networkpolicy " + at.GetName(), fmt.Sprintf("kubectl get pod %s --show-labels", client.GetName())},
	})
	return true
}

// letIn says whether a Pod may be let in by another, and by whose policy not.
func (x *examiner) letIn(client, pod, namespace *unstructured.Unstructured, port int32) (bool, *unstructured.Unstructured) {
	policies := x.isolating(pod, networkingv1.PolicyTypeIngress)
	for _, o := range policies {
		for _, h := range holes(policyOf(o), networkingv1.PolicyTypeIngress) {
			if h.names(port, corev1.ProtocolTCP, podOf(pod)) && h.mayBe(client, namespace) {
				return true, nil
			}
		}
	}
	if len(policies) == 0 {
		return true, nil
	}
	return false, policies[len(policies)-1]
}

// letOut says whether a Pod may send to another, and by whose policy not.
func (x *examiner) letOut(client, pod, namespace *unstructured.Unstructured, port int32) (bool, *unstructured.Unstructured) {
	policies := x.isolating(client, networkingv1.PolicyTypeEgress)
	for _, o := range policies {
		for _, h := range holes(policyOf(o), networkingv1.PolicyTypeEgress) {
			if h.names(port, corev1.ProtocolTCP, podOf(pod)) && h.mayBe(pod, namespace) {
				return true, nil
			}
		}
	}
	if len(policies) == 0 {
		return true, nil
	}
	return false, policies[len(policies)-1]
}

func (x *examiner) namespaceOf(o *unstructured.Unstructured) *unstructured.Unstructured {
	for _, n := range x.kinds["Namespace"] {
		if n.GetName() == o.GetNamespace() {
			return n
		}
	}
	return nil
}
