package explain

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// rewind is an object as it must have been at a moment, told from what it says of itself later; nil
// when it was not there yet. Only what its own times prove is taken back.
func rewind(o *unstructured.Unstructured, to time.Time) *unstructured.Unstructured {
	if o.GetCreationTimestamp().After(to) {
		return nil
	}
	before := o.DeepCopy()
	if d := o.GetDeletionTimestamp(); d != nil {
		grace := time.Duration(0)
		if g := o.GetDeletionGracePeriodSeconds(); g != nil {
			grace = time.Duration(*g) * time.Second
		}
		if !d.Add(-grace).Before(second(to)) {
			before.SetDeletionTimestamp(nil)
			before.SetDeletionGracePeriodSeconds(nil)
		}
	}
	if o.GetKind() == "Pod" {
		rewindPod(before, to)
	}
	return before
}

func rewindPod(o *unstructured.Unstructured, to time.Time) {
	p := podOf(o)
	if c := readyCondition(p); c != nil && !c.LastTransitionTime.Before(&metav1.Time{Time: second(to)}) {
		if c.Status == corev1.ConditionTrue {
			c.Status = corev1.ConditionFalse
		} else {
			c.Status = corev1.ConditionTrue
		}
	}
	for i := range p.Status.ContainerStatuses {
		rewindContainer(&p.Status.ContainerStatuses[i], to)
	}
	status, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&p.Status)
	if err == nil {
		o.Object["status"] = status
	}
}

// rewindContainer undoes a restart that came after the moment.
func rewindContainer(s *corev1.ContainerStatus, to time.Time) {
	ran := s.LastTerminationState.Terminated
	if s.State.Running != nil && ran != nil && !ran.FinishedAt.Before(&metav1.Time{Time: second(to)}) && s.RestartCount > 0 {
		s.RestartCount--
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: ran.StartedAt}
		s.LastTerminationState = corev1.ContainerState{}
		return
	}
	if t := s.State.Terminated; t != nil && !t.FinishedAt.Before(&metav1.Time{Time: second(to)}) {
		s.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: t.StartedAt}}
	}
}
