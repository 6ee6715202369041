package explain

import (
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// portLinks name who has the node's port.
func (x *examiner) portLinks(o *unstructured.Unstructured, p *corev1.Pod) []Link {
	var links []Link
	for _, port := range hostPorts(p) {
		links = append(links, Link{Claim: "It wants this port of its node for itself.", Evidence: "hostPort " + port, From: ref(o) + " spec.containers[].ports[].hostPort"})
		for _, other := range x.kind("Pod") {
			q := podOf(other)
			for _, taken := range hostPorts(q) {
				if taken == port && q.Spec.NodeName != "" && other.GetUID() != o.GetUID() {
					links = append(links, Link{Claim: "Another Pod has it.", Evidence: fmt.Sprintf("%s on node %s", ref(other), q.Spec.NodeName), From: ref(other) + " spec.containers[].ports[].hostPort"})
				}
			}
		}
	}
	return links
}

func hostPorts(p *corev1.Pod) []string {
	var ports []string
	for _, c := range p.Spec.Containers {
		for _, port := range c.Ports {
			if port.HostPort != 0 {
				ports = append(ports, fmt.Sprintf("%d/%s", port.HostPort, port.Protocol))
			}
		}
	}
	return ports
}

// mostNodes is how many nodes are shown at most.
const mostNodes = 4

// roomLinks compare what a Pod asks for with what nodes have.
func (x *examiner) roomLinks(o *unstructured.Unstructured, p *corev1.Pod, candidates []*unstructured.Unstructured) []Link {
	wants := podRequests(p)
	var names []string
	for name := range wants {
		names = append(names, string(name))
	}
	sort.Strings(names)
	var asked []string
	for _, name := range names {
		q := wants[corev1.ResourceName(name)]
		asked = append(asked, name+" "+q.String())
	}
	links := []Link{{Claim: "That is what it asks for.", Evidence: strings.Join(asked, ", "), From: ref(o) + " spec.containers[].resources.requests"}}
	for i, n := range candidates {
		if i == mostNodes {
			links = append(links, Link{Claim: "And others.", Evidence: fmt.Sprintf("%d more nodes", len(candidates)-i), From: "nodes"})
			break
		}
		node := nodeOf(n)
		var has []string
		for _, name := range names {
			q, ok := node.Status.Allocatable[corev1.ResourceName(name)]
			taken := x.takenOn(node.Name, corev1.ResourceName(name))
			switch {
			case !ok:
				has = append(has, "no "+name)
			case taken.IsZero():
				has = append(has, fmt.Sprintf("%s %s", name, q.String()))
			default:
				has = append(has, fmt.Sprintf("%s %s, of which Pods seen here ask for %s", name, q.String(), taken.String()))
			}
		}
		links = append(links, Link{Claim: fmt.Sprintf("Node %s has this in all.", node.Name), Evidence: strings.Join(has, "; "), From: ref(n) + " status.allocatable"})
	}
	return links
}

// takenOn is how much of a node the Pods in the snapshot ask for.
func (x *examiner) takenOn(node string, name corev1.ResourceName) resource.Quantity {
	if x.taken == nil {
		x.taken = map[string]corev1.ResourceList{}
		for _, o := range x.kinds["Pod"] {
			if p := podOf(o); p.Spec.NodeName != "" && !ended(p) {
				sum(x.taken, p)
			}
		}
	}
	return x.taken[node][name]
}

// sum adds what a Pod asks for to what is asked of its node.
func sum(taken map[string]corev1.ResourceList, p *corev1.Pod) {
	on := taken[p.Spec.NodeName]
	if on == nil {
		on = corev1.ResourceList{}
		taken[p.Spec.NodeName] = on
	}
	for name, q := range podRequests(p) {
		total := on[name]
		total.Add(q)
		on[name] = total
	}
}
