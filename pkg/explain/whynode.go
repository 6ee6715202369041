package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// lostNode is a Pod's node where that is NotReady, or nil.
func (x *examiner) lostNode(p *corev1.Pod) *unstructured.Unstructured {
	n := x.nodes[p.Spec.NodeName]
	if n == nil {
		return nil
	}
	if r := nodeReady(nodeOf(n)); r == nil || r.Status == corev1.ConditionTrue {
		return nil
	}
	return n
}

// onLostNode tells of a Pod whose node does not answer.
func (x *examiner) onLostNode(o *unstructured.Unstructured, p *corev1.Pod) bool {
	n := x.lostNode(p)
	if n == nil {
		return false
	}
	f := x.node(n)
	f.Look = append([]string{"kubectl describe node " + n.GetName()}, f.Look...)
	f.Advice = "Nobody knows how the Pods on it are. After a while they are evicted, and what owns one makes another elsewhere."
	seen := "on the node that does not answer; what owns it makes another elsewhere"
	if x.workload(o) == nil {
		seen = "on the node that does not answer"
		f.Advice += fmt.Sprintf(" Nothing owns %s, so nothing will make another.", ref(o))
	}
	x.add("OnLostNode/"+n.GetName(), o, Problem{Code: NodeDown, Title: "Its node does not answer"}).hangsOn(seen, n)
	return true
}

// onNoNode tells of a Pod that is set to a node which is not there: no kubelet will ever look at it.
func (x *examiner) onNoNode(o *unstructured.Unstructured, p *corev1.Pod) bool {
	if len(x.nodes) == 0 || !x.knows("nodes") || x.nodes[p.Spec.NodeName] != nil {
		return false
	}
	names := sortedKeys(x.nodes)
	problem := Problem{
		Code: NodeMissing, Title: fmt.Sprintf("It is set to node %q, which is not there", p.Spec.NodeName),
		Chain: []Link{
			{Claim: "That is the node that it is set to.", Evidence: fmt.Sprintf("pod/%s  %s, nodeName %s", p.Name, podStatus(p), p.Spec.NodeName), From: ref(o) + " spec.nodeName"},
			{Claim: "These nodes are there.", Evidence: short(strings.Join(names, ", "), 160), From: "nodes"},
		},
		Advice: "No kubelet looks at it, and after a while it is deleted. Without spec.nodeName the scheduler finds a Pod its node.",
		Look:   []string{"kubectl get nodes", "kubectl describe pod " + p.Name},
	}
	if near := snapshot.Nearest(p.Spec.NodeName, names); near != "" {
		problem.Advice = fmt.Sprintf("Did you mean %s? ", near) + problem.Advice
	}
	if w := x.workload(o); w != nil {
		if t := template(w); t != nil && t.Spec.NodeName == p.Spec.NodeName {
			problem.Chain = append(problem.Chain, Link{Claim: "Each of its Pods is set to it.", Evidence: "nodeName " + t.Spec.NodeName, From: ref(w) + " spec.template.spec.nodeName"})
			problem.Try = []string{fmt.Sprintf(`kubectl patch %s --type=json -p '[{"op":"remove","path":"/spec/template/spec/nodeName"}]'`, ref(w))}
		}
	}
	x.add("NoNode/"+p.Spec.NodeName, o, problem)
	return true
}

// pressed says that a node is short of something.
func (x *examiner) pressed(o *unstructured.Unstructured) bool {
	for _, c := range nodeOf(o).Status.Conditions {
		short := c.Type == corev1.NodeMemoryPressure || c.Type == corev1.NodeDiskPressure || c.Type == corev1.NodePIDPressure
		if short && c.Status == corev1.ConditionTrue {
			x.node(o)
			return true
		}
	}
	return false
}

// node examines a node: one that was asked about, or on which something is not well. Nil when nothing is wrong with it.
func (x *examiner) node(o *unstructured.Unstructured) *finding {
	n := nodeOf(o)
	if r := nodeReady(n); r != nil && r.Status != corev1.ConditionTrue {
		return x.add("NodeDown/"+n.Name, o, Problem{
			Code: NodeDown, Title: fmt.Sprintf("Node %s does not answer", n.Name),
			Chain: []Link{{
				Claim:    "Its kubelet reports nothing any more.",
				Evidence: fmt.Sprintf("condition Ready=%s for %s: %s", r.Status, age(x.now.At.Sub(r.LastTransitionTime.Time)), r.Message),
				From:     ref(o) + " status.conditions[Ready]",
			}},
			Advice: "Its Pods are evicted after a while, and their owners make others elsewhere.",
			Look:   []string{"kubectl get nodes", "kubectl get pods -o wide"},
		})
	}
	for _, c := range n.Status.Conditions {
		what := map[corev1.NodeConditionType]string{
			corev1.NodeMemoryPressure: "memory", corev1.NodeDiskPressure: "disk", corev1.NodePIDPressure: "process IDs",
		}[c.Type]
		if what == "" || c.Status != corev1.ConditionTrue {
			continue
		}
		return x.add("Pressure/"+n.Name, o, Problem{
			Code: NodePressure, Title: fmt.Sprintf("Node %s is short of %s", n.Name, what),
			Chain: []Link{{
				Claim: "Its kubelet says so.", Evidence: fmt.Sprintf("condition %s=True for %s: %s", c.Type, age(x.now.At.Sub(c.LastTransitionTime.Time)), c.Message),
				From: fmt.Sprintf("%s status.conditions[%s]", ref(o), c.Type),
			}},
			Advice: "It takes no new Pods, and ends some: first those that use more than they asked for.",
			Look:   []string{"kubectl describe node " + n.Name, "kubectl top pods"},
		})
	}
	if n.Spec.Unschedulable {
		return x.add("Closed/"+n.Name, o, Problem{
			Code: Cordoned, Title: fmt.Sprintf("Node %s is closed for new Pods", n.Name),
			Chain: []Link{{Claim: "Somebody cordoned it.", Evidence: "spec.unschedulable true", From: ref(o) + " spec.unschedulable"}},
			Try:   []string{"kubectl uncordon " + n.Name},
		})
	}
	return nil
}
