package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// podGrace is how many seconds Pods get to end when a lesson is cleared away.
	podGrace = 1
	// podPatience is how long Pods are waited for before they are removed by force: their node may be away.
	podPatience = 10 * time.Second
	// clearLook is how often it is looked at what is left.
	clearLook = 50 * time.Millisecond
)

// stage is a session.Stage on a cluster.
type stage struct{ client *kube.Client }

var _ session.Stage = (*stage)(nil)

func (s *stage) MakeNamespace(ctx context.Context, namespace, lesson string) error {
	_, err := s.client.EnsureNamespace(ctx, namespace, lesson)
	return err
}

func (s *stage) Apply(ctx context.Context, namespace string, objects []*unstructured.Unstructured) error {
	_, err := s.client.In(namespace).Apply(ctx, strings.TrimPrefix(namespace, session.Namespace("")), objects...)
	return err
}

// Clear deletes what makes Pods before the Pods, so that none is made anew.
func (s *stage) Clear(ctx context.Context, namespace string) error {
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
		if err := s.deleteAll(ctx, namespace, k, nil); err != nil {
			return err
		}
	}
	grace := int64(podGrace)
	if err := s.deleteAll(ctx, namespace, pods[0], &grace); err != nil {
		return err
	}
	return s.waitEmpty(ctx, namespace, append(pods, rest...))
}

// derived are what others make and take away by themselves, or what is of no account.
func derived(resource string) bool {
	return slices.Contains([]string{"events", "endpoints", "endpointslices", "controllerrevisions", "leases"}, resource)
}

func (s *stage) deleteAll(ctx context.Context, namespace string, k snapshot.Kind, grace *int64) error {
	all, err := s.client.Dynamic().Resource(k.GVR()).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if absent(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("clear namespace %s: list %s: %w", namespace, k.Resource, err)
	}
	background := metav1.DeletePropagationBackground
	for i := range all.Items {
		name := all.Items[i].GetName()
		if native(k, name) {
			continue
		}
		err := s.client.Dynamic().Resource(k.GVR()).Namespace(namespace).Delete(ctx, name,
			metav1.DeleteOptions{GracePeriodSeconds: grace, PropagationPolicy: &background})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("clear namespace %s: delete %s/%s: %w", namespace, k.Resource, name, err)
		}
	}
	return nil
}

// absent says that the server does not know the resource.
func absent(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err)
}

// native are the objects that every namespace has.
func native(k snapshot.Kind, name string) bool {
	return k.Resource == "serviceaccounts" && name == "default" || k.Resource == "configmaps" && name == "kube-root-ca.crt"
}

// waitEmpty waits until nothing is left. Pods whose node does not answer are removed by force.
func (s *stage) waitEmpty(ctx context.Context, namespace string, kinds []snapshot.Kind) error {
	force := time.Now().Add(podPatience)
	tick := time.NewTicker(clearLook)
	defer tick.Stop()
	for {
		left, err := s.left(ctx, namespace, kinds)
		if err != nil {
			return err
		}
		if left == "" {
			return nil
		}
		if time.Now().After(force) {
			none := int64(0)
			if err := s.deleteAll(ctx, namespace, kinds[0], &none); err != nil {
				return err
			}
			force = time.Now().Add(podPatience)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("clear namespace %s: wait for %s to go: %w", namespace, left, ctx.Err())
		case <-tick.C:
		}
	}
}

// left names one thing that is still there; kinds are looked at in order.
func (s *stage) left(ctx context.Context, namespace string, kinds []snapshot.Kind) (string, error) {
	for _, k := range kinds {
		all, err := s.client.Dynamic().Resource(k.GVR()).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if absent(err) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("clear namespace %s: list %s: %w", namespace, k.Resource, err)
		}
		for i := range all.Items {
			if name := all.Items[i].GetName(); !native(k, name) {
				return k.Singular + "/" + name, nil
			}
		}
	}
	return "", nil
}

// DeleteNamespace empties the namespace first: its own controller would wait out the Pods' grace.
func (s *stage) DeleteNamespace(ctx context.Context, namespace string) error {
	_, err := s.client.Dynamic().Resource(namespaces()).Get(ctx, namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read namespace %s: %w", namespace, err)
	}
	if err := s.Clear(ctx, namespace); err != nil {
		return err
	}
	return s.client.DeleteNamespace(ctx, namespace, nil)
}

func namespaces() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
}

// Delete removes objects that belong to no namespace.
func (s *stage) Delete(ctx context.Context, namespace string, objects []*unstructured.Unstructured) error {
	for _, o := range objects {
		gvr, namespaced, err := s.client.Mapping(o.GroupVersionKind())
		if err != nil {
			return err
		}
		r := kube.Receipt{Group: gvr.Group, Version: gvr.Version, Resource: gvr.Resource, Name: o.GetName()}
		if namespaced {
			r.Namespace = namespace
		}
		if err := s.client.Delete(ctx, r); err != nil && !errors.Is(err, kube.ErrNotOurs) {
			return err
		}
		if err := s.client.WaitGone(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) LessonNamespaces(ctx context.Context) ([]string, error) {
	all, err := s.client.Dynamic().Resource(namespaces()).List(ctx, metav1.ListOptions{
		LabelSelector: kube.LessonLabel + "," + kube.ManagedByLabel + "=" + kube.ManagedByValue,
	})
	if err != nil {
		return nil, fmt.Errorf("list the lessons' namespaces: %w", err)
	}
	var names []string
	for i := range all.Items {
		names = append(names, all.Items[i].GetName())
	}
	return names, nil
}

// RestoreNodes uncordons every node.
func (s *stage) RestoreNodes(ctx context.Context) error {
	nodes := schema.GroupVersionResource{Version: "v1", Resource: "nodes"}
	all, err := s.client.Dynamic().Resource(nodes).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for i := range all.Items {
		n := &all.Items[i]
		if cordoned, _, _ := unstructured.NestedBool(n.Object, "spec", "unschedulable"); !cordoned {
			continue
		}
		patch := []byte(`{"spec":{"unschedulable":null}}`)
		_, err := s.client.Dynamic().Resource(nodes).Patch(ctx, n.GetName(), "application/merge-patch+json", patch, metav1.PatchOptions{})
		if err != nil {
			return fmt.Errorf("uncordon node %s: %w", n.GetName(), err)
		}
	}
	return nil
}

// Inventory names what lives in no namespace. Leases and events come and go by themselves.
func (s *stage) Inventory(ctx context.Context) ([]string, error) {
	var names []string
	for _, k := range snapshot.Kinds() {
		if k.Namespaced {
			continue
		}
		all, err := s.client.Dynamic().Resource(k.GVR()).List(ctx, metav1.ListOptions{})
		if absent(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", k.Resource, err)
		}
		for i := range all.Items {
			names = append(names, k.Singular+"/"+all.Items[i].GetName()+cordon(&all.Items[i]))
		}
	}
	slices.Sort(names)
	return names, nil
}

// cordon tells a node that takes no Pods from one that does.
func cordon(o *unstructured.Unstructured) string {
	if cordoned, _, _ := unstructured.NestedBool(o.Object, "spec", "unschedulable"); cordoned {
		return " (cordoned)"
	}
	return ""
}
