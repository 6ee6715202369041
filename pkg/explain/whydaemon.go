package explain

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// daemonSet tells of a DaemonSet that no node is fit for: it then wants no Pod at all, and says nothing of it.
func (x *examiner) daemonSet(o *unstructured.Unstructured) {
	d := typed[appsv1.DaemonSet](o)
	if d.Status.DesiredNumberScheduled > 0 || d.Status.ObservedGeneration < d.Generation || d.Generation == 0 || len(x.nodes) == 0 || !x.knows("nodes") {
		return
	}
	p := &corev1.Pod{ObjectMeta: d.Spec.Template.ObjectMeta, Spec: d.Spec.Template.Spec}
	var fit []*unstructured.Unstructured
	for _, name := range sortedKeys(x.nodes) {
		if wantsNode(p, x.nodes[name]) {
			fit = append(fit, x.nodes[name])
		}
	}
	none := Link{Claim: "It wants no Pod on any node.", Evidence: fmt.Sprintf("desiredNumberScheduled 0, of %s", snapshot.Count(len(x.nodes), "node")), From: ref(o) + " status.desiredNumberScheduled"}
	if len(fit) == 0 && x.whole { // as with drivers for hardware that a cluster has not got yet
		x.doubt(o, fmt.Sprintf("DaemonSet %s wants no Pod: no node has the labels that it asks for (%s). Whether one is meant to have them can't be seen.", d.Name, short(wantedLabels(p), 120)))
		return
	}
	if len(fit) == 0 {
		problem := Problem{
			Code: NodeSelector, Title: "It has no Pod: no node has the labels that it asks for: " + short(wantedLabels(p), 120),
			Chain:  append([]Link{none}, x.labelLinks(p, ref(o)+" spec.template.spec.nodeSelector, spec.template.spec.affinity.nodeAffinity")...),
			Advice: "Label a node so, or ask for a label that one has. Where no node is meant to have it yet, this is as it should be.",
			Look:   []string{"kubectl get nodes --show-labels", "kubectl describe daemonset " + d.Name},
		}
		x.add("Daemon/"+d.Name, o, problem)
		return
	}
	chain := []Link{none}
	for _, n := range fit[:min(len(fit), mostNodes)] {
		if taints := untolerated(p, nodeOf(n)); len(taints) > 0 {
			chain = append(chain, Link{Claim: fmt.Sprintf("Node %s takes no Pod that does not tolerate this.", n.GetName()), Evidence: strings.Join(taints, ", "), From: ref(n) + " spec.taints"})
		}
	}
	if len(chain) == 1 {
		return
	}
	x.add("Daemon/"+d.Name, o, Problem{
		Code: Taint, Title: "It has no Pod: the nodes that it could stand on have a taint that it does not tolerate", Chain: chain,
		Advice: "Give its Pods a toleration: spec.template.spec.tolerations.",
		Look:   []string{"kubectl describe nodes", "kubectl describe daemonset " + d.Name},
	})
}

// untolerated are the taints of a node that keep a Pod from it. Those by which the node's controller tells of its state are left out: each
// DaemonSet tolerates them, and of other Pods they are told in other words.
func untolerated(p *corev1.Pod, n *corev1.Node) []string {
	var said []string
	for _, t := range n.Spec.Taints {
		tolerated := slices.ContainsFunc(p.Spec.Tolerations, func(has corev1.Toleration) bool {
			return (has.Effect == "" || has.Effect == t.Effect) && (has.Key == t.Key || has.Key == "" && has.Operator == corev1.TolerationOpExists) &&
				(has.Operator == corev1.TolerationOpExists || has.Value == t.Value)
		})
		if !tolerated && t.Effect != corev1.TaintEffectPreferNoSchedule && !strings.HasPrefix(t.Key, "node.kubernetes.io/") {
			said = append(said, t.ToString())
		}
	}
	return said
}
