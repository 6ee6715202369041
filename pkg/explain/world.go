package explain

import (
	"sort"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// world is the cluster as the changes of a timeline make it, one after the other.
type world struct {
	start time.Time
	// noAudit says why there is nothing of an audit log.
	noAudit string
	// alive is every object that is there, as it was last seen.
	alive map[types.UID]*unstructured.Unstructured
	// named finds what is alive by resource, namespace and name.
	named map[string]types.UID
	// known is every version of every object that was seen at all, in order.
	known map[types.UID][]*unstructured.Unstructured
	// changes are those since start.
	changes []snapshot.Change
}

// newWorld is the world at the timeline's start.
func newWorld(now *snapshot.Snapshot, tl *snapshot.Timeline) *world {
	w := &world{
		alive:   map[types.UID]*unstructured.Unstructured{},
		named:   map[string]types.UID{},
		known:   map[types.UID][]*unstructured.Unstructured{},
		noAudit: "this cluster shows no audit log",
	}
	var before []snapshot.Change
	if tl != nil {
		w.start = tl.Start
		if tl.NoAudit != "" {
			w.noAudit = tl.NoAudit
		}
		for _, c := range tl.Changes {
			if c.At.Before(tl.Start) {
				before = append(before, c)
			} else {
				w.changes = append(w.changes, c)
			}
		}
	}
	inOrder(w.changes)
	for _, c := range before {
		if isWhole(c) {
			w.see(c.Object)
			w.set(c.Object)
		}
	}
	w.recall()
	w.addUnchanged(now)
	return w
}

// recall puts in what was there at the start and is known by later changes only.
func (w *world) recall() {
	seen := map[types.UID]bool{}
	for uid := range w.alive {
		seen[uid] = true
	}
	for _, c := range w.changes {
		if !isWhole(c) {
			continue
		}
		uid := c.Object.GetUID()
		w.see(c.Object)
		if seen[uid] {
			continue
		}
		seen[uid] = true
		if c.Type != snapshot.Added {
			w.set(rewind(c.Object, w.start))
		}
	}
}

// addUnchanged puts in what is there now, was there at the start, and did not change meanwhile.
func (w *world) addUnchanged(now *snapshot.Snapshot) {
	for _, o := range now.Objects {
		uid := o.GetUID()
		_, changed := w.known[uid]
		w.see(o)
		if !changed && (w.start.IsZero() || !o.GetCreationTimestamp().After(w.start)) {
			w.set(o)
		}
	}
}

func (w *world) see(o *unstructured.Unstructured) {
	w.known[o.GetUID()] = append(w.known[o.GetUID()], o)
}

func (w *world) set(o *unstructured.Unstructured) {
	if o == nil {
		return
	}
	w.alive[o.GetUID()] = o
	w.named[placeOf(resourceOf(o), o.GetNamespace(), o.GetName())] = o.GetUID()
}

func (w *world) remove(o *unstructured.Unstructured) {
	delete(w.alive, o.GetUID())
	key := placeOf(resourceOf(o), o.GetNamespace(), o.GetName())
	if w.named[key] == o.GetUID() {
		delete(w.named, key)
	}
}

// at finds what is alive under a name, or nil.
func (w *world) at(resource, namespace, name string) *unstructured.Unstructured {
	return w.alive[w.named[placeOf(resource, namespace, name)]]
}

// apply makes a change and returns the object before and after it; nil is an object that is not there.
func (w *world) apply(c snapshot.Change) (before, after *unstructured.Unstructured) {
	if isWhole(c) {
		before = w.alive[c.Object.GetUID()]
	} else {
		before = w.at(c.Resource, c.Namespace, c.Name)
	}
	switch {
	case c.Type == "":
		return before, before
	case c.Type == snapshot.Deleted:
		if before == nil {
			before = c.Object
		}
		if before != nil {
			w.remove(before)
		}
		return before, nil
	case isWhole(c):
		after = c.Object
	case before != nil && c.Object != nil:
		after = partly(before, c.Object)
	}
	w.set(after)
	return before, after
}

// partly applies a view of a part of an object to the object.
func partly(whole, part *unstructured.Unstructured) *unstructured.Unstructured {
	switch part.GetKind() {
	case "Scale":
		n, found, _ := unstructured.NestedInt64(part.Object, "spec", "replicas")
		changed := whole.DeepCopy()
		if !found {
			n = 0 // a Scale leaves out a zero
		}
		_ = unstructured.SetNestedField(changed.Object, n, "spec", "replicas")
		changed.SetResourceVersion(part.GetResourceVersion())
		return changed
	case "Binding":
		node, _, _ := unstructured.NestedString(part.Object, "target", "name")
		changed := whole.DeepCopy()
		_ = unstructured.SetNestedField(changed.Object, node, "spec", "nodeName")
		return changed
	case "PartialObjectMetadata": // what clients that care for nothing else are answered
		changed := whole.DeepCopy()
		changed.Object["metadata"] = part.DeepCopy().Object["metadata"]
		return changed
	}
	return whole
}

// isWhole says whether a change holds the changed object itself.
func isWhole(c snapshot.Change) bool {
	if c.Object == nil || c.Type == "" || c.Object.GetUID() == "" {
		return false
	}
	switch c.Object.GetKind() {
	case "Scale", "Binding", "Eviction", "Status", "PartialObjectMetadata":
		return false
	}
	return true
}

func placeOf(resource, namespace, name string) string { return resource + "/" + namespace + "/" + name }

// resourceOf is the plural of an object's kind.
func resourceOf(o *unstructured.Unstructured) string {
	if k, ok := snapshot.KindOf(o.GroupVersionKind()); ok {
		return k.Resource
	}
	return o.GetKind()
}

// inOrder sorts the changes of each object by resource version, which is the order in which they
// were written; the times at which requests were answered may differ from it by a little.
func inOrder(changes []snapshot.Change) {
	places := map[types.UID][]int{}
	for i, c := range changes {
		if isWhole(c) && c.Type != snapshot.Deleted {
			places[c.Object.GetUID()] = append(places[c.Object.GetUID()], i)
		}
	}
	for _, at := range places {
		own := make([]snapshot.Change, len(at))
		for i, p := range at {
			own[i] = changes[p]
		}
		sort.SliceStable(own, func(i, j int) bool { return version(own[i]) < version(own[j]) })
		for i, p := range at {
			changes[p] = own[i]
		}
	}
}

func version(c snapshot.Change) uint64 {
	n, err := strconv.ParseUint(c.Object.GetResourceVersion(), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// latest is the last version of an object that was seen, or nil.
func (w *world) latest(uid types.UID) *unstructured.Unstructured {
	versions := w.known[uid]
	if len(versions) == 0 {
		return nil
	}
	return versions[len(versions)-1]
}
