package kube

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// podGrace is how many seconds Pods get to end when a namespace is cleared.
	podGrace = 1
	// podPatience is how long Pods are waited for before they are removed by force: their node may be away.
	podPatience = 10 * time.Second
	// clearLook is how often it is looked at what is left.
	clearLook = 50 * time.Millisecond
)

// Keep says which objects of a namespace are to stay when it is cleared.
type Keep func(k snapshot.Kind, o *unstructured.Unstructured) bool

// Native are the objects that every namespace has; it is a Keep.
func Native(k snapshot.Kind, o *unstructured.Unstructured) bool {
	name := o.GetName()
	return k.Resource == "serviceaccounts" && name == "default" || k.Resource == "configmaps" && name == "kube-root-ca.crt"
}

// Clear deletes what a namespace holds, but what is to be kept, and waits until it is gone. What
// makes Pods goes before the Pods, so that none is made anew. Keep is asked again at each look.
func (c *Client) Clear(ctx context.Context, namespace string, keep Keep) error {
	var pods, rest []snapshot.Kind
	for _, k := range snapshot.Kinds() {
		switch {
		case !k.Namespaced || derived(k.Resource):
		case k.Resource == "pods":
			pods = append(pods, k)
		default:
			rest = append(rest, k)
		}
	}
	for _, k := range rest {
		if err := c.deleteAll(ctx, namespace, k, keep, nil); err != nil {
			return err
		}
	}
	grace := int64(podGrace)
	if err := c.deleteAll(ctx, namespace, pods[0], keep, &grace); err != nil {
		return err
	}
	return c.waitEmpty(ctx, namespace, append(pods, rest...), keep)
}

// derived are what others make and take away by themselves, or what is of no account.
func derived(resource string) bool {
	return slices.Contains([]string{"events", "endpoints", "endpointslices", "controllerrevisions", "leases"}, resource)
}

// Held lists what of the kinds that Clear deletes is in a namespace and not to be kept. What the
// server does not know, or does not let us list, is passed over: nothing of it can be ours.
func (c *Client) Held(ctx context.Context, namespace string, keep Keep) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for _, k := range snapshot.Kinds() {
		if !k.Namespaced || derived(k.Resource) {
			continue
		}
		some, err := c.held(ctx, namespace, k, keep)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (c *Client) held(ctx context.Context, namespace string, k snapshot.Kind, keep Keep) ([]*unstructured.Unstructured, error) {
	all, err := c.dynamic.Resource(k.GVR()).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if absent(err) || apierrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("clear namespace %s: list %s: %w", namespace, k.Resource, err)
	}
	var found []*unstructured.Unstructured
	for i := range all.Items {
		if o := &all.Items[i]; !keep(k, o) {
			found = append(found, o)
		}
	}
	return found, nil
}

// absent says that the server does not know the resource.
func absent(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err)
}

func (c *Client) deleteAll(ctx context.Context, namespace string, k snapshot.Kind, keep Keep, grace *int64) error {
	all, err := c.held(ctx, namespace, k, keep)
	if err != nil {
		return err
	}
	background := metav1.DeletePropagationBackground
	for _, o := range all {
		uid := o.GetUID()
		err := c.dynamic.Resource(k.GVR()).Namespace(namespace).Delete(ctx, o.GetName(), metav1.DeleteOptions{
			GracePeriodSeconds: grace, PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid},
		})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return fmt.Errorf("clear namespace %s: delete %s/%s: %w", namespace, k.Resource, o.GetName(), err)
		}
	}
	return nil
}

// waitEmpty waits until nothing is left. Pods whose node does not answer are removed by force. What
// does not go is told of, and given up on when nothing goes any more.
func (c *Client) waitEmpty(ctx context.Context, namespace string, kinds []snapshot.Kind, keep Keep) error {
	force := time.Now().Add(podPatience)
	patient, at, fewest := c.wait(), 0, math.MaxInt
	tick := time.NewTicker(clearLook)
	defer tick.Stop()
	for {
		kind, left, err := c.leftOf(ctx, namespace, kinds, keep)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		if kind > at || kind == at && len(left) < fewest {
			at, fewest = kind, len(left)
			patient.moved()
		}
		first := kinds[kind].Singular + "/" + left[0].GetName()
		if err := patient.check(func() string { return held(first, len(left)) }, func() error { return stuck(namespace, first, left[0]) }); err != nil {
			return fmt.Errorf("clear namespace %s: %w", namespace, err)
		}
		if time.Now().After(force) {
			none := int64(0)
			if err := c.deleteAll(ctx, namespace, kinds[0], keep, &none); err != nil {
				return err
			}
			force = time.Now().Add(podPatience)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("clear namespace %s: wait for %s to go: %w", namespace, first, ctx.Err())
		case <-tick.C:
		}
	}
}

// leftOf is what is still there of the first kind of which something is; kinds are looked at in order.
func (c *Client) leftOf(ctx context.Context, namespace string, kinds []snapshot.Kind, keep Keep) (int, []*unstructured.Unstructured, error) {
	for i, k := range kinds {
		all, err := c.held(ctx, namespace, k, keep)
		if err != nil || len(all) > 0 {
			return i, all, err
		}
	}
	return 0, nil, nil
}
