package observe

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// nodeLeases is where the kubelets renew their leases; a query for leases means those, but in the namespace System.
const nodeLeases = "kube-node-lease"

// Observer looks at one namespace of a cluster, and at what belongs to no namespace. It may be used
// by many goroutines.
type Observer struct {
	client    dynamic.Interface
	namespace string
	clock     func() time.Time
}

// New makes an observer without asking the cluster anything; it can't write. A nil clock is time.Now.
func New(cfg *rest.Config, namespace string, clock func() time.Time) (*Observer, error) {
	c, err := kube.New(cfg, namespace, nil)
	if err != nil {
		return nil, err
	}
	return Of(c, clock), nil
}

// Of makes an observer that shares a client's connections and looks at the client's namespace.
func Of(c *kube.Client, clock func() time.Time) *Observer {
	if clock == nil {
		clock = time.Now
	}
	return &Observer{client: c.Dynamic(), namespace: c.Namespace(), clock: clock}
}

// Namespace is where the observer looks.
func (o *Observer) Namespace() string { return o.namespace }

// Snapshot reads what the queries name, all at once. A resource that can't be read stands in the
// snapshot's Errors; its error text is the API's own.
func (o *Observer) Snapshot(ctx context.Context, queries []snapshot.Query) *snapshot.Snapshot {
	queries = distinct(queries)
	lists, failures := make([]*unstructured.UnstructuredList, len(queries)), make([]error, len(queries))
	var reading sync.WaitGroup
	for i, q := range queries {
		reading.Go(func() { lists[i], failures[i] = o.list(ctx, q) })
	}
	reading.Wait()

	s := &snapshot.Snapshot{At: o.clock(), Namespace: o.namespace}
	found := map[string]*unstructured.Unstructured{}
	for i, q := range queries {
		if failures[i] != nil {
			note(s, q, failures[i])
			continue
		}
		for j := range lists[i].Items {
			item := &lists[i].Items[j]
			found[identity(item)] = item
		}
	}
	s.Objects = ordered(found)
	return s
}

// note keeps why a resource could not be read.
func note(s *snapshot.Snapshot, q snapshot.Query, err error) {
	if s.Errors == nil {
		s.Errors = map[string]string{}
	}
	s.Errors[q.Resource] = err.Error()
}

func (o *Observer) list(ctx context.Context, q snapshot.Query) (*unstructured.UnstructuredList, error) {
	return o.resource(q).List(ctx, options(q))
}

func (o *Observer) resource(q snapshot.Query) dynamic.ResourceInterface {
	switch {
	case !q.Namespaced:
		return o.client.Resource(q.GVR())
	case q.Resource == "leases" && o.namespace != System:
		return o.client.Resource(q.GVR()).Namespace(nodeLeases)
	default:
		return o.client.Resource(q.GVR()).Namespace(o.namespace)
	}
}

func options(q snapshot.Query) metav1.ListOptions {
	l := metav1.ListOptions{LabelSelector: q.Selector}
	if q.Name != "" {
		l.FieldSelector = fields.OneTermEqualSelector("metadata.name", q.Name).String()
	}
	return l
}

// distinct leaves out the queries that another one covers.
func distinct(queries []snapshot.Query) []snapshot.Query {
	whole := map[string]bool{}
	for _, q := range queries {
		if !q.IsZero() && q.Name == "" && q.Selector == "" {
			whole[q.Resource] = true
		}
	}
	seen := map[string]bool{}
	var kept []snapshot.Query
	for _, q := range queries {
		narrow := q.Name != "" || q.Selector != ""
		if q.IsZero() || seen[q.String()] || (narrow && whole[q.Resource]) {
			continue
		}
		seen[q.String()] = true
		kept = append(kept, q)
	}
	return kept
}

// identity tells objects apart. Two of the same name that lived one after the other are the same
// place, so that a list never shows both.
func identity(o *unstructured.Unstructured) string {
	return fmt.Sprintf("%s/%s/%s", o.GroupVersionKind().GroupKind(), o.GetNamespace(), o.GetName())
}

// ordered lists objects by kind, namespace and name.
func ordered(found map[string]*unstructured.Unstructured) []*unstructured.Unstructured {
	keys := make([]string, 0, len(found))
	for k := range found {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	objects := make([]*unstructured.Unstructured, 0, len(keys))
	for _, k := range keys {
		objects = append(objects, found[k])
	}
	return objects
}
