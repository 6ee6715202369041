package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// unscheduled tells of a Pod without a node.
func (x *examiner) unscheduled(o *unstructured.Unstructured, p *corev1.Pod, c *corev1.PodCondition) {
	if c == nil || c.Status != corev1.ConditionFalse {
		x.add("Unseen", o, Problem{
			Code: "Starting", Waiting: true, Title: "The scheduler has not looked at it yet",
			Chain:  []Link{{Claim: "It has no node.", Evidence: fmt.Sprintf("pod/%s  Pending for %s", p.Name, age(x.youth(o)))}},
			Advice: "That takes a moment. If it lasts, is the scheduler there?",
		})
		return
	}
	if c.Reason == "SchedulingGated" {
		x.add("Gated", o, Problem{
			Code: "Gated", Title: "It is held back on purpose",
			Chain: []Link{{Claim: "It has scheduling gates.", Evidence: short(c.Message, 160)}},
		})
		return
	}
	chain := []Link{
		{Claim: "It has no node.", Evidence: fmt.Sprintf("pod/%s  Pending, condition PodScheduled=False", p.Name)},
		{Claim: "The scheduler looked at every node and found none.", Evidence: short(c.Message, 200)},
	}
	advice := placeAdvice(c.Message, p)
	x.add("Unschedulable/"+advice, o, Problem{
		Code: "Unschedulable", Title: "No node takes it", Chain: chain, Advice: advice,
		Look: []string{"kubectl describe pod " + p.Name, "kubectl describe nodes"},
	})
}

// placeAdvice reads the scheduler's reasons (k8s.io/kubernetes/pkg/scheduler/framework/plugins).
func placeAdvice(message string, p *corev1.Pod) string {
	var said []string
	add := func(text string) { said = append(said, text) }
	if strings.Contains(message, "Insufficient cpu") || strings.Contains(message, "Insufficient memory") {
		add(fmt.Sprintf("It asks for more than any node has left (%s). Ask for less, or add a node.", asks(p)))
	}
	if strings.Contains(message, "Too many pods") {
		add("The nodes hold as many Pods as they may.")
	}
	if strings.Contains(message, "didn't match Pod's node affinity/selector") || strings.Contains(message, "node selector") {
		add("It wants a node with labels that none has. Compare spec.nodeSelector with: kubectl get nodes --show-labels")
	}
	if strings.Contains(message, "untolerated taint") {
		add("Some nodes have a taint that the Pod does not tolerate.")
	}
	if strings.Contains(message, "were unschedulable") {
		add("Some nodes are closed for new Pods (cordoned): kubectl uncordon NODE opens one.")
	}
	if strings.Contains(message, "anti-affinity") {
		add("It must not stand beside Pods that are on every node already.")
	}
	if strings.Contains(message, "persistentvolumeclaim") || strings.Contains(message, "PersistentVolume") {
		add("It waits for a volume: kubectl get pvc")
	}
	if len(said) == 0 {
		return "The scheduler's own words say what is missing."
	}
	return strings.Join(said, " ")
}

// asks is what a Pod's containers ask for.
func asks(p *corev1.Pod) string {
	var cpu, memory resource.Quantity
	for _, c := range p.Spec.Containers {
		cpu.Add(*c.Resources.Requests.Cpu())
		memory.Add(*c.Resources.Requests.Memory())
	}
	return fmt.Sprintf("cpu %s, memory %s", cpu.String(), memory.String())
}

// node examines a node that was asked about.
func (x *examiner) node(o *unstructured.Unstructured) {
	n := nodeOf(o)
	r := nodeReady(n)
	switch {
	case r != nil && r.Status != corev1.ConditionTrue:
		x.add("NodeDown/"+n.Name, o, Problem{
			Code: "NodeDown", Title: fmt.Sprintf("Node %s does not answer", n.Name),
			Chain: []Link{{
				Claim:    "Its kubelet reports nothing any more.",
				Evidence: fmt.Sprintf("condition Ready=%s for %s: %s", r.Status, age(x.now.At.Sub(r.LastTransitionTime.Time)), r.Message),
			}},
			Advice: "Its Pods are evicted after a while, and their owners make others elsewhere.",
			Look:   []string{"kubectl get nodes", "kubectl get pods -o wide"},
		})
	case n.Spec.Unschedulable:
		x.add("Closed/"+n.Name, o, Problem{
			Code: "Cordoned", Title: fmt.Sprintf("Node %s is closed for new Pods", n.Name),
			Chain: []Link{{Claim: "Somebody cordoned it.", Evidence: "spec.unschedulable true"}},
			Try:   []string{"kubectl uncordon " + n.Name},
		})
	}
}
