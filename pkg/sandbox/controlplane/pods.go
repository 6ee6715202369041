package controlplane

import (
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// runningPods shows the API server's own cache of Pods as the one that metrics-server keeps: the
// metadata of those that run.
type runningPods struct{ pods listers.PodLister }

var _ cache.GenericLister = runningPods{}

// List implements cache.GenericLister.
func (r runningPods) List(s labels.Selector) ([]runtime.Object, error) {
	return metadataOfRunning(r.pods.List(s))
}

// Get implements cache.GenericLister; nobody asks for a Pod without its namespace.
func (r runningPods) Get(name string) (runtime.Object, error) {
	return nil, apierrors.NewNotFound(corev1.Resource("pods"), name)
}

// ByNamespace implements cache.GenericLister; an empty namespace means all.
func (r runningPods) ByNamespace(namespace string) cache.GenericNamespaceLister {
	return runningPodsIn{r.pods, namespace}
}

type runningPodsIn struct {
	pods      listers.PodLister
	namespace string
}

func (r runningPodsIn) List(s labels.Selector) ([]runtime.Object, error) {
	return metadataOfRunning(r.pods.Pods(r.namespace).List(s))
}

func (r runningPodsIn) Get(name string) (runtime.Object, error) {
	p, err := r.pods.Pods(r.namespace).Get(name)
	if err != nil {
		return nil, err
	}
	found, err := metadataOfRunning([]*corev1.Pod{p}, nil)
	if err == nil && len(found) == 0 {
		err = apierrors.NewNotFound(corev1.Resource("pods"), name)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func metadataOfRunning(pods []*corev1.Pod, err error) ([]runtime.Object, error) {
	out := make([]runtime.Object, 0, len(pods))
	for _, p := range pods {
		if p.Status.Phase == corev1.PodRunning {
			out = append(out, &metav1.PartialObjectMetadata{ObjectMeta: p.ObjectMeta})
		}
	}
	return out, err
}
