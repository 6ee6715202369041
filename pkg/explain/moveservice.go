package explain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// service tells of a change of a Service itself.
func (t *teller) service(c snapshot.Change, before, after *unstructured.Unstructured) []move {
	m := move{actor: actor(c), evidence: byRecord(c)}
	m.act = m.actor == somebody
	switch {
	case c.Type == "" || (before == nil && after == nil):
		return nil
	case after == nil:
		m.kind, m.subject, m.say = serviceDeleted, before.GetName(), plain("deleted Service %s", before.GetName())
	case before == nil && c.Type == snapshot.Added:
		m.kind, m.subject, m.say = serviceMade, after.GetName(), plain("made Service %s", after.GetName())
	case before == nil:
		return nil
	default:
		was, is := serviceOf(before), serviceOf(after)
		m.kind, m.subject = serviceChanged, is.Name
		switch {
		case !equality.Semantic.DeepEqual(was.Spec.Selector, is.Spec.Selector):
			m.say = plain("changed which Pods Service %s sends to: %s", is.Name, labelChange(was.Spec.Selector, is.Spec.Selector))
		case !equality.Semantic.DeepEqual(was.Spec.Ports, is.Spec.Ports):
			m.say = plain("changed the ports of Service %s", is.Name)
		default:
			return nil
		}
	}
	return []move{m}
}

// slice tells how many Pods a Service answers from, where that changed.
func (t *teller) slice(c snapshot.Change, before, after *unstructured.Unstructured) []move {
	o := after
	if o == nil {
		o = before
	}
	if o == nil {
		return nil
	}
	name := serviceName(o)
	was, known := t.answering[name]
	is := len(t.w.answering(o.GetNamespace(), name))
	t.answering[name] = is
	if late(c) && before == nil || name == "" || (known && was == is) || (!known && is == 0) {
		return nil
	}
	m := move{
		actor: orElse(actor(c), endpoints), kind: serviceAnswers, subject: name, detail: fmt.Sprint(is), evidence: "EndpointSlice",
	}
	m.say = plain("Service %s answers from %s", name, answers(was, is, known))
	return []move{m}
}

func answers(was, is int, known bool) string {
	switch {
	case is == 0:
		return "no Pod"
	case known && is < was:
		return fmt.Sprintf("%s, not %d", snapshot.Count(is, "Pod"), was)
	}
	return snapshot.Count(is, "Pod")
}

// answering are the Pods (or addresses) that a Service sends requests to, by the lists of its
// endpoints of one address family.
func (w *world) answering(namespace, service string) map[string]bool {
	ready := map[string]bool{}
	for _, o := range w.alive {
		if o.GetKind() != "EndpointSlice" || o.GetNamespace() != namespace || serviceName(o) != service {
			continue
		}
		addReady(ready, sliceOf(o))
	}
	return ready
}

// sliceController is how the EndpointSlice controller signs its lists (k8s.io/kubernetes/pkg/controller/endpointslice).
const sliceController = "endpointslice-controller.k8s.io"

// addReady adds the endpoints of a list that get requests, by the name of their Pod.
func addReady(ready map[string]bool, s *discoveryv1.EndpointSlice) {
	_, headless := s.Labels[corev1.IsHeadlessService]
	if len(s.Ports) == 0 && !headless && s.Labels[discoveryv1.LabelManagedBy] == sliceController {
		return // its Pods have none of the ports that the Service sends to by name
	}
	for _, e := range s.Endpoints {
		if e.Conditions.Ready != nil && !*e.Conditions.Ready {
			continue
		}
		switch {
		case e.TargetRef != nil:
			ready[e.TargetRef.Name] = true
		case len(e.Addresses) > 0:
			ready[e.Addresses[0]] = true
		}
	}
}
