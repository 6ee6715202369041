package explain

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Object is one live object explained.
type Object struct {
	Kind       string    `json:"kind"`
	APIVersion string    `json:"apiVersion"`
	Namespace  string    `json:"namespace,omitempty"`
	Name       string    `json:"name"`
	UID        types.UID `json:"uid,omitempty"`
	// Is says what objects of the kind are for, in our words; empty for kinds that we have none for.
	Is string `json:"is,omitempty"`
	// Doc is what the API's own documentation says of the kind.
	Doc string `json:"doc,omitempty"`
	// Family is its owners up to the top, and all that it owns.
	Family *Tree `json:"family,omitempty"`
	// Writers are who wrote which of its fields, the earliest first.
	Writers []Writer `json:"writers,omitempty"`
	// Now is what it does at this moment.
	Now    []Statement `json:"now,omitempty"`
	Health Health      `json:"health,omitempty"`
	// Deleted is what would come of its deletion.
	Deleted []Statement `json:"ifDeleted,omitempty"`
	// Tried is what the API server said to a deletion that it was asked to try and not to carry out.
	Tried string `json:"tried,omitempty"`
}

// Statement is something that is so, and where that was read.
type Statement struct {
	Claim    string `json:"claim"`
	Evidence string `json:"evidence,omitempty"`
}

// Describe explains one object of a snapshot, which should hold what may hang together with it. Doc is the documentation
// that the API server gives of its kind, or empty.
func Describe(target snapshot.Query, now *snapshot.Snapshot, doc string) (*Object, error) {
	found, err := now.Select(target)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoTarget, target.String())
	}
	o := found[0]
	d := &Object{
		Kind: o.GetKind(), APIVersion: o.GetAPIVersion(), Namespace: o.GetNamespace(), Name: o.GetName(), UID: o.GetUID(),
		Is: meaning(o), Doc: doc, Writers: writers(o, now.At),
	}
	s := &scenery{now: now, w: newWorld(now, nil), o: o}
	d.Family = s.family(target)
	d.Now, d.Health = s.doing()
	d.Deleted = s.fate()
	return d, nil
}

// scenery is an object with what stands around it.
type scenery struct {
	now *snapshot.Snapshot
	w   *world
	o   *unstructured.Unstructured
}

// family is the owners of the object and what it owns; nil where it has neither.
func (s *scenery) family(target snapshot.Query) *Tree {
	f := newForest(s.now, target)
	if len(s.o.GetOwnerReferences()) == 0 && len(f.owned[s.o.GetUID()]) == 0 {
		return nil
	}
	keep := map[types.UID]bool{}
	for at := s.o; at != nil; at = f.owner(at) {
		keep[at.GetUID()] = true
	}
	below := []*unstructured.Unstructured{s.o}
	for len(below) > 0 {
		owned := f.owned[below[0].GetUID()]
		below = append(below[1:], owned...)
		for _, o := range owned {
			keep[o.GetUID()] = true
		}
	}
	f.by[s.o.GetUID()] = s.o
	f.only = keep
	t := &Tree{Rule: "Who owns it is in its metadata.ownerReferences."}
	root := f.root(s.o)
	if top := f.by[root]; top != nil {
		t.Roots = append(t.Roots, f.branch(top, true))
		return t
	}
	t.Roots = f.lost(map[types.UID]bool{root: true})
	return t
}

// inNamespace are the objects of a kind in the object's namespace.
func (s *scenery) inNamespace(kind string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, o := range kindIn(s.now, kind) {
		if o.GetNamespace() == s.o.GetNamespace() {
			found = append(found, o)
		}
	}
	return found
}

// owned are the objects that name another as an owner.
func (s *scenery) owned(by types.UID) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, o := range s.now.Objects {
		if ownedBy(o, by) && o.GetKind() != "Event" {
			found = append(found, o)
		}
	}
	return found
}

// someNames are the names of objects, at most five, and how many more there are.
func someNames(list []*unstructured.Unstructured, most int) string {
	text := ""
	for i, o := range list {
		switch {
		case i == most:
			return text + fmt.Sprintf(" and %d more", len(list)-most)
		case i > 0:
			text += ", "
		}
		text += o.GetName()
	}
	return text
}
