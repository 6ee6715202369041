package explain

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// nearestNode adds what is to be changed on the node that comes nearest, where nodes are left out for several reasons: the scheduler
// counts them and does not say which node has which.
func (x *examiner) nearestNode(o *unstructured.Unstructured, p *corev1.Pod, message string, problem *Problem) {
	message, _, _ = strings.Cut(message, "preemption:")
	said := 0
	for _, r := range reasons() {
		if slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(message, w) }) {
			said++
		}
	}
	if said < 2 || len(x.nodes) < 2 || len(p.Spec.NodeSelector) == 0 && len(nodeTerms(p)) == 0 {
		return
	}
	var best *unstructured.Unstructured
	var lacks []obstacle
	for _, name := range sortedKeys(x.nodes) {
		found := x.obstacles(p, x.nodes[name])
		nearer := best == nil || len(found) < len(lacks) || len(found) == 1 && len(lacks) == 1 && lacks[0].label == "" && found[0].label != ""
		if len(found) > 0 && nearer {
			best, lacks = x.nodes[name], found
		}
	}
	if best == nil {
		return
	}
	if problem.Code == NoRoom {
		problem.Title = "No node with the labels that it asks for has room for it: it asks for " + asks(p)
	}
	var words []string
	for _, l := range lacks {
		words = append(words, l.says)
	}
	problem.Chain = append(problem.Chain, Link{
		Claim: fmt.Sprintf("Node %s comes nearest; this is in the way there.", best.GetName()), Evidence: strings.Join(words, "; "), From: ref(best) + " metadata.labels, spec.taints, status.allocatable",
	})
	if len(lacks) == 1 && lacks[0].label != "" {
		problem.Advice = "Make room on a node that has the label, or label the node that comes nearest."
		problem.Try = append(problem.Try, fmt.Sprintf("kubectl label node %s %s", best.GetName(), lacks[0].label))
	}
}

// obstacle is what keeps a Pod from a node; label is the label of somebody's own that would mend it, where that is all.
type obstacle struct{ says, label string }

// obstacles are what keeps a Pod from a node, as far as it can be seen: Pods of other namespaces take room, too.
func (x *examiner) obstacles(p *corev1.Pod, o *unstructured.Unstructured) []obstacle {
	var found []obstacle
	n := nodeOf(o)
	for _, k := range sortedKeys(p.Spec.NodeSelector) {
		wanted := k + "=" + p.Spec.NodeSelector[k]
		switch has, ok := n.Labels[k]; {
		case !ok && strings.Contains(k, "kubernetes.io/"):
			found = append(found, obstacle{says: "it has no label " + wanted})
		case !ok:
			found = append(found, obstacle{"it has no label " + wanted, wanted})
		case has != p.Spec.NodeSelector[k]:
			found = append(found, obstacle{says: fmt.Sprintf("it has the label %s=%s, not %s", k, has, wanted)})
		}
	}
	if len(found) == 0 && !wantsNode(p, o) {
		found = append(found, obstacle{says: "its labels do not fit the Pod's node affinity"})
	}
	for _, taint := range untolerated(p, n) {
		found = append(found, obstacle{says: "it has the taint " + taint})
	}
	if n.Spec.Unschedulable {
		found = append(found, obstacle{says: "it is cordoned"})
	}
	wants := podRequests(p)
	for _, name := range sortedKeys(wants) {
		asked, has, taken := wants[name], n.Status.Allocatable[name], x.takenOn(n.Name, name)
		left := has.DeepCopy()
		if left.Sub(taken); left.Sign() < 0 {
			left = resource.Quantity{}
		}
		if asked.Cmp(left) > 0 {
			found = append(found, obstacle{says: fmt.Sprintf("%s %s is asked for, and it has %s of %s left", name, asked.String(), left.String(), has.String())})
		}
	}
	return found
}
