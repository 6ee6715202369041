package explain

import (
	"sort"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// examiner looks for causes and keeps each once.
type examiner struct {
	now    *snapshot.Snapshot
	w      *world
	events sayings
	nodes  map[string]*unstructured.Unstructured
	// kinds are the objects by kind, places by namespace and kind; both sorted by name.
	kinds  map[string][]*unstructured.Unstructured
	places map[place][]*unstructured.Unstructured
	// owned are the objects by their owner, slices the EndpointSlices by namespace and Service.
	owned  map[types.UID][]*unstructured.Unstructured
	slices map[place][]*unstructured.Unstructured
	// labelled are Pods by namespace, key and value of a label.
	labelled map[[3]string][]*unstructured.Unstructured
	labels   map[types.UID]labels.Set
	// taken is what Pods ask of nodes; nil until it is needed.
	taken map[string]corev1.ResourceList
	byKey map[string]*finding
	found []*finding
	// whole says that nothing was asked for by name.
	whole bool
	// doubts are what can't be seen from here, each by the object that it is about.
	doubts []doubt
}

// doubt is a sentence about an object on what can't be seen.
type doubt struct {
	of   types.UID
	says string
}

// doubt keeps what can't be seen of an object, where it may be what is wrong.
func (x *examiner) doubt(o *unstructured.Unstructured, says string) {
	x.doubts = append(x.doubts, doubt{o.GetUID(), says})
}

// unseen are the doubts about the objects that are asked about, but for those of which a cause is known; nil means all.
func (x *examiner) unseen(about func(types.UID) bool) []string {
	known := map[types.UID]bool{}
	for _, f := range x.found {
		for uid := range f.of {
			known[uid] = known[uid] || !f.Waiting
		}
	}
	var all []string
	for _, d := range x.doubts {
		if !known[d.of] && (about == nil || about(d.of)) {
			all = append(all, d.says)
		}
	}
	return all
}

// place is a namespace, and a kind or a name in it.
type place struct{ namespace, of string }

func newExaminer(now *snapshot.Snapshot) *examiner {
	x := &examiner{
		now: now, w: newWorld(now, nil), events: eventsIn(now), byKey: map[string]*finding{},
		nodes: map[string]*unstructured.Unstructured{}, kinds: map[string][]*unstructured.Unstructured{},
		places: map[place][]*unstructured.Unstructured{}, owned: map[types.UID][]*unstructured.Unstructured{}, slices: map[place][]*unstructured.Unstructured{},
		labelled: map[[3]string][]*unstructured.Unstructured{}, labels: map[types.UID]labels.Set{},
	}
	for _, o := range now.Objects {
		x.kinds[o.GetKind()] = append(x.kinds[o.GetKind()], o)
	}
	for kind, list := range x.kinds {
		sort.SliceStable(list, func(i, j int) bool { return list[i].GetName() < list[j].GetName() })
		for _, o := range list {
			at := place{o.GetNamespace(), kind}
			x.places[at] = append(x.places[at], o)
			for _, owner := range o.GetOwnerReferences() {
				x.owned[owner.UID] = append(x.owned[owner.UID], o)
			}
		}
	}
	for _, o := range x.kinds["Node"] {
		x.nodes[o.GetName()] = o
	}
	for _, o := range x.kinds["EndpointSlice"] {
		at := place{o.GetNamespace(), serviceName(o)}
		x.slices[at] = append(x.slices[at], o)
	}
	for _, o := range x.kinds["Pod"] {
		x.labels[o.GetUID()] = o.GetLabels()
		for k, v := range x.labels[o.GetUID()] {
			at := [3]string{o.GetNamespace(), k, v}
			x.labelled[at] = append(x.labelled[at], o)
		}
	}
	return x
}

// kind are the objects of a kind in what is looked at, sorted by name.
func (x *examiner) kind(kind string) []*unstructured.Unstructured {
	if x.now.Namespace == "" {
		return x.kinds[kind]
	}
	return x.places[place{x.now.Namespace, kind}]
}

// beside are the objects of a kind in the namespace of another object.
func (x *examiner) beside(o *unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	return x.places[place{o.GetNamespace(), kind}]
}

// named is one object of those, or nil.
func (x *examiner) named(o *unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	for _, other := range x.beside(o, kind) {
		if other.GetName() == name {
			return other
		}
	}
	return nil
}

// servedBy are the Pods that a Service's selector takes in, sorted by name.
func (x *examiner) servedBy(s *corev1.Service) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for k, v := range s.Spec.Selector {
		for _, pod := range x.labelled[[3]string{s.Namespace, k, v}] {
			if labels.SelectorFromSet(s.Spec.Selector).Matches(x.labels[pod.GetUID()]) {
				found = append(found, pod)
			}
		}
		return found
	}
	return nil
}

// answering is whether each Pod, or address, gets requests that are sent to a Service.
func (x *examiner) answering(s *corev1.Service) map[string]bool {
	ready := map[string]bool{}
	for _, o := range x.slices[place{s.Namespace, s.Name}] {
		addReady(ready, sliceOf(o))
	}
	return ready
}

// knows says that a resource could be read: what is not in the snapshot then is not there.
func (x *examiner) knows(resources ...string) bool {
	for _, r := range resources {
		if _, unread := x.now.Errors[r]; unread {
			return false
		}
	}
	return true
}
