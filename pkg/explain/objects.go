package explain

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// typed reads an object as a struct of k8s.io/api. What does not fit stays empty: a picture with a
// hole is better than none.
func typed[T any](o *unstructured.Unstructured) *T {
	t := new(T)
	if o != nil {
		_ = runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, t)
	}
	return t
}

func podOf(o *unstructured.Unstructured) *corev1.Pod         { return typed[corev1.Pod](o) }
func nodeOf(o *unstructured.Unstructured) *corev1.Node       { return typed[corev1.Node](o) }
func serviceOf(o *unstructured.Unstructured) *corev1.Service { return typed[corev1.Service](o) }
func replicaSetOf(o *unstructured.Unstructured) *appsv1.ReplicaSet {
	return typed[appsv1.ReplicaSet](o)
}
func deploymentOf(o *unstructured.Unstructured) *appsv1.Deployment {
	return typed[appsv1.Deployment](o)
}
func sliceOf(o *unstructured.Unstructured) *discoveryv1.EndpointSlice {
	return typed[discoveryv1.EndpointSlice](o)
}

// readyCondition is the Pod's condition Ready, or nil.
func readyCondition(p *corev1.Pod) *corev1.PodCondition { return podCondition(p, corev1.PodReady) }

// looksReady is isReady of a Pod that has not ended, without the cost of reading all of it.
func looksReady(o *unstructured.Unstructured) bool {
	status, _ := o.Object["status"].(map[string]any)
	if status["phase"] == "Succeeded" || status["phase"] == "Failed" {
		return false
	}
	conditions, _ := status["conditions"].([]any)
	for _, c := range conditions {
		if m, _ := c.(map[string]any); m["type"] == "Ready" {
			return m["status"] == "True"
		}
	}
	return false
}

func podCondition(p *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == kind {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}

func isReady(p *corev1.Pod) bool {
	c := readyCondition(p)
	return c != nil && c.Status == corev1.ConditionTrue
}

func nodeReady(n *corev1.Node) *corev1.NodeCondition {
	for i := range n.Status.Conditions {
		if n.Status.Conditions[i].Type == corev1.NodeReady {
			return &n.Status.Conditions[i]
		}
	}
	return nil
}

// ended says that a Pod's containers have all run to their end.
func ended(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// controllerOf is the owner that manages an object, or nil.
func controllerOf(o *unstructured.Unstructured) *metav1.OwnerReference {
	if o == nil {
		return nil
	}
	refs := o.GetOwnerReferences()
	for i := range refs {
		if refs[i].Controller != nil && *refs[i].Controller {
			return &refs[i]
		}
	}
	return nil
}

func ownedBy(o *unstructured.Unstructured, uid types.UID) bool {
	for _, r := range o.GetOwnerReferences() {
		if r.UID == uid {
			return true
		}
	}
	return false
}

// matcher is a selector that can be asked; one that is not there, or can't be read, takes nothing.
func matcher(selector *metav1.LabelSelector) labels.Selector {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return labels.Nothing()
	}
	return s
}

func selects(selector *metav1.LabelSelector, o *unstructured.Unstructured) bool {
	return matcher(selector).Matches(labels.Set(o.GetLabels()))
}

// serves says whether a Service's selector takes in a Pod.
func serves(s *corev1.Service, pod *unstructured.Unstructured) bool {
	return len(s.Spec.Selector) > 0 && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.GetLabels()))
}

// replicas is the number that a workload asks for: -1 when it has no such number.
func replicas(o *unstructured.Unstructured) int {
	n, found, err := unstructured.NestedInt64(o.Object, "spec", "replicas")
	switch {
	case err == nil && found:
		return int(n)
	case o.GetKind() == "Deployment", o.GetKind() == "ReplicaSet", o.GetKind() == "StatefulSet":
		return 1 // the API's default
	}
	return -1
}

// ref is an object's kind and name as kubectl takes them.
func ref(o *unstructured.Unstructured) string {
	return strings.ToLower(o.GetKind()) + "/" + o.GetName()
}

// images are what a Pod template's containers run.
func images(spec corev1.PodSpec) string {
	var all []string
	for _, c := range spec.Containers {
		all = append(all, c.Image)
	}
	return strings.Join(all, ", ")
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// second is the moment with the grain that times in objects have.
func second(t time.Time) time.Time { return t.Truncate(time.Second) }
