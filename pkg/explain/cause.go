package explain

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// cause is the step that led to a step: the last one before it of those that its actor acts on. Who acts on what is how
// Kubernetes' own controllers work: each watches its own objects and what they own (k8s.io/kubernetes/pkg/controller).
func (t *tracer) cause(i int) int {
	s := &t.steps[i]
	switch {
	case s.isAct(), s.Source == FromFault:
		return NoCause
	case s.Actor == scheduler:
		return t.last(i, func(c *Step) bool {
			return c.uid == s.uid && c.c.Type == snapshot.Added || c.has(nodeBack, nodeAdded, nodeClosed)
		})
	case s.Actor == kubelet, s.Actor == containers:
		return t.last(i, func(c *Step) bool { return c.uid == s.uid || c.Source == FromFault && c.names(s) })
	case s.Actor == endpoints:
		return t.last(i, func(c *Step) bool { return t.endpointsHear(s, c) })
	case s.Actor == nodeWatch:
		return t.last(i, func(c *Step) bool {
			return c.has(outside, nodeLost, nodeTainted) && (c.name == s.name || c.name == s.node)
		})
	case s.Actor == collector:
		return t.last(i, func(c *Step) bool {
			return (slices.Contains(s.owners, c.uid) || c.uid == s.uid) && c.ends() || c.has(nodeRemoved)
		})
	}
	return t.causeOfController(i)
}

// last is the last step before another that fits; NoCause where there is none.
func (t *tracer) last(before int, fits func(*Step) bool) int {
	for i := before - 1; i >= 0; i-- {
		if fits(&t.steps[i]) {
			return i
		}
	}
	return NoCause
}

// names says whether something that was done from outside the API was done to the object of a step, or to its node.
func (s *Step) names(o *Step) bool {
	return s.name == o.name && s.space == o.space || s.kind == "Node" && s.name == o.node
}

// ends says that the step is the end of an object, or the mark of it.
func (s *Step) ends() bool {
	return s.c.Type == snapshot.Deleted || s.c.Verb == "delete" || s.has(podDeleted, podEnded, workloadDeleted, serviceDeleted)
}

// endpointsHear says whether a step concerns the Pods that a Service sends to.
func (t *tracer) endpointsHear(s, c *Step) bool {
	if s.space != c.space {
		return false
	}
	o := t.w.latest(s.uid)
	if o == nil {
		return false
	}
	name := serviceName(o)
	switch c.kind {
	case "Service":
		return c.name == name
	case "Pod":
		return c.has(podReady, podUp, podUnready, podExit, podDeleted, podEnded, podRelabeled, podEvict) && t.servedBy(c, name)
	}
	return false
}

// servedBy says whether a Service of that name ever took in the Pod of a step.
func (t *tracer) servedBy(pod *Step, service string) bool {
	found := false
	t.w.each(func(_ types.UID, o *unstructured.Unstructured) {
		if o.GetKind() != "Service" || o.GetName() != service || o.GetNamespace() != pod.space {
			return
		}
		for _, p := range t.w.known[pod.uid] {
			found = found || serves(serviceOf(o), p)
		}
	})
	return found
}

// causeOfController is the cause of what the controller of a workload did: to the workload, or to what that owns.
func (t *tracer) causeOfController(i int) int {
	s := &t.steps[i]
	own := s.owner
	switch {
	case s.kind == s.Actor:
		own = s.uid
	case s.uid == "": // what was refused names no object
		return t.last(i, func(c *Step) bool { return c.kind == s.Actor && c.Actor != s.Actor && c.c.Subresource != "status" })
	}
	asked := func(c *Step) bool { // somebody else changed what the workload asks for, or ended it
		return c.uid == own && c.Actor != s.Actor && c.c.Subresource != "status"
	}
	child := func(c *Step) bool { return c.owner == own && own != "" && c.Actor != s.Actor }
	lost := func(c *Step) bool { return child(c) && c.loses() }
	ready := func(c *Step) bool {
		return child(c) && c.has(podReady, podUp, podUnready, podExit, podDone, workloadCounted) || lost(c)
	}
	switch {
	case s.has(workloadCounted): // what it deleted itself counts no more either
		return t.last(i, func(c *Step) bool { return ready(c) || c.owner == own && own != "" && c.loses() })
	case s.uid == own:
		return t.last(i, func(c *Step) bool { return asked(c) || ready(c) })
	case s.kind == "Pod" && s.ends():
		return t.last(i, func(c *Step) bool { return asked(c) || ready(c) && s.Actor != replicaSet })
	case s.kind == "Pod" && s.Actor == replicaSet:
		return t.last(i, func(c *Step) bool { return asked(c) || lost(c) })
	}
	return t.last(i, func(c *Step) bool { return asked(c) || ready(c) })
}

// loses says that after the step its owner has one Pod less.
func (s *Step) loses() bool {
	return s.ends() || s.has(podDone, podLetGo, podRelabeled, podEvict)
}
