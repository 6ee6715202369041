package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// unscheduled tells of a Pod without a node.
func (x *examiner) unscheduled(o *unstructured.Unstructured, p *corev1.Pod, c *corev1.PodCondition) {
	pending := Link{Claim: "It has no node.", Evidence: fmt.Sprintf("pod/%s  Pending for %s", p.Name, age(x.youth(o))), From: ref(o) + " spec.nodeName"}
	if c == nil || c.Status != corev1.ConditionFalse {
		x.unlooked(o, p, pending)
		return
	}
	if c.Reason == "SchedulingGated" {
		var gates []string
		for _, g := range p.Spec.SchedulingGates {
			gates = append(gates, g.Name)
		}
		x.add("Gated", o, Problem{
			Code: Gated, Title: "It is held back on purpose: it has scheduling gates",
			Chain:  []Link{pending, {Claim: "The scheduler does not look at it while it has these.", Evidence: strings.Join(gates, ", "), From: ref(o) + " spec.schedulingGates"}},
			Advice: "Whoever put a gate there takes it away. Who that is can't be seen from here.",
			Look:   []string{"kubectl get pod " + p.Name + " -o yaml"},
		})
		return
	}
	pending.Evidence = fmt.Sprintf("pod/%s  Pending, condition PodScheduled=False", p.Name)
	chain := []Link{
		pending, {Claim: "The scheduler looked at every node and found none.", Evidence: short(c.Message, 300), From: ref(o) + " status.conditions[PodScheduled]"},
	}
	if x.waitsForClaim(o, p, c.Message, chain) {
		return
	}
	code, links := x.placing(o, p, c.Message)
	problem := Problem{
		Code: code, Title: placeTitle(code, p), Chain: append(chain, links...), Advice: placeAdvice(code, c.Message, p),
		Look: []string{"kubectl describe pod " + p.Name, "kubectl describe nodes"},
	}
	switch code {
	case NodeSelector:
		problem.Look = []string{"kubectl get nodes --show-labels", "kubectl describe pod " + p.Name}
	case VolumePlace:
		problem.Look = []string{"kubectl describe pod " + p.Name, "kubectl get pvc,pv"}
	}
	x.preempted(o, &problem)
	x.nearestNode(o, p, c.Message, &problem)
	x.byLimitRange(o, &problem, "request")
	if code == Cordoned {
		for _, n := range x.candidates(p)[:min(len(x.candidates(p)), mostNodes)] {
			if nodeOf(n).Spec.Unschedulable {
				problem.Try = append(problem.Try, "kubectl uncordon "+n.GetName())
			}
		}
	}
	key := problem.Code + "/" + problem.Advice
	if w := x.workload(o); w != nil {
		key += "/" + string(w.GetUID())
	}
	x.add(key, o, problem)
}

// unlooked tells of a Pod that no scheduler has spoken about.
func (x *examiner) unlooked(o *unstructured.Unstructured, p *corev1.Pod, pending Link) {
	if s := p.Spec.SchedulerName; s != "" && s != corev1.DefaultSchedulerName {
		x.add("Scheduler/"+s, o, Problem{
			Code: NoScheduler, Title: fmt.Sprintf("It names the scheduler %q, which has said nothing about it", s),
			Chain:   []Link{pending, {Claim: "That is who is to find it a node.", Evidence: "schedulerName " + s, From: ref(o) + " spec.schedulerName"}},
			Advice:  "Whether such a scheduler runs can't be seen from here. Without the field, Kubernetes' own takes the Pod.",
			Look:    []string{"kubectl get pods -A", "kubectl describe pod " + p.Name},
			Waiting: x.youth(o) < 2*time.Second,
		})
		return
	}
	if x.youth(o) < 2*patience {
		x.add("Unseen", o, Problem{
			Code: Starting, Waiting: true, Title: "The scheduler has not looked at it yet", Chain: []Link{pending},
			Advice: "That takes a moment. If it lasts, is the scheduler there?",
		})
		return
	}
	silent := Problem{
		Code: NoScheduler, Title: fmt.Sprintf("The scheduler has said nothing about it for %s", age(x.youth(o))), Chain: []Link{pending},
		Advice: "Either no scheduler runs, or it waits for something of which it writes nothing. Which of them can't be seen from here.",
		Look:   []string{"kubectl describe pod " + p.Name, "kubectl get leases -n kube-system"},
	}
	for _, c := range p.Spec.ResourceClaims {
		silent.Chain = append(silent.Chain, Link{Claim: "It wants a device, which has to be there first.", Evidence: "resource claim " + resourceClaim(c), From: ref(o) + " spec.resourceClaims"})
		silent.Look = append(silent.Look, "kubectl get resourceclaims")
	}
	x.add("Unseen/late", o, silent)
}

