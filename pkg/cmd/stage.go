package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/session"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// stage is a session.Stage on a cluster.
type stage struct{ client *kube.Client }

var _ session.Stage = (*stage)(nil)

func (s *stage) MakeNamespace(ctx context.Context, namespace, lesson string) error {
	_, err := s.client.EnsureNamespace(ctx, namespace, lesson)
	return err
}

func (s *stage) Apply(ctx context.Context, namespace, lesson string, objects []*unstructured.Unstructured) error {
	_, err := s.client.In(namespace).Apply(ctx, lesson, objects...)
	return err
}

// Clear implements session.Stage.
func (s *stage) Clear(ctx context.Context, namespace string) error {
	return s.client.Clear(ctx, namespace, kube.Native)
}

// DeleteNamespace empties the namespace first: its own controller would wait out the Pods' grace.
func (s *stage) DeleteNamespace(ctx context.Context, namespace string) error {
	_, err := s.client.Dynamic().Resource(kube.Namespaces()).Get(ctx, namespace, metav1.GetOptions{})
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
	all, err := s.client.Dynamic().Resource(kube.Namespaces()).List(ctx, metav1.ListOptions{
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
func (s *stage) Inventory(ctx context.Context) ([]session.Item, error) {
	var items []session.Item
	for _, k := range snapshot.Kinds() {
		if k.Namespaced {
			continue
		}
		all, err := s.client.Dynamic().Resource(k.GVR()).List(ctx, metav1.ListOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) { // the server does not know the resource
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", k.Resource, err)
		}
		for i := range all.Items {
			items = append(items, session.Item{
				Name:  k.Singular + "/" + all.Items[i].GetName() + cordon(&all.Items[i]),
				Going: all.Items[i].GetDeletionTimestamp() != nil,
			})
		}
	}
	slices.SortFunc(items, func(a, b session.Item) int { return strings.Compare(a.Name, b.Name) })
	return items, nil
}

// cordon tells a node that takes no Pods from one that does.
func cordon(o *unstructured.Unstructured) string {
	if cordoned, _, _ := unstructured.NestedBool(o.Object, "spec", "unschedulable"); cordoned {
		return " (cordoned)"
	}
	return ""
}
