package kube

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// WaitFor watches one object until done says so. Done is called with the object as it is now and
// after each change, and with nil when there is none. An empty namespace means a cluster-wide
// resource. When ctx ends first, its error is returned.
func (c *Client) WaitFor(ctx context.Context, gvr schema.GroupVersionResource, namespace, name string,
	done func(*unstructured.Unstructured) (bool, error),
) error {
	var resource dynamic.ResourceInterface = c.dynamic.Resource(gvr)
	if namespace != "" {
		resource = c.dynamic.Resource(gvr).Namespace(namespace)
	}
	err := follow(ctx, resource, fields.OneTermEqualSelector("metadata.name", name).String(), done)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("wait for %s/%s: %w", gvr.Resource, name, err)
	}
	return nil
}

func follow(ctx context.Context, resource dynamic.ResourceInterface, selector string,
	done func(*unstructured.Unstructured) (bool, error),
) error {
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = selector
			return resource.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = selector
			return resource.Watch(ctx, o)
		},
	}
	absent := func(store cache.Store) (bool, error) {
		if len(store.List()) > 0 {
			return false, nil
		}
		return done(nil)
	}
	_, err := watchtools.UntilWithSync(ctx, lw, &unstructured.Unstructured{}, absent, func(e watch.Event) (bool, error) {
		o, ok := e.Object.(*unstructured.Unstructured)
		if !ok {
			return false, fmt.Errorf("read watch: unexpected %T", e.Object)
		}
		if e.Type == watch.Deleted {
			return done(nil)
		}
		return done(o)
	})
	return err
}

// WaitGone returns when none of the objects that the receipts are for is there any more. What does
// not go is told of (Telling), and is an error after a minute.
func (c *Client) WaitGone(ctx context.Context, receipts ...Receipt) error {
	for _, r := range receipts {
		if err := c.waitGone(ctx, r, func(*unstructured.Unstructured) {}); err != nil {
			return err
		}
	}
	return nil
}

// waitGone waits for one object to go; each is called with it as it is, and after each change.
func (c *Client) waitGone(ctx context.Context, r Receipt, each func(*unstructured.Unstructured)) error {
	short := r.Resource
	if k, ok := snapshot.KindNamed(r.Resource); ok {
		short = k.Singular
	}
	name := short + "/" + r.Name
	limited, giveUp := context.WithCancel(ctx)
	defer giveUp()
	var mu sync.Mutex
	var last *unstructured.Unstructured
	var failed error
	go func() {
		tick := time.NewTicker(clearLook)
		defer tick.Stop()
		// How long it does not go counts from when it was seen: before that nobody knows that it is there.
		patient, seen := c.wait(), false
		patient.giveUp = unseenAfter
		for {
			select {
			case <-limited.Done():
				return
			case <-tick.C:
			}
			mu.Lock()
			o := last
			mu.Unlock()
			what := func() string { return name }
			fail := func() error {
				return fmt.Errorf("%s was deleted, and the cluster does not say what became of it", name)
			}
			if o != nil {
				if !seen {
					seen, patient.giveUp = true, c.giveUpAfter
					patient.moved()
				}
				what = func() string { return strings.TrimSuffix(name+": "+left(o), ": ") }
				fail = func() error { return stuck(r.Namespace, name, o) }
			}
			if err := patient.check(what, fail); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
				giveUp()
				return
			}
		}
	}()
	err := c.WaitFor(limited, r.GVR(), r.Namespace, r.Name, func(o *unstructured.Unstructured) (bool, error) {
		if o == nil || (r.UID != "" && o.GetUID() != r.UID) {
			return true, nil
		}
		mu.Lock()
		last = o
		mu.Unlock()
		each(o)
		return false, nil
	})
	mu.Lock()
	defer mu.Unlock()
	if err != nil && failed != nil && ctx.Err() == nil {
		return failed
	}
	return err
}