// resourceClaim is what a Pod's claim of a device names.
func resourceClaim(c corev1.PodResourceClaim) string {
	switch {
	case c.ResourceClaimName != nil:
		return *c.ResourceClaimName
	case c.ResourceClaimTemplateName != nil:
		return c.Name + ", of template " + *c.ResourceClaimTemplateName
	}
	return c.Name
}

// reasons are the scheduler's words for why a node is left out, in the order in which it asks
// (k8s.io/kubernetes/pkg/scheduler/framework/plugins).
func reasons() []struct {
	code  Code
	words []string
} {
	return []struct {
		code  Code
		words []string
	}{
		{Cordoned, []string{"were unschedulable"}},
		{Taint, []string{"untolerated taint"}},
		{NodeSelector, []string{"didn't match Pod's node affinity/selector", "didn't match the requested node name"}},
		{HostPort, []string{"didn't have free ports"}},
		{NoRoom, []string{"Insufficient ", "Too many pods"}},
		{VolumePlace, []string{
			"no available disk", "ReadWriteOncePod access mode already in-use", "exceed max volume count", "didn't match PersistentVolume's node affinity",
			"didn't find available persistent volumes", "did not have enough free storage", "bound to non-existent pv", "no available volume zone",
		}},
		{Spread, []string{"didn't match pod topology spread constraints", "didn't match Pod topology spread"}},
		{PodAffinity, []string{"didn't match pod affinity rules", "didn't match pod anti-affinity rules", "didn't satisfy existing pods anti-affinity"}},
	}
}

// placing finds the reason that keeps those nodes away which the Pod could stand on otherwise. A node that is left
// out by an early question was never asked the later ones; so what nodes say that passed the early ones weighs more.
func (x *examiner) placing(o *unstructured.Unstructured, p *corev1.Pod, message string) (Code, []Link) {
	message, _, _ = strings.Cut(message, "preemption:")
	said := map[Code]bool{}
	last := Unschedulable
	for _, r := range reasons() {
		for _, w := range r.words {
			if strings.Contains(message, w) {
				said[r.code], last = true, r.code
			}
		}
	}
	late := last != Unschedulable && last != Cordoned && last != Taint && last != NodeSelector
	candidates := x.candidates(p)
	switch {
	case len(x.nodes) == 0 || late:
	case len(candidates) == 0 && said[NodeSelector]:
		last = NodeSelector
	case said[Cordoned]:
		last = Taint
		for _, n := range candidates {
			if nodeOf(n).Spec.Unschedulable {
				last = Cordoned
			}
		}
	case said[Taint] && slices.ContainsFunc(candidates, hasTaint):
		last = Taint
	case said[Taint]:
		last = Unschedulable // it is the control plane's, which is not what keeps the others away
	}
	return last, x.placeLinks(o, p, last, candidates)
}

func hasTaint(n *unstructured.Unstructured) bool {
	return slices.ContainsFunc(nodeOf(n).Spec.Taints, func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule })
}

// candidates are the nodes whose labels the Pod wants; the control plane's, which few Pods tolerate, only where there
// are no others.
func (x *examiner) candidates(p *corev1.Pod) []*unstructured.Unstructured {
	var workers, others []*unstructured.Unstructured
	for _, name := range sortedKeys(x.nodes) {
		n := x.nodes[name]
		if !wantsNode(p, n) {
			continue
		}
		if _, control := n.GetLabels()["node-role.kubernetes.io/control-plane"]; control {
			others = append(others, n)
		} else {
			workers = append(workers, n)
		}
	}
	if len(workers) == 0 {
		return others
	}
	return workers
}

