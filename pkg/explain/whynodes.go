package explain

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// placeTitle says in a sentence why no node takes a Pod.
func placeTitle(code Code, p *corev1.Pod) string {
	switch code {
	case NoRoom:
		return fmt.Sprintf("No node has room for it: it asks for %s", asks(p))
	case NodeSelector:
		return "No node has the labels that it asks for: " + short(wantedLabels(p), 120)
	case Taint:
		return "The nodes have a taint that it does not tolerate"
	case Cordoned:
		return "The nodes that could take it are closed for new Pods"
	case PodAffinity:
		return "No node fits its affinity or anti-affinity to other Pods"
	case Spread:
		return "No node fits its topology spread constraints"
	case VolumePlace:
		return "No node that could take it can have its volume"
	case HostPort:
		return "The port of the node that it wants is taken: " + strings.Join(hostPorts(p), ", ")
	}
	return "No node takes it"
}

// placeAdvice says what that means. What keeps the other nodes away stands in the scheduler's own words.
func placeAdvice(code Code, message string, p *corev1.Pod) string {
	switch code {
	case NoRoom:
		if strings.Contains(message, "Too many pods") {
			return "The nodes hold as many Pods as they may."
		}
		return "That is more than any node has left. Ask for less, or add a node that is large enough. What a Pod asks for is fixed when it is made: a bare Pod is deleted and made again."
	case NodeSelector:
		return "Label a node so, or ask for a label that one has."
	case Taint:
		return "Give the Pod a toleration, or take the taint away."
	case Cordoned:
		return "Somebody closed them, with kubectl cordon or drain; uncordon opens one."
	case PodAffinity:
		return "It must stand beside Pods that no such node has, or must not beside some that each has."
	case Spread:
		return "A node without the label that counts is left out; and no part may have many more Pods than another."
	case VolumePlace:
		if strings.Contains(message, "ReadWriteOncePod") {
			return "A claim with access mode ReadWriteOncePod is for one Pod at a time: end the other, or give each a claim of its own."
		}
		return "A volume may be bound to a node, in use, or gone. The scheduler's own words say which; kubectl describe pv says where it can be."
	case HostPort:
		return "A port of a node can be had once only. A Service does not need one."
	}
	if strings.Contains(message, "persistentvolumeclaim") || strings.Contains(message, "PersistentVolume") {
		return "It waits for a volume: kubectl get pvc"
	}
	return "The scheduler's own words say what is missing."
}

// podRequests are what a Pod asks for; of a resource for which it names a limit only, that.
func podRequests(p *corev1.Pod) corev1.ResourceList {
	sum := corev1.ResourceList{}
	for _, c := range p.Spec.Containers {
		for name, q := range c.Resources.Requests {
			total := sum[name]
			total.Add(q)
			sum[name] = total
		}
	}
	return sum
}

// asks is what a Pod's containers ask for, in a line.
func asks(p *corev1.Pod) string {
	wants := podRequests(p)
	line := fmt.Sprintf("cpu %s, memory %s", wants.Cpu().String(), wants.Memory().String())
	var more []string
	for name, q := range wants {
		if name != corev1.ResourceCPU && name != corev1.ResourceMemory {
			more = append(more, fmt.Sprintf("%s %s", name, q.String()))
		}
	}
	slices.Sort(more)
	return strings.Join(append([]string{line}, more...), ", ")
}

// wantsNode says whether a node has the labels that a Pod asks for.
func wantsNode(p *corev1.Pod, n *unstructured.Unstructured) bool {
	if !labels.SelectorFromSet(p.Spec.NodeSelector).Matches(labels.Set(n.GetLabels())) {
		return false
	}
	terms := nodeTerms(p)
	if len(terms) == 0 {
		return true
	}
	return slices.ContainsFunc(terms, func(t corev1.NodeSelectorTerm) bool {
		for _, e := range t.MatchExpressions {
			if !matchesNode(e, n.GetLabels()) {
				return false
			}
		}
		for _, f := range t.MatchFields {
			if f.Key == "metadata.name" && !slices.Contains(f.Values, n.GetName()) {
				return false
			}
		}
		return true
	})
}

func matchesNode(e corev1.NodeSelectorRequirement, has map[string]string) bool {
	r, err := labels.NewRequirement(e.Key, operatorOf(e.Operator), e.Values)
	return err == nil && r.Matches(labels.Set(has))
}

// operatorOf is how package labels calls an operator of a node's selector.
func operatorOf(o corev1.NodeSelectorOperator) selection.Operator {
	return map[corev1.NodeSelectorOperator]selection.Operator{
		corev1.NodeSelectorOpIn: selection.In, corev1.NodeSelectorOpNotIn: selection.NotIn, corev1.NodeSelectorOpExists: selection.Exists,
		corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist, corev1.NodeSelectorOpGt: selection.GreaterThan, corev1.NodeSelectorOpLt: selection.LessThan,
	}[o]
}

func nodeTerms(p *corev1.Pod) []corev1.NodeSelectorTerm {
	a := p.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
}

// wantedLabels are the labels that a Pod asks of a node, in a line.
func wantedLabels(p *corev1.Pod) string {
	var said []string
	if len(p.Spec.NodeSelector) > 0 {
		said = append(said, labelLine(p.Spec.NodeSelector))
	}
	for _, t := range nodeTerms(p) {
		for _, e := range t.MatchExpressions {
			said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Key, e.Operator, strings.Join(e.Values, ","))))
		}
	}
	return strings.Join(said, "; ")
}

// wantedKeys are the keys of those labels.
func wantedKeys(p *corev1.Pod) []string {
	keys := sortedKeys(p.Spec.NodeSelector)
	for _, t := range nodeTerms(p) {
		for _, e := range t.MatchExpressions {
			keys = append(keys, e.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// valuesOf are the values that nodes have of a label.
func (x *examiner) valuesOf(key string) string {
	var values []string
	for _, n := range x.nodes {
		if v, ok := n.GetLabels()[key]; ok {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	if values = slices.Compact(values); len(values) == 0 {
		return "no node has it"
	}
	return short(strings.Join(values, ", "), 160)
}

// affinityWords say which neighbours a Pod wants, and which not.
func affinityWords(p *corev1.Pod) string {
	var said []string
	a := p.Spec.Affinity
	if a == nil {
		return "the Pod has none; another has it against this one"
	}
	if a.PodAffinity != nil {
		for _, t := range a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			said = append(said, fmt.Sprintf("affinity: beside Pods with %s, same %s", metav1.FormatLabelSelector(t.LabelSelector), t.TopologyKey))
		}
	}
	if a.PodAntiAffinity != nil {
		for _, t := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			said = append(said, fmt.Sprintf("anti-affinity: not beside Pods with %s, same %s", metav1.FormatLabelSelector(t.LabelSelector), t.TopologyKey))
		}
	}
	return strings.Join(said, "; ")
}
