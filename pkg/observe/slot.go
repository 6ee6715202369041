package observe

import (
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// slot is the part of a view that one query fills.
type slot struct {
	view *view
	i    int
}

// fail keeps why the query can't be answered.
func (s *slot) fail(err error) {
	v := s.view
	v.mu.Lock()
	same := v.known[s.i] && v.errors[s.i] != nil && v.errors[s.i].Error() == err.Error()
	v.errors[s.i], v.known[s.i] = err, true
	v.mu.Unlock()
	if !same {
		v.tell()
	}
}

// recovered says that the query can be answered again.
func (s *slot) recovered() {
	v := s.view
	v.mu.Lock()
	failed := v.errors[s.i] != nil
	v.errors[s.i] = nil
	v.mu.Unlock()
	if failed {
		v.tell()
	}
}

// replace takes a whole list. What differs from the last known state is recorded as changes.
func (s *slot) replace(items []unstructured.Unstructured) {
	v := s.view
	v.mu.Lock()
	old := v.objects[s.i]
	fresh := make(map[string]*unstructured.Unstructured, len(items))
	for i := range items {
		fresh[identity(&items[i])] = &items[i]
	}
	changes := differences(old, fresh)
	if old == nil {
		s.begin(ordered(fresh))
	} else {
		s.record(changes)
	}
	v.objects[s.i], v.errors[s.i], v.known[s.i] = fresh, nil, true
	v.mu.Unlock()
	v.tell()
}

// differences are the changes that lead from one state to the other, in a fixed order.
func differences(old, fresh map[string]*unstructured.Unstructured) []snapshot.Change {
	var changes []snapshot.Change
	for _, o := range ordered(old) {
		n, there := fresh[identity(o)]
		if !there || n.GetUID() != o.GetUID() {
			changes = append(changes, snapshot.Change{Type: snapshot.Deleted, Object: o})
		}
	}
	for _, n := range ordered(fresh) {
		o, there := old[identity(n)]
		switch {
		case !there || n.GetUID() != o.GetUID():
			changes = append(changes, snapshot.Change{Type: snapshot.Added, Object: n})
		case n.GetResourceVersion() != o.GetResourceVersion():
			changes = append(changes, snapshot.Change{Type: snapshot.Modified, Object: n})
		}
	}
	return changes
}

// change takes one event of a watch.
func (s *slot) change(kind snapshot.ChangeType, o *unstructured.Unstructured) {
	v := s.view
	v.mu.Lock()
	key := identity(o)
	old := v.objects[s.i][key]
	if kind == snapshot.Deleted {
		delete(v.objects[s.i], key)
	} else {
		v.objects[s.i][key] = o
	}
	v.errors[s.i] = nil
	if kind != snapshot.Modified || !heartbeat(old, o) {
		s.record([]snapshot.Change{{Type: kind, Object: o}})
	}
	v.mu.Unlock()
	v.tell()
}

// heartbeat says that a kubelet wrote its Node to say that it lives, and nothing else. That is no change: a cluster
// of many nodes would never be quiet.
func heartbeat(old, fresh *unstructured.Unstructured) bool {
	if old == nil || fresh.GetKind() != "Node" || old.GetUID() != fresh.GetUID() {
		return false
	}
	return equality.Semantic.DeepEqual(withoutHeartbeat(old), withoutHeartbeat(fresh))
}

func withoutHeartbeat(node *unstructured.Unstructured) map[string]any {
	o := node.DeepCopy()
	o.SetResourceVersion("")
	o.SetManagedFields(nil)
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok {
			delete(c, "lastHeartbeatTime")
		}
	}
	_ = unstructured.SetNestedSlice(o.Object, conditions, "status", "conditions")
	return o.Object
}

// begin tells the recorders what was there when the watch began.
func (s *slot) begin(objects []*unstructured.Unstructured) {
	now := s.view.clock()
	for _, r := range s.view.recorders {
		r.begin(now, objects)
	}
}

// record stamps changes with the moment of their arrival.
func (s *slot) record(changes []snapshot.Change) {
	now := s.view.clock()
	for i := range changes {
		c := &changes[i]
		c.At, c.Source = now, snapshot.FromWatch
		c.Resource = s.view.queries[s.i].Resource
		c.Namespace, c.Name = c.Object.GetNamespace(), c.Object.GetName()
	}
	for _, r := range s.view.recorders {
		r.Add(changes...)
	}
}
