package explain

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// condition is how an object is, in a word or two.
func condition(o *unstructured.Unstructured) (string, Health) {
	switch o.GetKind() {
	case "Pod":
		p := podOf(o)
		return podWords(o), podHealth(p)
	case "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController":
		return counted(o, replicas(o), statusInt(o, "readyReplicas"))
	case "DaemonSet":
		d := typed[appsv1.DaemonSet](o)
		return counted(o, int(d.Status.DesiredNumberScheduled), int(d.Status.NumberReady))
	case "Job":
		j := typed[batchv1.Job](o)
		switch {
		case j.Status.CompletionTime != nil:
			return "done", Well
		case j.Status.Failed > 0 && j.Status.Active == 0:
			return "failed", Unwell
		}
		return fmt.Sprintf("%d at work", j.Status.Active), Waiting
	}
	if o.GetDeletionTimestamp() != nil {
		return "ending", Waiting
	}
	return "", ""
}

// podWords is a Pod's status, with its restarts where there were some.
func podWords(o *unstructured.Unstructured) string {
	return podLine(podOf(o))
}

// podLine is podWords of a Pod that was read already.
func podLine(p *corev1.Pod) string {
	words := podStatus(p)
	if words == "Running" && !isReady(p) {
		words = "Running, not ready"
	}
	restarts := 0
	for _, s := range p.Status.ContainerStatuses {
		restarts += int(s.RestartCount)
	}
	if restarts > 0 {
		words += ", " + snapshot.Count(restarts, "restart")
	}
	return words
}

func counted(o *unstructured.Unstructured, wanted, ready int) (string, Health) {
	switch {
	case o.GetDeletionTimestamp() != nil:
		return "ending", Waiting
	case wanted == 0 && statusInt(o, "replicas") == 0:
		return "wants no Pods", Well
	case ready >= wanted:
		return fmt.Sprintf("%d of %d ready", ready, wanted), Well
	}
	return fmt.Sprintf("%d of %d ready", ready, wanted), Waiting
}

func statusInt(o *unstructured.Unstructured, field string) int {
	n, _, _ := unstructured.NestedInt64(o.Object, "status", field)
	return int(n)
}
