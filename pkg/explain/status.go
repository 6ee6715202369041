package explain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// podStatus is how a Pod is in a word, as kubectl get pods shows it.
func podStatus(p *corev1.Pod) string {
	status := string(p.Status.Phase)
	if p.Status.Reason != "" {
		status = p.Status.Reason
	}
	for _, s := range p.Status.InitContainerStatuses {
		switch {
		case s.State.Waiting != nil && s.State.Waiting.Reason != "" && s.State.Waiting.Reason != "PodInitializing":
			return "Init:" + s.State.Waiting.Reason
		case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0:
			return "Init:Error"
		}
	}
	for _, s := range p.Status.ContainerStatuses {
		switch {
		case s.State.Waiting != nil && s.State.Waiting.Reason != "":
			status = s.State.Waiting.Reason
		case s.State.Terminated != nil && s.State.Terminated.Reason != "":
			status = s.State.Terminated.Reason
		case s.State.Terminated != nil:
			status = fmt.Sprintf("ExitCode:%d", s.State.Terminated.ExitCode)
		}
	}
	if p.DeletionTimestamp != nil && !ended(p) {
		return "Terminating"
	}
	if status == "" {
		return "Pending"
	}
	return status
}

// podHealth is how a Pod is, coarsely.
func podHealth(p *corev1.Pod) Health {
	switch {
	case p.Status.Phase == corev1.PodSucceeded:
		return Well
	case p.Status.Phase == corev1.PodFailed:
		return Unwell
	case p.DeletionTimestamp != nil:
		return Waiting
	case isReady(p):
		return Well
	}
	if troubled(p) {
		return Unwell
	}
	return Waiting
}

// troubled says that something went wrong in a Pod that is not ready, in contrast to one that is on its way.
func troubled(p *corev1.Pod) bool {
	if c := podCondition(p, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse {
		return true
	}
	for _, s := range append(append([]corev1.ContainerStatus(nil), p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...) {
		if w := s.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return true
		}
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
			return true
		}
	}
	return p.Status.Phase == corev1.PodRunning && p.Status.Reason != ""
}
