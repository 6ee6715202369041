package explain

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// circle is what a story is about: the target and what hangs together with it.
type circle struct {
	// seeds are the targets themselves.
	seeds map[types.UID]bool
	// in is everything whose changes are told.
	in map[types.UID]bool
	// nodes are the names of nodes that Pods in the circle stood on; told is only that such a node
	// is silent, back, tainted or closed.
	nodes map[string]bool
}

// relate finds what hangs together with targets, over everything that was ever seen of the objects.
func (w *world) relate(targets ...snapshot.Query) circle {
	c := circle{seeds: map[types.UID]bool{}, in: map[types.UID]bool{}, nodes: map[string]bool{}}
	w.each(func(uid types.UID, o *unstructured.Unstructured) {
		for _, target := range targets {
			if target.Matches(o) {
				c.seeds[uid], c.in[uid] = true, true
			}
		}
	})
	for _, target := range targets {
		switch target.Kind {
		case "Service":
			w.addServed(&c)
		case "Node":
			w.addPodsOn(&c)
		}
	}
	w.addOwned(&c)
	owners := w.addOwners(&c)
	w.addMadeBy(&c, owners)
	w.addServices(&c)
	w.each(func(uid types.UID, o *unstructured.Unstructured) {
		if c.in[uid] && o.GetKind() == "Pod" {
			if node := nodeName(o); node != "" {
				c.nodes[node] = true
			}
		}
	})
	return c
}

// each calls f with every version of every object.
func (w *world) each(f func(types.UID, *unstructured.Unstructured)) {
	for uid, versions := range w.known {
		for _, o := range versions {
			f(uid, o)
		}
	}
}

// addServed adds the Pods that the services among the seeds ever took in.
func (w *world) addServed(c *circle) {
	for uid := range c.seeds {
		for _, s := range w.known[uid] {
			if s.GetKind() != "Service" {
				continue
			}
			service := serviceOf(s)
			w.each(func(pod types.UID, o *unstructured.Unstructured) {
				if o.GetKind() == "Pod" && o.GetNamespace() == s.GetNamespace() && serves(service, o) {
					c.in[pod] = true
				}
			})
		}
	}
}

// addPodsOn adds the Pods that were ever on the nodes among the seeds.
func (w *world) addPodsOn(c *circle) {
	names := map[string]bool{}
	for uid := range c.seeds {
		if o := w.known[uid][0]; o.GetKind() == "Node" {
			names[o.GetName()] = true
		}
	}
	w.each(func(pod types.UID, o *unstructured.Unstructured) {
		if o.GetKind() == "Pod" && names[nodeName(o)] {
			c.in[pod] = true
		}
	})
}

// addOwned adds what the circle owns, directly or not.
func (w *world) addOwned(c *circle) {
	for grown := true; grown; {
		grown = false
		w.each(func(uid types.UID, o *unstructured.Unstructured) {
			if c.in[uid] || o.GetKind() == "EndpointSlice" {
				return
			}
			for _, r := range o.GetOwnerReferences() {
				if c.in[r.UID] {
					c.in[uid], grown = true, true
				}
			}
		})
	}
}

// addOwners adds what owns the circle, and returns it.
func (w *world) addOwners(c *circle) map[types.UID]bool {
	owners := map[types.UID]bool{}
	for grown := true; grown; {
		grown = false
		w.each(func(uid types.UID, o *unstructured.Unstructured) {
			if !c.in[uid] {
				return
			}
			for _, r := range o.GetOwnerReferences() {
				if _, known := w.known[r.UID]; known && !c.in[r.UID] {
					c.in[r.UID], owners[r.UID], grown = true, true, true
				}
			}
		})
	}
	return owners
}

// addMadeBy adds what owners of the circle own besides: the Pods that take another's place, and the
// ReplicaSets and Pods that an owner's number counts.
func (w *world) addMadeBy(c *circle, owners map[types.UID]bool) {
	for grown := len(owners) > 0; grown; {
		grown = false
		w.each(func(uid types.UID, o *unstructured.Unstructured) {
			if c.in[uid] {
				return
			}
			for _, r := range o.GetOwnerReferences() {
				if owners[r.UID] {
					c.in[uid], owners[uid], grown = true, true, true
				}
			}
		})
	}
}

// addServices adds the services that take in a Pod of the circle, and the lists of their endpoints.
func (w *world) addServices(c *circle) {
	w.each(func(uid types.UID, s *unstructured.Unstructured) {
		if s.GetKind() != "Service" || c.in[uid] {
			return
		}
		service := serviceOf(s)
		w.each(func(pod types.UID, o *unstructured.Unstructured) {
			if c.in[pod] && o.GetKind() == "Pod" && o.GetNamespace() == s.GetNamespace() && serves(service, o) {
				c.in[uid] = true
			}
		})
	})
	w.each(func(uid types.UID, o *unstructured.Unstructured) {
		if o.GetKind() != "EndpointSlice" {
			return
		}
		for _, r := range o.GetOwnerReferences() {
			if c.in[r.UID] {
				c.in[uid] = true
			}
		}
		if s := w.at("services", o.GetNamespace(), serviceName(o)); s != nil && c.in[s.GetUID()] {
			c.in[uid] = true
		}
	})
}

// nodeName is the node that a Pod stands on, or empty.
func nodeName(pod *unstructured.Unstructured) string {
	name, _, _ := unstructured.NestedString(pod.Object, "spec", "nodeName")
	return name
}

// serviceName is the Service that a list of endpoints belongs to.
func serviceName(o *unstructured.Unstructured) string {
	return o.GetLabels()["kubernetes.io/service-name"]
}

// about says whether a change concerns the circle.
func (c circle) about(change snapshot.Change, before, after *unstructured.Unstructured) bool {
	for _, o := range []*unstructured.Unstructured{before, after} {
		switch {
		case o == nil:
		case c.in[o.GetUID()]:
			return true
		case o.GetKind() == "Node" && c.nodes[o.GetName()]:
			return true
		}
	}
	return change.Resource == "nodes" && c.nodes[change.Name]
}
