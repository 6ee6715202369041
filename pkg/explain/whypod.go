package explain

import (
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// patience is for how long what takes its time is not yet called stuck.
const patience = time.Minute

// pod examines one Pod. One that is ready, or did its work, has no problem.
func (x *examiner) pod(o *unstructured.Unstructured) {
	p := podOf(o)
	switch {
	case p.DeletionTimestamp != nil && !ended(p) && x.onLostNode(o, p):
		return
	case p.DeletionTimestamp != nil:
		x.terminating(o, p)
		return
	case p.Status.Phase == corev1.PodSucceeded:
		return
	case p.Status.Phase == corev1.PodFailed:
		x.failed(o, p)
		return
	case x.onLostNode(o, p):
		return
	case isReady(p):
		x.restarting(o, p)
		return
	}
	if c := podCondition(p, corev1.PodScheduled); p.Spec.NodeName == "" {
		x.unscheduled(o, p, c)
		return
	}
	if x.onNoNode(o, p) {
		return
	}
	found := false
	for _, s := range p.Status.InitContainerStatuses {
		found = x.container(o, p, s, true) || found
	}
	for _, s := range p.Status.ContainerStatuses {
		found = x.container(o, p, s, false) || found
	}
	if !found && !partlyDone(p) && !x.gates(o, p) {
		x.starting(o, p)
	}
}

// partlyDone says that some containers of a Pod did their work, which are not started again, and that the others are ready: it will not
// be Ready any more, and nothing is wrong with that.
func partlyDone(p *corev1.Pod) bool {
	if p.Spec.RestartPolicy == corev1.RestartPolicyAlways || p.Spec.RestartPolicy == "" {
		return false
	}
	done := 0
	for _, s := range p.Status.ContainerStatuses {
		switch {
		case s.State.Terminated != nil && s.State.Terminated.ExitCode == 0:
			done++
		case !s.Ready:
			return false
		}
	}
	return done > 0
}

// lately is for how long a restart is worth a word.
const lately = 2 * time.Minute

// restarting tells of a Pod that is ready and was not a moment ago. One that keeps ending is a crash loop,
// whatever its state at this moment.
func (x *examiner) restarting(o *unstructured.Unstructured, p *corev1.Pod) {
	for _, s := range p.Status.ContainerStatuses {
		if x.beingKilled(o, p, s) {
			continue
		}
		last := s.LastTerminationState.Terminated
		if log := x.logOf(p, s.Name); log != nil && last == nil {
			x.refusedWhileReady(o, p, s.Name, log)
		}
		if last == nil {
			continue
		}
		since := x.now.At.Sub(last.FinishedAt.Time)
		// SIGKILL that is neither the kernel's for memory nor the kubelet's after a probe came from outside, and says nothing of the program.
		struck := last.ExitCode == 137 && last.Reason != "OOMKilled" && x.events.newest(p.UID, withReason("Killing")) == nil
		again := !struck && s.RestartCount >= 3 || !struck && s.RestartCount == 2 && last.ExitCode != 0 && !x.outlived(s, last)
		if (again || last.Reason == "OOMKilled") && since < 5*time.Minute {
			x.crashed(o, p, s, false)
			continue
		}
		if x.killedOnce(o, p, s, last) || since > lately {
			continue
		}
		x.add("Restarted/"+s.Name, o, Problem{
			Code: Restarted, Waiting: true,
			Title:  fmt.Sprintf("Container %s ended a moment ago and runs again", s.Name),
			Chain:  []Link{ending(p, s, last, x.now.At)},
			Advice: "If it ends again, the kubelet waits longer each time before it starts it.",
			Look:   []string{fmt.Sprintf("kubectl logs %s -c %s --previous", p.Name, s.Name)},
		})
	}
}

// outlived says that a container runs for longer than it did the last time.
func (x *examiner) outlived(s corev1.ContainerStatus, last *corev1.ContainerStateTerminated) bool {
	return last == nil || s.State.Running != nil && x.now.At.Sub(s.State.Running.StartedAt.Time) > last.FinishedAt.Sub(last.StartedAt.Time)+5*time.Second
}

// containerField is where the status of a container stands.
func containerField(p *corev1.Pod, container string) string {
	list := "containerStatuses"
	for _, c := range p.Spec.InitContainers {
		if c.Name == container {
			list = "initContainerStatuses"
		}
	}
	return fmt.Sprintf("pod/%s status.%s[%s]", p.Name, list, container)
}

// gates tells of a Pod whose containers are ready and whose readiness gates are not.
func (x *examiner) gates(o *unstructured.Unstructured, p *corev1.Pod) bool {
	c := podCondition(p, corev1.ContainersReady)
	if c == nil || c.Status != corev1.ConditionTrue {
		return false
	}
	for _, gate := range p.Spec.ReadinessGates {
		is := podCondition(p, gate.ConditionType)
		if is != nil && is.Status == corev1.ConditionTrue {
			continue
		}
		said := "no such condition"
		if is != nil {
			said = strings.TrimSpace(fmt.Sprintf("%s %s %s", is.Status, is.Reason, is.Message))
		}
		x.add("Gate/"+string(gate.ConditionType), o, Problem{
			Code: ReadinessGate, Title: fmt.Sprintf("Its containers are ready, and its readiness gate %s is not", gate.ConditionType),
			Chain: []Link{
				{Claim: "It waits for a condition that something outside of it must set.", Evidence: string(gate.ConditionType), From: ref(o) + " spec.readinessGates"},
				{Claim: "That condition is not true.", Evidence: said, From: fmt.Sprintf("%s status.conditions[%s]", ref(o), gate.ConditionType)},
			},
			Advice: "Who sets the condition can't be seen from here: often a load balancer's controller. Is it there?",
			Look:   []string{"kubectl describe pod " + p.Name},
		})
		return true
	}
	return false
}

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
	if lacks, ok := strings.CutPrefix(reason, "OutOf"); ok { // the kubelet's own look, where no scheduler chose the node
		x.add("NoRoom/"+p.Spec.NodeName+"/"+lacks, o, Problem{
			Code: NoRoom, Title: fmt.Sprintf("Node %s has no room for it: not enough %s", p.Spec.NodeName, lacks),
			Chain: []Link{{
				Claim: "The kubelet refused it.", Evidence: fmt.Sprintf("pod/%s  phase Failed: %s %s", p.Name, reason, short(p.Status.Message, 160)), From: ref(o) + " status",
			}},
			Advice: "It names its node, so that no scheduler looked for another. Take spec.nodeName away, or ask for less.",
			Look:   []string{"kubectl describe node " + p.Spec.NodeName, "kubectl describe pod " + p.Name},
		})
		return
	}
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
	index := o.GetAnnotations()[batchv1.JobCompletionIndexAnnotation]
	for _, other := range x.beside(o, "Pod") {
		same := other.GetAnnotations()[batchv1.JobCompletionIndexAnnotation] == index // of an Indexed Job, one does not do another's work
		if theirs := controllerOf(other); theirs != nil && theirs.UID == own.UID && same && podHealth(podOf(other)) == Well {
			return true
		}
	}
	owner := x.w.alive[own.UID]
	switch {
	case owner == nil:
		return false
	case owner.GetKind() == "Job":
		return jobEnded(typed[batchv1.Job](owner), batchv1.JobComplete)
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

// anyStarted says that a container of a Pod was started; then its volumes are mounted.
func anyStarted(p *corev1.Pod) bool {
	for _, s := range append(append([]corev1.ContainerStatus(nil), p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...) {
		if s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil {
			return true
		}
	}
	return false
}

// ownerOf is what controls an object, or nil.
func (x *examiner) ownerOf(o *unstructured.Unstructured) *unstructured.Unstructured {
	if own := controllerOf(o); own != nil {
		return x.w.alive[own.UID]
	}
	return nil
}

// starting tells of a Pod that is on its way, or that waits for a volume.
func (x *examiner) starting(o *unstructured.Unstructured, p *corev1.Pod) {
	if e := x.events.newest(p.UID, withReason("FailedMount", "FailedAttachVolume", "FailedMapVolume")); e != nil && !anyStarted(p) {
		x.volume(o, p, e)
		return
	}
	if e := x.events.newest(p.UID, withReason("FailedCreatePodSandBox")); e != nil {
		x.add("Sandbox", o, Problem{
			Code: Sandbox, Title: "The node can't make room for the Pod",
			Chain: []Link{{Claim: "The runtime failed.", Evidence: x.events.quote(e), From: eventFrom(o, e)}},
			Look:  []string{"kubectl describe pod " + p.Name},
		})
		return
	}
	if x.waitsForName(o, p) {
		return
	}
	key, seen := "Starting", ""
	var there []*unstructured.Unstructured
	for _, s := range p.Status.InitContainerStatuses {
		if found := x.complainedOf(o, p, s.Name, x.logOf(p, s.Name)); s.State.Running != nil && len(found) > 0 {
			there, seen = found, "waits for it, with init container "+s.Name
			key += "/" + p.Name // for a reason of its own
		}
	}
	x.add(key, o, Problem{
		Code: Starting, Waiting: true, Title: "It is starting",
		Chain: []Link{{
			Claim: "Nothing is wrong so far.", Evidence: fmt.Sprintf("pod/%s  %s for %s", p.Name, podStatus(p), age(x.youth(o))), From: ref(o) + " status",
		}},
		Advice: "Give it a moment, and look again.",
	}).hangsOn(seen, there...)
}

// eventFrom is how an event about an object is named as a source.
func eventFrom(o *unstructured.Unstructured, e *corev1.Event) string {
	return "event " + ref(o) + " " + e.Reason
}
