package explain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func (x *examiner) terminating(o *unstructured.Unstructured, p *corev1.Pod) {
	grace := int64(0)
	if p.DeletionGracePeriodSeconds != nil {
		grace = *p.DeletionGracePeriodSeconds
	}
	over := x.now.At.Sub(p.DeletionTimestamp.Time)
	problem := Problem{
		Code: Ending, Waiting: true, Title: "Its containers are asked to end",
		Chain: []Link{{
			Claim: "Somebody deleted it.", Evidence: fmt.Sprintf("deletionTimestamp, grace period %d s", grace), From: ref(o) + " metadata.deletionTimestamp",
		}},
		Advice: "It goes when its containers have ended, or when the grace period is over.",
	}
	node := x.lostNode(p)
	if over > 10*time.Second {
		problem.Code, problem.Waiting = Terminating, false
		problem.Title = "It should be gone and is not"
		problem.Advice = fmt.Sprintf("Its grace period ended %s. What keeps it can't be seen: its node should have ended it.", ago(over))
		problem.Look = []string{"kubectl get nodes", "kubectl get pod " + p.Name + " -o yaml"}
		switch {
		case len(p.Finalizers) > 0:
			problem.Title = "It was deleted, and a finalizer holds it"
			problem.Chain = append(problem.Chain, Link{
				Claim: "Finalizers hold it.", Evidence: strings.Join(p.Finalizers, ", "), From: ref(o) + " metadata.finalizers",
			})
			problem.Advice = "Whoever put the finalizer there takes it away when its work is done. Is that program there?"
		case node != nil:
			problem.Advice = "Its node does not answer, and nobody else can say that its containers have ended."
		}
	}
	x.add(problem.Title, o, problem).hangsOn("can't end, since its node does not answer", node)
}

func (x *examiner) failed(o *unstructured.Unstructured, p *corev1.Pod) {
	if x.replaced(o) {
		return
	}
	switch {
	case p.Status.Reason == "Evicted":
		x.evicted(o, p)
		return
	case p.Status.Reason == "DeadlineExceeded":
		x.pastDeadline(o, p)
		return
	}
	for _, s := range append(append([]corev1.ContainerStatus(nil), p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...) {
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
			x.crashed(o, p, s, false)
			return
		}
	}
	reason := p.Status.Reason
	if reason == "" {
		reason = "its containers failed"
	}
	x.add("Failed/"+reason, o, Problem{
		Code: Failed, Title: "It ended and failed: " + reason,
		Chain: []Link{{
			Claim:    "The Pod is over and is not started again.",
			Evidence: fmt.Sprintf("pod/%s  phase Failed: %s %s", p.Name, reason, short(p.Status.Message, 120)), From: ref(o) + " status",
		}},
		Look: []string{"kubectl describe pod " + p.Name, "kubectl logs " + p.Name},
	})
}

// replaced says that a Pod which failed is of the past: its owner has what it wants by now.
func (x *examiner) replaced(o *unstructured.Unstructured) bool {
	own := controllerOf(o)
	if own == nil {
		return false
	}
	for _, other := range x.beside(o, "Pod") {
		if theirs := controllerOf(other); theirs != nil && theirs.UID == own.UID && podHealth(podOf(other)) == Well {
			return true
		}
	}
	owner := x.w.alive[own.UID]
	switch {
	case owner == nil:
		return false
	case owner.GetKind() == "Job":
		return jobEnded(owner, "Complete")
	case replicas(owner) >= 0:
		return statusInt(owner, "readyReplicas") >= replicas(owner)
	}
	return false
}

func (x *examiner) evicted(o *unstructured.Unstructured, p *corev1.Pod) {
	f := x.add("Evicted/"+short(p.Status.Message, 60), o, Problem{
		Code: Evicted, Title: "The kubelet ended it to keep its node usable",
		Chain: []Link{{
			Claim: "The Pod was evicted and is not started again.", Evidence: short(p.Status.Message, 240), From: ref(o) + " status.message",
		}},
		Advice: "What it used and what it may use stand in the message. Raise the limit, or have it use less.",
		Look:   []string{"kubectl describe pod " + p.Name},
	})
	if strings.Contains(p.Status.Message, "node was low on resource") || strings.Contains(p.Status.Message, "node had condition") {
		f.Advice = "Its node ran short, and it used more than it had asked for. Ask for what it needs: resources.requests."
		if n := x.nodes[p.Spec.NodeName]; n != nil && x.pressed(n) {
			f.hangsOn("was evicted", n)
		}
	}
}

func (x *examiner) pastDeadline(o *unstructured.Unstructured, p *corev1.Pod) {
	limit := "its activeDeadlineSeconds"
	if p.Spec.ActiveDeadlineSeconds != nil {
		limit = fmt.Sprintf("activeDeadlineSeconds %d", *p.Spec.ActiveDeadlineSeconds)
	}
	x.add("Deadline", o, Problem{
		Code: DeadlineExceeded, Title: "It ran longer than it may, and was ended",
		Chain: []Link{
			{Claim: "The Pod is over.", Evidence: "Failed, DeadlineExceeded: " + short(p.Status.Message, 120), From: ref(o) + " status"},
			{Claim: "That is the time it had.", Evidence: limit, From: ref(o) + " spec.activeDeadlineSeconds"},
		},
		Advice: "Give it more time, or none at all to count.",
		Look:   []string{"kubectl logs " + p.Name},
	}).hangsOn("ran longer than it may", x.ownerOf(o))
}
