package lesson

import (
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// View is what the expressions over one query see at one moment.
type View struct {
	// On is the query; Objects are its matches now, Before those when the step began.
	On              snapshot.Query
	Objects, Before []*unstructured.Unstructured
	Started, Now    time.Time
	// Snapshot is where Objects come from.
	Snapshot *snapshot.Snapshot

	beforeErr error
	vars      map[string]any
}

// NewView gathers a query's objects. A nil before counts as empty. The error, a
// *snapshot.Unreadable, says that the resource could not be read now; when it could not be read
// before, only an expression that uses `before` fails.
func NewView(q snapshot.Query, now, before *snapshot.Snapshot, started time.Time) (*View, error) {
	objects, err := now.Select(q)
	if err != nil {
		return nil, err
	}
	v := &View{On: q, Objects: objects, Started: started, Snapshot: now}
	if now != nil {
		v.Now = now.At
	}
	v.Before, v.beforeErr = before.Select(q)
	return v, nil
}

// With returns the same view over other objects.
func (v *View) With(objects []*unstructured.Unstructured) *View {
	other := *v
	other.Objects, other.vars = objects, nil
	return &other
}

// variables are the names of an expression. `object` is empty rather than null when there is
// none, so that reading its fields says what is missing.
func (v *View) variables() map[string]any {
	if v.vars != nil {
		return v.vars
	}
	root := goType(v.On.GVK().Group, v.On.Kind)
	objects := typedList(v.Objects, root)
	var object any = map[string]any{}
	if len(objects) > 0 {
		object = objects[0]
	}
	v.vars = map[string]any{
		"object":  object,
		"objects": objects,
		"before":  typedList(v.Before, root),
		"started": v.Started,
		"now":     v.Now,
	}
	return v.vars
}

func typedList(objects []*unstructured.Unstructured, root reflect.Type) []any {
	list := make([]any, 0, len(objects))
	for _, o := range objects {
		list = append(list, typed(o.Object, root))
	}
	return list
}

// fields are the names of a template: the objects as they are, without types.
func (v *View) fields() map[string]any {
	raw := func(objects []*unstructured.Unstructured) []any {
		list := make([]any, 0, len(objects))
		for _, o := range objects {
			list = append(list, o.Object)
		}
		return list
	}
	var object any = map[string]any{}
	if len(v.Objects) > 0 {
		object = v.Objects[0].Object
	}
	return map[string]any{
		"object":  object,
		"objects": raw(v.Objects),
		"before":  raw(v.Before),
		"started": v.Started,
		"now":     v.Now,
	}
}

// match finds the object that a template means: of the query's matches, sorted by name, the one
// of that index. Objects that are being deleted come last, so that a name stays good.
func (v *View) match(query string, index int) (*unstructured.Unstructured, error) {
	q, err := snapshot.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	found, err := v.Snapshot.Select(q)
	if err != nil {
		return nil, err
	}
	var staying, going []*unstructured.Unstructured
	for _, o := range found {
		if o.GetDeletionTimestamp() == nil {
			staying = append(staying, o)
		} else {
			going = append(going, o)
		}
	}
	found = append(staying, going...)
	if index >= len(found) {
		return nil, &Missing{What: q.String()}
	}
	return found[index], nil
}

// exampleView is the made-up state of an example.
func exampleView(c *Check, o *Otherwise) *View {
	at := time.Unix(0, 0).UTC()
	v := &View{On: c.On, Started: at, Now: at, Snapshot: &snapshot.Snapshot{At: at, Objects: o.Example}}
	of := func(list []*unstructured.Unstructured) (mine []*unstructured.Unstructured) {
		for _, one := range list {
			if one.GetKind() == c.On.Kind {
				mine = append(mine, one)
			}
		}
		return mine
	}
	v.Objects, v.Before = of(o.Example), of(o.ExampleBefore)
	return v
}
