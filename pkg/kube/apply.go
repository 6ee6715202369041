package kube

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// ErrNotOurs says that an object was not made by this program and is left alone.
var ErrNotOurs = errors.New("it was not made by " + plugin.Command)

// Receipt is the proof that this program made an object, and what is needed to delete exactly that one.
type Receipt struct {
	Group     string    `json:"group,omitempty"`
	Version   string    `json:"version"`
	Resource  string    `json:"resource"`
	Namespace string    `json:"namespace,omitempty"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
}

// GVR is what the server's paths call the resource.
func (r Receipt) GVR() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: r.Group, Version: r.Version, Resource: r.Resource}
}

// String is the object's resource and name, as kubectl takes it.
func (r Receipt) String() string { return r.Resource + "/" + r.Name }

// Apply makes or changes objects by server-side apply, in the order given, as objects of a lesson.
// Fields that somebody else owns are taken over. It stops at the first error; the receipts are of
// what was applied until then.
func (c *Client) Apply(ctx context.Context, lesson string, objects ...*unstructured.Unstructured) ([]Receipt, error) {
	var receipts []Receipt
	for _, o := range objects {
		r, err := c.apply(ctx, lesson, o)
		if err != nil {
			return receipts, fmt.Errorf("apply %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		receipts = append(receipts, r)
	}
	return receipts, nil
}

func (c *Client) apply(ctx context.Context, lesson string, o *unstructured.Unstructured) (Receipt, error) {
	o = mark(o, lesson)
	resource, where, err := c.resource(o)
	if err != nil {
		return Receipt{}, err
	}
	done, err := resource.Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: FieldManager, Force: true})
	if err != nil {
		return Receipt{}, err
	}
	where.Name, where.UID = done.GetName(), done.GetUID()
	return where, nil
}

// Make makes an object and nothing else: where one of that name is there already, the error is the
// server's (AlreadyExists), and nothing was changed.
func (c *Client) Make(ctx context.Context, lesson string, o *unstructured.Unstructured) (Receipt, error) {
	o = mark(o, lesson)
	resource, where, err := c.resource(o)
	if err != nil {
		return Receipt{}, err
	}
	done, err := resource.Create(ctx, o, metav1.CreateOptions{FieldManager: FieldManager})
	if err != nil {
		return Receipt{}, fmt.Errorf("make %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	where.Name, where.UID = done.GetName(), done.GetUID()
	return where, nil
}

// mark copies an object and gives the copy our labels, without what only a server may set.
func mark(o *unstructured.Unstructured, lesson string) *unstructured.Unstructured {
	o = o.DeepCopy()
	labels := o.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[ManagedByLabel] = ManagedByValue
	if lesson != "" {
		labels[LessonLabel] = lesson
	}
	o.SetLabels(labels)
	for _, field := range []string{"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(o.Object, "status")
	return o
}

// resource finds the client for an object and a receipt without a UID; it sets the namespace of o
// where it has none and needs one.
func (c *Client) resource(o *unstructured.Unstructured) (dynamic.ResourceInterface, Receipt, error) {
	gvr, namespaced, err := c.Mapping(o.GroupVersionKind())
	if err != nil {
		return nil, Receipt{}, err
	}
	r := Receipt{Group: gvr.Group, Version: gvr.Version, Resource: gvr.Resource, Name: o.GetName()}
	if !namespaced {
		return c.dynamic.Resource(gvr), r, nil
	}
	if o.GetNamespace() == "" {
		o.SetNamespace(c.namespace)
	}
	r.Namespace = o.GetNamespace()
	return c.dynamic.Resource(gvr).Namespace(r.Namespace), r, nil
}

// of finds the client for a receipt.
func (c *Client) of(r Receipt) dynamic.ResourceInterface {
	if r.Namespace == "" {
		return c.dynamic.Resource(r.GVR())
	}
	return c.dynamic.Resource(r.GVR()).Namespace(r.Namespace)
}

// Ours says whether an object carries the label of what this program made.
func Ours(o *unstructured.Unstructured) bool {
	return o.GetLabels()[ManagedByLabel] == ManagedByValue
}

// Delete deletes the objects that the receipts are for, and what those own, and returns when they
// are marked for deletion. What is gone already, or was made again by somebody else under the same
// name, is no error and is left alone. What lost our label is ErrNotOurs.
func (c *Client) Delete(ctx context.Context, receipts ...Receipt) error {
	var all []error
	for _, r := range receipts {
		if err := c.delete(ctx, r); err != nil {
			all = append(all, fmt.Errorf("delete %s: %w", r, err))
		}
	}
	return errors.Join(all...)
}

func (c *Client) delete(ctx context.Context, r Receipt) error {
	found, err := c.of(r).Get(ctx, r.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || (err == nil && r.UID != "" && found.GetUID() != r.UID) {
		return nil
	}
	if err != nil {
		return err
	}
	if !Ours(found) {
		return ErrNotOurs
	}
	uid, background := found.GetUID(), metav1.DeletePropagationBackground
	err = c.of(r).Delete(ctx, r.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &background,
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
