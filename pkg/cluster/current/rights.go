package current

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
)

const (
	apps = "apps"
	rbac = "rbac.authorization.k8s.io"
)

// needed are the rights without which there is no lesson.
func needed(namespace string, shared bool) []kube.Act {
	var acts []kube.Act
	if !shared {
		acts = append(acts,
			kube.Act{Verb: "get", Resource: "namespaces"}, kube.Act{Verb: "create", Resource: "namespaces"},
			kube.Act{Verb: "delete", Resource: "namespaces"})
	}
	for _, verb := range []string{"create", "delete", "list", "watch"} {
		acts = append(acts,
			kube.Act{Verb: verb, Resource: "pods", Namespace: namespace},
			kube.Act{Verb: verb, Resource: "services", Namespace: namespace},
			kube.Act{Verb: verb, Group: apps, Resource: "deployments", Namespace: namespace})
	}
	return acts
}

// confining are the rights to give a learner rights of their own.
func confining(namespace string) []kube.Act {
	return []kube.Act{
		{Verb: "create", Resource: "serviceaccounts", Namespace: namespace},
		{Verb: "create", Resource: "serviceaccounts", Subresource: "token", Namespace: namespace},
		{Verb: "create", Group: rbac, Resource: "rolebindings", Namespace: namespace},
	}
}

// bounding are the rights to bound what a namespace takes of the cluster.
func bounding(namespace string) []kube.Act {
	return []kube.Act{
		{Verb: "create", Resource: "resourcequotas", Namespace: namespace},
		{Verb: "create", Resource: "limitranges", Namespace: namespace},
	}
}

// refused are those of the acts that the user may not do.
func refused(ctx context.Context, c *kube.Client, acts []kube.Act) ([]string, error) {
	may, failures := make([]bool, len(acts)), make([]error, len(acts))
	var asking sync.WaitGroup
	for i, a := range acts {
		asking.Go(func() { may[i], failures[i] = c.May(ctx, a) })
	}
	asking.Wait()
	var not []string
	for i, a := range acts {
		if failures[i] != nil {
			return nil, failures[i]
		}
		if !may[i] {
			not = append(not, a.String())
		}
	}
	return not, nil
}

// nodes are the cluster's nodes; not ok where the user may not list them.
func nodes(ctx context.Context, c *kube.Client) (found []corev1.Node, ok bool, err error) {
	list, err := c.Dynamic().Resource(schema.GroupVersionResource{Version: "v1", Resource: "nodes"}).List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("list nodes: %w", err)
	}
	for i := range list.Items {
		n, err := nodeOf(&list.Items[i])
		if err != nil {
			return nil, false, fmt.Errorf("read node %s: %w", list.Items[i].GetName(), err)
		}
		found = append(found, n)
	}
	return found, true, nil
}

func nodeOf(o *unstructured.Unstructured) (n corev1.Node, err error) {
	err = runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &n)
	return n, err
}

// takes says that a node is Ready and takes a lesson's Pods.
func takes(n corev1.Node) bool {
	closed := slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	})
	return ready(n) && !n.Spec.Unschedulable && !closed
}

func ready(n corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// capabilities is what lessons in a namespace may ask of the cluster, with this user's rights. Who
// may not list the nodes knows of one, since Pods run somewhere.
func capabilities(ctx context.Context, c *kube.Client, namespace string) (found cluster.Capabilities, all []corev1.Node, err error) {
	all, see, err := nodes(ctx, c)
	if err != nil {
		return found, nil, err
	}
	found.Nodes, found.ReadNodes = 1, see
	if see {
		found.Nodes = len(slices.DeleteFunc(slices.Clone(all), func(n corev1.Node) bool { return !takes(n) }))
	}
	not, err := refused(ctx, c, []kube.Act{{Verb: "create", Resource: "pods", Subresource: "exec", Namespace: namespace}})
	if err != nil {
		return found, nil, err
	}
	found.Exec = len(not) == 0
	served, err := c.Serves(ctx, "metrics.k8s.io")
	if err != nil || !served {
		return found, all, err
	}
	not, err = refused(ctx, c, []kube.Act{{Verb: "list", Group: "metrics.k8s.io", Resource: "pods", Namespace: namespace}})
	found.Metrics = len(not) == 0
	return found, all, err
}