// placeLinks are the facts behind a reason of the scheduler.
func (x *examiner) placeLinks(o *unstructured.Unstructured, p *corev1.Pod, code Code, candidates []*unstructured.Unstructured) []Link {
	switch code {
	case NoRoom:
		return x.roomLinks(o, p, candidates)
	case NodeSelector:
		return x.labelLinks(p, ref(o)+" spec.nodeSelector, spec.affinity.nodeAffinity")
	case Taint, Cordoned:
		var links []Link
		for _, n := range candidates[:min(len(candidates), mostNodes)] {
			var taints []string
			for _, t := range nodeOf(n).Spec.Taints {
				if t.Effect != corev1.TaintEffectPreferNoSchedule {
					taints = append(taints, t.ToString())
				}
			}
			if len(taints) > 0 {
				links = append(links, Link{Claim: fmt.Sprintf("Node %s takes no Pod that does not tolerate this.", n.GetName()), Evidence: strings.Join(taints, ", "), From: ref(n) + " spec.taints"})
			}
		}
		return links
	case PodAffinity:
		return []Link{{Claim: "That is what it wants of its neighbours.", Evidence: short(affinityWords(p), 200), From: ref(o) + " spec.affinity"}}
	case Spread:
		var keys []string
		for _, c := range p.Spec.TopologySpreadConstraints {
			keys = append(keys, fmt.Sprintf("%s, maxSkew %d", c.TopologyKey, c.MaxSkew))
		}
		return []Link{{Claim: "So it is to be spread.", Evidence: strings.Join(keys, "; "), From: ref(o) + " spec.topologySpreadConstraints"}}
	case HostPort:
		return x.portLinks(o, p)
	case VolumePlace:
		return []Link{{Claim: "These claims it uses.", Evidence: strings.Join(claimsOf(p), ", "), From: ref(o) + " spec.volumes"}}
	}
	return nil
}

// labelLinks are what a Pod wants of a node's labels, and what nodes have.
func (x *examiner) labelLinks(p *corev1.Pod, from string) []Link {
	links := []Link{{Claim: "That is what it wants of a node.", Evidence: short(wantedLabels(p), 200), From: from}}
	for _, k := range wantedKeys(p) {
		links = append(links, Link{Claim: fmt.Sprintf("Nodes have these values of %s.", k), Evidence: x.valuesOf(k), From: "nodes metadata.labels"})
	}
	return links
}

// preempted tells of a Pod whose predecessor had to go for a more important one.
func (x *examiner) preempted(o *unstructured.Unstructured, problem *Problem) {
	own := controllerOf(o)
	for _, about := range x.events.about {
		for _, e := range about {
			if e.Reason != "Preempted" || e.InvolvedObject.Namespace != o.GetNamespace() {
				continue
			}
			before := e.InvolvedObject.Name == o.GetName() || own != nil && own.Kind != "StatefulSet" && strings.HasPrefix(e.InvolvedObject.Name, own.Name+"-")
			if !before {
				continue
			}
			problem.Code, problem.Title = Preempted, "It had to go for a Pod of higher priority, and no node has room for it now"
			problem.Chain = append(problem.Chain, Link{
				Claim: "The scheduler ended the Pod before.", Evidence: x.events.quote(e), From: "event pod/" + e.InvolvedObject.Name + " Preempted",
			})
			for _, other := range x.kind("Pod") {
				if strings.Contains(e.Message, string(other.GetUID())) {
					q := podOf(other)
					problem.Chain = append(problem.Chain, Link{
						Claim: "It went for this one.", Evidence: fmt.Sprintf("%s  priority class %s", ref(other), q.Spec.PriorityClassName), From: ref(other) + " spec.priorityClassName",
					})
				}
			}
			problem.Advice += " A higher priority, or more room, would let it stand."
			return
		}
	}
}
