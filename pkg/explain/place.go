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
	asked := map[types.UID]bool{}
	for _, o := range pods {
		asked[o.GetUID()] = true
	}
	s := NewSketch("")
	for _, o := range kindIn(now, "Pod") {
		if pod := podOf(o); asked[o.GetUID()] {
			pod.Namespace = "" // there is but one
			s.Add(pod)
		} else {
			s.count(pod)
		}
	}
	m := s.Map(now)
	return &Placement{Nodes: m.Nodes, Unplaced: m.Unplaced}, nil
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

// ask adds what a Pod asks for to what is asked of its node.
func ask(n *NodePods, p *corev1.Pod) {
	for _, c := range p.Spec.Containers {
		n.CPU.Asked += c.Resources.Requests.Cpu().MilliValue()
		n.Memory.Asked += c.Resources.Requests.Memory().Value()
	}
}

func describeNode(n *corev1.Node) *NodePods {
	i := n.Status.NodeInfo
	d := &NodePods{
		Name: n.Name, Role: "worker", Health: Well, Status: "Ready",
		Kubelet: i.KubeletVersion, Runtime: i.ContainerRuntimeVersion, Kernel: i.KernelVersion,
	}
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
