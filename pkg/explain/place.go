package explain

import (
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Place is on which nodes the target's Pods stand: the Pods that match, or that belong to what
// matches (a workload, a Service, a node). The zero target means all Pods.
func Place(target snapshot.Query, now *snapshot.Snapshot) (*Placement, error) {
	pods := podsOf(target, now)
	if len(pods) == 0 && !target.IsZero() {
		if found, err := now.Select(target); err != nil || (len(found) == 0 && target.Name != "") {
			return nil, missing(target, now)
		}
	}
	asked := map[string]bool{}
	for _, o := range pods {
		asked[string(o.GetUID())] = true
	}
	p := &Placement{}
	p.Nodes, p.Unplaced = nodesWith(now, func(o *unstructured.Unstructured) bool { return asked[string(o.GetUID())] })
	return p, nil
}

// podsOf are the Pods that belong to a target, sorted by name.
func podsOf(target snapshot.Query, now *snapshot.Snapshot) []*unstructured.Unstructured {
	if target.IsZero() {
		return kindIn(now, "Pod")
	}
	w := newWorld(now, nil)
	in := map[string]bool{}
	c := circle{seeds: map[types.UID]bool{}, in: map[types.UID]bool{}, nodes: map[string]bool{}}
	for _, o := range now.Objects {
		if target.Matches(o) && (!target.Namespaced || now.Namespace == "" || o.GetNamespace() == now.Namespace) {
			c.seeds[o.GetUID()], c.in[o.GetUID()] = true, true
		}
	}
	w.addServed(&c)
	if target.Kind == "Node" {
		w.addPodsOn(&c)
	}
	w.addOwned(&c)
	for uid := range c.in {
		in[string(uid)] = true
	}
	var found []*unstructured.Unstructured
	for _, o := range kindIn(now, "Pod") {
		if in[string(o.GetUID())] {
			found = append(found, o)
		}
	}
	return found
}

// kindIn are the objects of a kind in a snapshot, sorted by name.
func kindIn(now *snapshot.Snapshot, kind string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, o := range now.Objects {
		if o.GetKind() == kind {
			found = append(found, o)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].GetName() < found[j].GetName() })
	return found
}

// nodesWith are all nodes, with the Pods that are shown and the number of those that are not. Nodes
// that only Pods tell of are there too, with unknown health.
func nodesWith(now *snapshot.Snapshot, shown func(*unstructured.Unstructured) bool) (nodes []NodePods, unplaced []PodDot) {
	by := map[string]*NodePods{}
	for _, o := range kindIn(now, "Node") {
		by[o.GetName()] = describeNode(nodeOf(o))
	}
	for _, o := range kindIn(now, "Pod") {
		p := podOf(o)
		n := by[p.Spec.NodeName]
		if n == nil && p.Spec.NodeName != "" {
			n = &NodePods{Name: p.Spec.NodeName, Health: Unknown, Status: "unknown"}
			by[n.Name] = n
		}
		if n != nil && !ended(p) {
			ask(n, p)
		}
		dot := PodDot{Name: p.Name, Status: podWords(o), Health: podHealth(p)}
		switch {
		case !shown(o) && n != nil:
			n.Others++
		case !shown(o):
		case n == nil:
			unplaced = append(unplaced, dot)
		default:
			n.Pods = append(n.Pods, dot)
		}
	}
	for _, name := range sortedKeys(by) {
		nodes = append(nodes, *by[name])
	}
	return nodes, unplaced
}

// ask adds what a Pod asks for to what is asked of its node.
func ask(n *NodePods, p *corev1.Pod) {
	for _, c := range p.Spec.Containers {
		n.CPU.Asked += c.Resources.Requests.Cpu().MilliValue()
		n.Memory.Asked += c.Resources.Requests.Memory().Value()
	}
}

func describeNode(n *corev1.Node) *NodePods {
	d := &NodePods{Name: n.Name, Role: "worker", Health: Well, Status: "Ready"}
	if _, ok := n.Labels["node-role.kubernetes.io/control-plane"]; ok {
		d.Role = "control-plane"
	}
	d.CPU.Has, d.Memory.Has = n.Status.Allocatable.Cpu().MilliValue(), n.Status.Allocatable.Memory().Value()
	var why []string
	ready := nodeReady(n)
	switch {
	case ready == nil:
		d.Health, d.Status = Unknown, "unknown"
	case ready.Status == corev1.ConditionUnknown:
		d.Health, d.Status = Unwell, "NotReady"
		why = append(why, "its kubelet is silent since "+ready.LastTransitionTime.UTC().Format("15:04:05"))
	case ready.Status == corev1.ConditionFalse:
		d.Health, d.Status = Unwell, "NotReady"
		why = append(why, ready.Message)
	}
	if n.Spec.Unschedulable {
		d.Status += ", closed for new Pods"
		why = append(why, "cordoned")
	}
	for _, t := range n.Spec.Taints {
		if t.Key != corev1.TaintNodeUnschedulable && t.Key != corev1.TaintNodeUnreachable && t.Key != corev1.TaintNodeNotReady && t.Effect != corev1.TaintEffectPreferNoSchedule {
			why = append(why, "taint "+t.ToString())
		}
	}
	d.Why = strings.Join(why, "; ")
	return d
}
