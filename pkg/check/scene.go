package check

import (
	"fmt"
	"reflect"
	"sort"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// scene is a snapshot, indexed for the question what is under way in it.
type scene struct {
	snapshot *snapshot.Snapshot
	now      time.Time
	// patience is how long something may be under way without a sign before it counts as stuck.
	patience time.Duration
	kinds    map[string][]object // by kind, those of the snapshot's namespace, sorted by name
}

func newScene(s *snapshot.Snapshot, patience time.Duration) *scene {
	sc := &scene{snapshot: s, now: s.At, patience: patience, kinds: map[string][]object{}}
	for _, o := range s.Objects {
		if o.GetNamespace() == "" || s.Namespace == "" || o.GetNamespace() == s.Namespace {
			sc.kinds[o.GetKind()] = append(sc.kinds[o.GetKind()], o)
		}
	}
	for _, list := range sc.kinds {
		sort.SliceStable(list, func(i, j int) bool { return list[i].GetName() < list[j].GetName() })
	}
	return sc
}

func (s *scene) named(kind, name string) object {
	for _, o := range s.kinds[kind] {
		if o.GetName() == name {
			return o
		}
	}
	return nil
}

// silent says that a node is known not to answer.
func (s *scene) silent(node string) bool {
	n := s.named("Node", node)
	return n != nil && !isTrue(n, "Ready")
}

// warning finds the newest warning event about an object that has one of the reasons.
func (s *scene) warning(o object, reasons ...string) string {
	text, newest := "", time.Time{}
	for _, e := range s.kinds["Event"] {
		if words(e, "type") != "Warning" || words(e, "involvedObject", "uid") != string(o.GetUID()) {
			continue
		}
		for _, r := range reasons {
			at := moment(firstOf(words(e, "lastTimestamp"), words(e, "eventTime")))
			if words(e, "reason") == r && !at.Before(newest) {
				text, newest = r+colon(e.Object["message"]), at
			}
		}
	}
	return text
}

// workload is something that keeps a number of Pods: a Deployment, or a ReplicaSet or StatefulSet of its own.
type workload struct {
	object
	desired int64
	// set is what makes the Pods: the Deployment's ReplicaSet of the template as it is now (nil
	// while there is none), or the workload itself.
	set  object
	pods []object // that stay: not terminating
	old  []object // of them, those of an earlier template
}

// workloads lists what keeps Pods, by kind and name.
func (s *scene) workloads() []*workload {
	var found []*workload
	for _, kind := range []string{"Deployment", "ReplicaSet", "StatefulSet"} {
		for _, o := range s.kinds[kind] {
			if owner, name, _ := controllerOf(o); owner == "Deployment" && s.named(owner, name) != nil {
				continue
			}
			if o.GetDeletionTimestamp() == nil {
				found = append(found, s.workload(o))
			}
		}
	}
	return found
}

func (s *scene) workload(o object) *workload {
	w := &workload{object: o, desired: 1, set: o}
	if n, ok := number(o, "spec", "replicas"); ok {
		w.desired = n
	}
	owners := map[string]bool{string(o.GetUID()): true}
	if o.GetKind() == "Deployment" {
		w.set = nil
		for _, rs := range s.kinds["ReplicaSet"] {
			if _, _, uid := controllerOf(rs); uid != string(o.GetUID()) {
				continue
			}
			owners[string(rs.GetUID())] = true
			if sameTemplate(o, rs) {
				w.set = rs
			}
		}
	}
	for _, p := range s.kinds["Pod"] {
		_, _, uid := controllerOf(p)
		if uid == "" || !owners[uid] || p.GetDeletionTimestamp() != nil || words(p, "status", "phase") == "Failed" {
			continue
		}
		w.pods = append(w.pods, p)
		if o.GetKind() == "Deployment" && (w.set == nil || uid != string(w.set.GetUID())) {
			w.old = append(w.old, p)
		}
	}
	return w
}

// sameTemplate compares the Pods that a Deployment and a ReplicaSet make, without the label that tells them apart.
func sameTemplate(deployment, set object) bool {
	plain := func(o object) any {
		t, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
		unstructured.RemoveNestedField(t, "metadata", "labels", "pod-template-hash")
		unstructured.RemoveNestedField(t, "metadata", "creationTimestamp")
		return t
	}
	return reflect.DeepEqual(plain(deployment), plain(set))
}

// makes says whether the workload's Pods are among those that a query names.
func (w *workload) makes(q snapshot.Query) bool {
	if q.Kind != "Pod" || q.Name != "" {
		return false
	}
	return q.Matches(w.pod(0))
}

// pod is a Pod as the workload will make it; where it runs and what it is called is not known.
func (w *workload) pod(index int) object {
	template, _, _ := unstructured.NestedMap(w.Object, "spec", "template")
	if template == nil {
		template = map[string]any{}
	}
	p := &unstructured.Unstructured{Object: template}
	p.SetAPIVersion("v1")
	p.SetKind("Pod")
	p.SetNamespace(w.GetNamespace())
	p.SetName(fmt.Sprintf("%s-new-%d", w.GetName(), index))
	p.SetUID(p.GetUID() + "to-be-made")
	owner := w.object
	if w.set != nil {
		owner = w.set
	}
	_ = unstructured.SetNestedSlice(p.Object, []any{map[string]any{
		"apiVersion": owner.GetAPIVersion(), "kind": owner.GetKind(), "name": owner.GetName(),
		"uid": string(owner.GetUID()), "controller": true,
	}}, "metadata", "ownerReferences")
	return p
}

// blocked says why the workload makes no more Pods, if it says so itself.
func (w *workload) blocked() string {
	for _, o := range []object{w.set, w.object} {
		if o == nil {
			continue
		}
		if c := condition(o, "ReplicaFailure"); c["status"] == "True" {
			return fmt.Sprintf("%s can't make Pods%s", ref(o), colon(c["message"]))
		}
	}
	if c := condition(w.object, "Progressing"); c["status"] == "False" {
		return fmt.Sprintf("%s gave up%s", ref(w.object), colon(c["message"]))
	}
	return ""
}
