package observe

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Rebuild makes a timeline of what objects say of themselves, for a while that nobody watched: when
// they were made, when their conditions changed, who wrote which field last and when (managedFields),
// and what events tell of those that are gone. Before, which may be nil, is what was there at the moment since. The
// times are whole seconds, and what was undone in between is not in it.
func Rebuild(before, now *snapshot.Snapshot, since time.Time) *snapshot.Timeline {
	r := &rebuilder{since: since, until: now.At, was: map[types.UID]*unstructured.Unstructured{}}
	if before != nil {
		for _, o := range before.Objects {
			r.was[o.GetUID()] = o
			r.add(snapshot.Added, since.Add(-time.Nanosecond), o)
		}
	}
	there := map[types.UID]bool{}
	for _, o := range now.Objects {
		if o.GetKind() == "Event" {
			continue
		}
		there[o.GetUID()] = true
		r.object(o)
	}
	for uid, o := range r.was {
		if !there[uid] && o.GetKind() != "Node" && o.GetKind() != "Event" {
			r.add(snapshot.Deleted, ended(o, now, since), o)
		}
	}
	return cut(r.changes, since, now.At)
}

type rebuilder struct {
	since, until time.Time
	was          map[types.UID]*unstructured.Unstructured
	changes      []snapshot.Change
}

// add puts a change between the moments that are told of, since its own second may begin before.
func (r *rebuilder) add(kind snapshot.ChangeType, at time.Time, o *unstructured.Unstructured) {
	c := snapshot.Change{At: at, Source: snapshot.FromObjects, Type: kind, Object: o, Namespace: o.GetNamespace(), Name: o.GetName()}
	if k, ok := snapshot.KindOf(o.GroupVersionKind()); ok {
		c.Resource = k.Resource
	}
	r.changes = append(r.changes, c)
}

// object tells how an object came to be as it is.
func (r *rebuilder) object(o *unstructured.Unstructured) {
	made := o.GetCreationTimestamp().Time
	fresh := r.was[o.GetUID()] == nil && !made.Before(r.since.Truncate(time.Second))
	switch {
	case fresh && o.GetKind() == "Pod":
		r.pod(o, r.within(made))
	case fresh:
		r.add(snapshot.Added, r.within(made), o)
	case r.was[o.GetUID()] != nil && r.was[o.GetUID()].GetResourceVersion() != o.GetResourceVersion():
		r.add(snapshot.Modified, r.within(touched(o, o.GetKind() == "Pod")), o)
	}
}

// within moves a whole second into the while that is told of.
func (r *rebuilder) within(at time.Time) time.Time {
	if at.Before(r.since) {
		return r.since
	}
	if at.After(r.until) {
		return r.until
	}
	return at
}

// pod tells of a new Pod's way: made, put on a node, as it is now.
func (r *rebuilder) pod(o *unstructured.Unstructured, made time.Time) {
	bare := o.DeepCopy()
	unstructured.RemoveNestedField(bare.Object, "status")
	unstructured.RemoveNestedField(bare.Object, "spec", "nodeName")
	r.add(snapshot.Added, made, bare)
	var pod corev1.Pod
	if runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &pod) != nil || pod.Spec.NodeName == "" {
		return
	}
	placed, last := made, made
	for _, c := range pod.Status.Conditions {
		if at := r.within(c.LastTransitionTime.Time); c.Type == corev1.PodScheduled {
			placed = at
		} else if at.After(last) {
			last = at
		}
	}
	bound := bare.DeepCopy()
	_ = unstructured.SetNestedField(bound.Object, pod.Spec.NodeName, "spec", "nodeName")
	r.add(snapshot.Modified, placed, bound)
	r.add(snapshot.Modified, last, o)
}

// touched is when somebody wrote the object last; its status counts if that is said, or if nobody
// ever wrote anything else.
func touched(o *unstructured.Unstructured, status bool) time.Time {
	var spec time.Time
	any := o.GetCreationTimestamp().Time
	for _, m := range o.GetManagedFields() {
		if m.Time == nil {
			continue
		}
		if m.Time.After(any) {
			any = m.Time.Time
		}
		if m.Subresource != "status" && m.Time.After(spec) {
			spec = m.Time.Time
		}
	}
	if status || spec.IsZero() {
		return any
	}
	return spec
}

// ended is when an object that is gone was last heard of, by the events about it.
func ended(o *unstructured.Unstructured, now *snapshot.Snapshot, since time.Time) time.Time {
	at := since
	for _, e := range now.Objects {
		uid, _, _ := unstructured.NestedString(e.Object, "involvedObject", "uid")
		if e.GetKind() != "Event" || uid != string(o.GetUID()) {
			continue
		}
		text, _, _ := unstructured.NestedString(e.Object, "lastTimestamp")
		if t, err := time.Parse(time.RFC3339, text); err == nil && t.After(at) {
			at = t
		}
	}
	return at
}
