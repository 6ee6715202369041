package explain

import (
	"fmt"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// OwnershipTree is the whole trees in which the target stands: from the owners at the top down to
// all that they own. The zero target means everything in the snapshot that owns something or is a
// Pod.
func OwnershipTree(target snapshot.Query, now *snapshot.Snapshot) (*Tree, error) {
	f := newForest(now, target)
	roots := map[types.UID]bool{}
	for _, o := range f.sorted {
		if target.Matches(o) || (target.IsZero() && f.stands(o)) {
			roots[f.root(o)] = true
		}
	}
	if len(roots) == 0 && !target.IsZero() {
		return nil, missing(target, now)
	}
	t := &Tree{Rule: "An owner makes what it owns, and what it owns goes when it goes."}
	for _, o := range f.sorted {
		if roots[o.GetUID()] {
			t.Roots = append(t.Roots, f.branch(o, true))
		}
	}
	t.Roots = append(t.Roots, f.lost(roots)...)
	return t, nil
}

// Owners is only the lines from the target's objects up to who owns them in the end, told from the
// top down, without what the owners own besides.
func Owners(target snapshot.Query, now *snapshot.Snapshot) (*Tree, error) {
	f := newForest(now, target)
	keep := map[types.UID]bool{}
	roots := map[types.UID]bool{}
	for _, o := range f.sorted {
		if !target.Matches(o) {
			continue
		}
		for at := o; at != nil; at = f.owner(at) {
			keep[at.GetUID()] = true
		}
		roots[f.root(o)] = true
	}
	if len(keep) == 0 {
		return nil, missing(target, now)
	}
	f.only = keep
	t := &Tree{Rule: "Who owns it is in its metadata.ownerReferences."}
	for _, o := range f.sorted {
		if roots[o.GetUID()] {
			t.Roots = append(t.Roots, f.branch(o, true))
		}
	}
	t.Roots = append(t.Roots, f.lost(roots)...)
	return t, nil
}

// missing says why nothing of a target is there: it could not be read, or there is none.
func missing(target snapshot.Query, now *snapshot.Snapshot) error {
	if _, err := now.Select(target); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", ErrNoTarget, target.String())
}

// forest is the objects of a snapshot by who owns whom.
type forest struct {
	target snapshot.Query
	by     map[types.UID]*unstructured.Unstructured
	sorted []*unstructured.Unstructured
	owned  map[types.UID][]*unstructured.Unstructured
	only   map[types.UID]bool // nil: all
}

func newForest(now *snapshot.Snapshot, target snapshot.Query) *forest {
	f := &forest{target: target, by: map[types.UID]*unstructured.Unstructured{}, owned: map[types.UID][]*unstructured.Unstructured{}}
	for _, o := range now.Objects {
		switch o.GetKind() {
		case "Event", "Node", "Lease", "Namespace":
			continue
		}
		f.by[o.GetUID()] = o
		f.sorted = append(f.sorted, o)
	}
	sort.SliceStable(f.sorted, func(i, j int) bool { return comesFirst(f.sorted[i], f.sorted[j]) })
	for _, o := range f.sorted {
		if r := ownerRef(o); r != nil {
			f.owned[r.UID] = append(f.owned[r.UID], o)
		}
	}
	return f
}

// comesFirst orders the branches of a tree: by kind, of ReplicaSets the older first, else by name.
func comesFirst(a, b *unstructured.Unstructured) bool {
	if a.GetKind() != b.GetKind() {
		return rank(a.GetKind()) < rank(b.GetKind()) || (rank(a.GetKind()) == rank(b.GetKind()) && a.GetKind() < b.GetKind())
	}
	if a.GetKind() == "ReplicaSet" {
		x, y := a.GetCreationTimestamp(), b.GetCreationTimestamp()
		if !x.Equal(&y) {
			return x.Before(&y)
		}
	}
	return a.GetName() < b.GetName()
}

func rank(kind string) int {
	for i, k := range []string{
		"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "Pod", "Service", "EndpointSlice",
	} {
		if k == kind {
			return i
		}
	}
	return 100
}

// ownerRef is the owner that an object hangs under: its controller, else its first owner.
func ownerRef(o *unstructured.Unstructured) *metav1.OwnerReference {
	if c := controllerOf(o); c != nil {
		return c
	}
	if refs := o.GetOwnerReferences(); len(refs) > 0 {
		return &refs[0]
	}
	return nil
}

func (f *forest) owner(o *unstructured.Unstructured) *unstructured.Unstructured {
	if r := ownerRef(o); r != nil {
		return f.by[r.UID]
	}
	return nil
}

// root is the UID at the top of an object's tree; that of an owner that was not found where there is one.
func (f *forest) root(o *unstructured.Unstructured) types.UID {
	for {
		r := ownerRef(o)
		if r == nil {
			return o.GetUID()
		}
		up := f.by[r.UID]
		if up == nil {
			return r.UID
		}
		o = up
	}
}

// stands says whether an object belongs in a picture of everything.
func (f *forest) stands(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Pod" || len(f.owned[o.GetUID()]) > 0 || rank(o.GetKind()) < rank("Pod")
}

// lost makes branches of the owners that are named and were not found.
func (f *forest) lost(roots map[types.UID]bool) []*Branch {
	var branches []*Branch
	for _, o := range f.sorted {
		r := ownerRef(o)
		if r == nil || f.by[r.UID] != nil || !roots[r.UID] {
			continue
		}
		roots[r.UID] = false
		b := &Branch{
			Kind: r.Kind, Name: r.Name, UID: string(r.UID), Is: purpose(r.Kind), MadeBy: "unknown",
			Missing: true, Status: "not found", Health: Unknown,
		}
		for _, owned := range f.owned[r.UID] {
			if f.only == nil || f.only[owned.GetUID()] {
				b.Owns = append(b.Owns, f.branch(owned, false))
			}
		}
		branches = append(branches, b)
	}
	return branches
}

func (f *forest) branch(o *unstructured.Unstructured, top bool) *Branch {
	b := &Branch{
		Kind: o.GetKind(), Name: o.GetName(), UID: string(o.GetUID()), Is: purpose(o.GetKind()),
		Target: !f.target.IsZero() && f.target.Matches(o),
	}
	b.MadeBy, b.Evidence = maker(o)
	b.Status, b.Health = condition(o)
	for _, owned := range f.owned[o.GetUID()] {
		if f.only == nil || f.only[owned.GetUID()] {
			b.Owns = append(b.Owns, f.branch(owned, false))
		}
	}
	return b
}

// maker is who made an object, and how that is known.
func maker(o *unstructured.Unstructured) (who, evidence string) {
	if c := controllerOf(o); c != nil {
		return c.Kind + " " + c.Name, "ownerReferences"
	}
	if r := ownerRef(o); r != nil {
		return "for " + r.Kind + " " + r.Name, "ownerReferences"
	}
	first := metav1.ManagedFieldsEntry{}
	for _, m := range o.GetManagedFields() {
		if m.Subresource != "" || m.Time == nil {
			continue
		}
		if first.Time == nil || m.Time.Before(first.Time) {
			first = m
		}
	}
	if first.Manager == "" {
		return "unknown", ""
	}
	return program(first.Manager), "managedFields"
}

// program names the program behind a field manager. It is a program and not a person that
// managedFields tell.
func program(manager string) string {
	switch {
	case manager == "kubectl-learn":
		return "the lesson"
	case strings.HasPrefix(manager, "kubectl"):
		return "kubectl"
	}
	return manager
}

// purpose says what objects of a kind are for.
func purpose(kind string) string {
	return map[string]string{
		"Deployment":         "keeps the right version running, by way of ReplicaSets",
		"ReplicaSet":         "keeps a number of Pods",
		"StatefulSet":        "keeps Pods with lasting names",
		"DaemonSet":          "keeps a Pod on each node",
		"Job":                "runs Pods until the work is done",
		"CronJob":            "makes Jobs by the clock",
		"Pod":                "runs containers on one node",
		"Service":            "is one address for many Pods",
		"EndpointSlice":      "lists the Pods that answer",
		"ControllerRevision": "remembers an older version",
	}[kind]
}
