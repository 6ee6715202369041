package explain

import (
	"errors"
	"fmt"
	"sort"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Victim chooses what of a target to kill: of its ready Pods the first by name, and for a node that on which most of
// them are. The error says what there is none of. An empty container means the first.
func Victim(target snapshot.Query, kill Kill, container string, now *snapshot.Snapshot) (Struck, error) {
	w := newWorld(now, nil)
	c := w.relate(target)
	if len(c.seeds) == 0 {
		return Struck{}, fmt.Errorf("%w: %s", ErrNoTarget, target.String())
	}
	var pods []*unstructured.Unstructured
	for uid := range c.in {
		o := w.alive[uid]
		if o == nil || o.GetKind() != "Pod" || o.GetDeletionTimestamp() != nil || !looksReady(o) || nodeName(o) == "" {
			continue
		}
		if target.Kind != "Pod" || c.seeds[uid] {
			pods = append(pods, o)
		}
	}
	if len(pods) == 0 {
		return Struck{}, fmt.Errorf("no Pod of %s is ready, so that there is nothing to kill", target.String())
	}
	sort.Slice(pods, func(i, j int) bool { return pods[i].GetName() < pods[j].GetName() })
	chosen := pods[0]
	if kill == KillNode {
		var err error
		if chosen, err = onFullest(pods, now); err != nil {
			return Struck{}, err
		}
	}
	s, err := struckPod(chosen, kill, container)
	if kill == KillNode {
		s.Pods = w.on(s.Node, target, c)
	}
	return s, err
}

// on are the names of a target's Pods on a node, those included that are not ready.
func (w *world) on(node string, target snapshot.Query, c circle) []string {
	var names []string
	for uid := range c.in {
		o := w.alive[uid]
		if o != nil && o.GetKind() == "Pod" && nodeName(o) == node && o.GetDeletionTimestamp() == nil && !ended(podOf(o)) && (target.Kind != "Pod" || c.seeds[uid]) {
			names = append(names, o.GetName())
		}
	}
	sort.Strings(names)
	return names
}

// onFullest is the first Pod on the worker that has most of them.
func onFullest(pods []*unstructured.Unstructured, now *snapshot.Snapshot) (*unstructured.Unstructured, error) {
	workers, count := map[string]bool{}, map[string]int{}
	for _, o := range kindIn(now, "Node") {
		_, control := o.GetLabels()["node-role.kubernetes.io/control-plane"]
		workers[o.GetName()] = !control
	}
	var chosen *unstructured.Unstructured
	for _, p := range pods {
		if workers[nodeName(p)] {
			count[nodeName(p)]++
		}
	}
	for _, p := range pods {
		if n := count[nodeName(p)]; n > 0 && (chosen == nil || n > count[nodeName(chosen)]) {
			chosen = p
		}
	}
	if chosen == nil {
		return nil, errors.New("none of its Pods is on a worker that can be stopped")
	}
	return chosen, nil
}

func struckPod(o *unstructured.Unstructured, kill Kill, container string) (Struck, error) {
	p := podOf(o)
	s := Struck{Kill: kill, Namespace: p.Namespace, Pod: p.Name, UID: p.UID, Node: p.Spec.NodeName}
	if owner := controllerOf(o); owner != nil {
		s.Owner = owner.Kind + "/" + owner.Name
	}
	if kill != KillContainer {
		return s, nil
	}
	var names []string
	for _, status := range p.Status.ContainerStatuses {
		names = append(names, status.Name)
	}
	if container == "" && len(p.Spec.Containers) > 0 {
		container = p.Spec.Containers[0].Name
	}
	status := containerStatus(p, container)
	if status.State.Running == nil {
		return Struck{}, fmt.Errorf("container %s of Pod %s does not run; its containers are %v", container, p.Name, names)
	}
	s.Container, s.Restarts = container, status.RestartCount
	return s, nil
}

// Reaching names a Service that sends to a Pod, and the first of its ports that speaks TCP; false where there is none, or
// none of which all requests end at Pods of its own.
func Reaching(s Struck, now *snapshot.Snapshot) (service string, port int32, found bool) {
	var pod *unstructured.Unstructured
	for _, o := range now.Objects {
		if o.GetUID() == s.UID {
			pod = o
		}
	}
	for _, o := range kindIn(now, "Service") {
		v := serviceOf(o)
		if pod == nil || o.GetNamespace() != pod.GetNamespace() || !serves(v, pod) || v.Spec.Type == corev1.ServiceTypeExternalName || foreign(v, now) {
			continue
		}
		for _, p := range v.Spec.Ports {
			if p.Protocol == corev1.ProtocolTCP || p.Protocol == "" {
				return v.Name, p.Port, true
			}
		}
	}
	return "", 0, false
}

// foreign says that somebody else than the cluster wrote where a Service's requests go.
func foreign(v *corev1.Service, now *snapshot.Snapshot) bool {
	for _, o := range kindIn(now, "EndpointSlice") {
		if o.GetNamespace() == v.Namespace && serviceName(o) == v.Name &&
			o.GetLabels()[discoveryv1.LabelManagedBy] != sliceController {
			return true
		}
	}
	return false
}

// victimPod is the Pod that was struck; nil when it is not there any more.
func victimPod(s Struck, now *snapshot.Snapshot) *corev1.Pod {
	for _, o := range now.Objects {
		if o.GetUID() == s.UID {
			return podOf(o)
		}
	}
	return nil
}

// TolerationSeconds is for how long a Pod waits for a node that is unreachable to come back; -1 where that is not known, or
// for ever.
func TolerationSeconds(s Struck, now *snapshot.Snapshot) int64 {
	if p := victimPod(s, now); p != nil {
		for _, t := range p.Spec.Tolerations {
			if t.Key == corev1.TaintNodeUnreachable && t.TolerationSeconds != nil {
				return *t.TolerationSeconds
			}
		}
	}
	return -1
}

// GraceSeconds is how long a Pod's containers have to end when they are asked to.
func GraceSeconds(s Struck, now *snapshot.Snapshot) int64 {
	return int64(graceOf(victimPod(s, now)).Seconds())
}

// NodeUsable says that a node is Ready, and that its Pods need not leave it any more; nil is a node that is not there.
func NodeUsable(o *unstructured.Unstructured) (bool, error) {
	if o == nil {
		return false, nil
	}
	n := nodeOf(o)
	for _, t := range n.Spec.Taints {
		if t.Key == corev1.TaintNodeUnreachable || t.Key == corev1.TaintNodeNotReady {
			return false, nil
		}
	}
	c := nodeReady(n)
	return c != nil && c.Status == corev1.ConditionTrue, nil
}
