package kube

import (
	"context"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Namespaces is what the server's paths call namespaces.
func Namespaces() schema.GroupVersionResource {
	return corev1.SchemeGroupVersion.WithResource("namespaces")
}

// EnsureNamespace makes a namespace for a lesson. One of that name that is being deleted is waited
// for; one that this program did not make is ErrNotOurs. It returns when Pods can be made in it,
// which is when its default service account is there.
func (c *Client) EnsureNamespace(ctx context.Context, name, lesson string) (Receipt, error) {
	found, err := c.dynamic.Resource(Namespaces()).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		return Receipt{}, fmt.Errorf("read namespace %s: %w", name, err)
	case !Ours(found):
		return Receipt{}, fmt.Errorf("use namespace %s: %w", name, ErrNotOurs)
	case found.GetDeletionTimestamp() != nil:
		if err := c.WaitGone(ctx, namespaceReceipt(found)); err != nil {
			return Receipt{}, err
		}
	}
	wanted := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
	}}
	receipts, err := c.Apply(ctx, lesson, wanted)
	if err != nil {
		return Receipt{}, err
	}
	accounts := corev1.SchemeGroupVersion.WithResource("serviceaccounts")
	err = c.WaitFor(ctx, accounts, name, "default", func(o *unstructured.Unstructured) (bool, error) { return o != nil, nil })
	return receipts[0], err
}

func namespaceReceipt(o *unstructured.Unstructured) Receipt {
	return Receipt{Version: "v1", Resource: "namespaces", Name: o.GetName(), UID: o.GetUID()}
}

// DeleteNamespace deletes a namespace that this program made and returns when it is gone. While
// that lasts, remaining is told each time the server says what is still in it; it may be nil. A
// namespace that is not there is no error.
func (c *Client) DeleteNamespace(ctx context.Context, name string, remaining func(what string)) error {
	found, err := c.dynamic.Resource(Namespaces()).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read namespace %s: %w", name, err)
	}
	r := namespaceReceipt(found)
	if err := c.Delete(ctx, r); err != nil {
		return err
	}
	last := ""
	err = c.waitGone(ctx, r, func(o *unstructured.Unstructured) {
		if what := left(o); what != "" && what != last && remaining != nil {
			last = what
			remaining(what)
		}
	})
	if err != nil {
		return fmt.Errorf("wait until namespace %s is gone: %w", name, err)
	}
	return nil
}

// left is what a namespace's conditions say is still in it.
func left(o *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	var said []string
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		if m["status"] != "True" {
			continue
		}
		if text, _ := m["message"].(string); text != "" {
			said = append(said, text)
		}
	}
	sort.Strings(said)
	return strings.Join(said, "; ")
}
