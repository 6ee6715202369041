package explain

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Settled says whether all that hangs together with the targets is as it should be, so that nothing more is
// to be expected; if not, what is waited for. Of the timeline it takes what belonged to them and is owned by
// what is gone.
func Settled(targets []snapshot.Query, now *snapshot.Snapshot, tl *snapshot.Timeline) (bool, string) {
	w := newWorld(now, tl)
	c := w.relate(targets...)
	for _, o := range now.Objects {
		if !c.in[o.GetUID()] {
			continue
		}
		if waits := unsettled(o); waits != "" {
			return false, waits
		}
	}
	return true, ""
}

// unsettled says what an object still waits for; empty when it is as it should be.
func unsettled(o *unstructured.Unstructured) string {
	name := ref(o)
	if o.GetDeletionTimestamp() != nil {
		return name + " to end"
	}
	observed, known, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	switch o.GetKind() {
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet":
		if !known || observed < o.GetGeneration() {
			return "the controller to see " + name
		}
	}
	wanted := replicas(o)
	switch o.GetKind() {
	case "Deployment":
		d := deploymentOf(o)
		if int(d.Status.ReadyReplicas) != wanted || !complete(d) || int(d.Status.AvailableReplicas) != wanted {
			return readyOf(name, int(min(d.Status.ReadyReplicas, d.Status.UpdatedReplicas)), wanted)
		}
	case "ReplicaSet":
		if s := replicaSetOf(o).Status; int(s.ReadyReplicas) != wanted || int(s.Replicas) != wanted {
			return readyOf(name, int(s.ReadyReplicas), wanted)
		}
	case "StatefulSet":
		set := typed[appsv1.StatefulSet](o)
		byHand := set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType
		if s := set.Status; int(s.ReadyReplicas) != wanted || int(s.Replicas) != wanted || s.CurrentRevision != s.UpdateRevision && !byHand {
			return readyOf(name, int(s.ReadyReplicas), wanted)
		}
	case "DaemonSet":
		d := typed[appsv1.DaemonSet](o)
		byHand := d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType
		if s := d.Status; s.NumberReady != s.DesiredNumberScheduled || s.UpdatedNumberScheduled != s.DesiredNumberScheduled && !byHand {
			return readyOf(name, int(min(s.NumberReady, s.UpdatedNumberScheduled)), int(s.DesiredNumberScheduled))
		}
	case "Job":
		if j := typed[batchv1.Job](o); !jobEnded(j, batchv1.JobComplete, batchv1.JobFailed, batchv1.JobSuspended) {
			return name + " to be done"
		}
	case "Pod":
		if p := podOf(o); !isReady(p) && !ended(p) {
			return name + " to be ready"
		}
	}
	return ""
}

func readyOf(name string, ready, wanted int) string {
	return fmt.Sprintf("%s, %d of %s ready", name, ready, snapshot.Count(wanted, "Pod"))
}
