package explain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func failedProbe(which string) func(*corev1.Event) bool {
	return func(e *corev1.Event) bool {
		return e.Reason == "Unhealthy" && strings.HasPrefix(e.Message, which+" probe failed") ||
			e.Reason == "Unhealthy" && strings.HasPrefix(e.Message, which+" probe errored")
	}
}

// killers are the probes for which a kubelet ends a container.
var killers = []string{"Liveness", "Startup"}

const adviceOnKill = "Either the program hangs, or the probe asks the wrong thing: compare its port and path with what the program serves."

// killing is the last event that says that the kubelet ends a container for a probe, or nil.
func (x *examiner) killing(p *corev1.Pod, container, which string) *corev1.Event {
	return x.events.newest(p.UID, func(e *corev1.Event) bool {
		return e.Reason == "Killing" && strings.Contains(e.Message, container+" failed "+strings.ToLower(which)+" probe")
	})
}

// killedOnce tells of a container that is ready again, and ended since a probe failed; false where it ended otherwise, or
// long ago. It is a cause where the probe fails in the new process, too.
func (x *examiner) killedOnce(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, last *corev1.ContainerStateTerminated) bool {
	for _, which := range killers {
		killing := x.killing(p, s.Name, which)
		if killing == nil || last.Reason == "OOMKilled" || !endedFrom(p, last, lastSeen(killing)) {
			continue
		}
		probe := strings.ToLower(which)
		problem := Problem{
			Code: Restarted, Waiting: true, Title: fmt.Sprintf("Container %s was killed a moment ago, since its %s probe failed, and runs again", s.Name, probe),
			Chain: []Link{
				ending(p, s, last, x.now.At),
				{Claim: fmt.Sprintf("The kubelet ended it: its %s probe had failed.", probe), Evidence: x.events.quote(killing), From: eventFrom(o, killing)},
			},
			Advice: "If the probe fails again, it is killed again. " + adviceOnKill,
			Look:   []string{"kubectl describe pod " + p.Name, fmt.Sprintf("kubectl logs %s -c %s --previous", p.Name, s.Name)},
		}
		failed := x.events.newest(p.UID, failedProbe(which))
		if failed != nil && s.State.Running != nil && lastSeen(failed).After(s.State.Running.StartedAt.Time.Add(time.Second)) {
			problem.Code, problem.Waiting = ProbeFailing, false
			problem.Title = fmt.Sprintf("Container %s was killed since its %s probe failed, and the probe fails again", s.Name, probe)
			problem.Chain = append(problem.Chain, Link{Claim: "In the new process it gets no good answer either.", Evidence: x.events.quote(failed), From: eventFrom(o, failed)})
			problem.Advice = adviceOnKill
			x.backOf(o, &problem)
		} else if x.now.At.Sub(last.FinishedAt.Time) > lately {
			return false
		}
		problem.Chain = append(problem.Chain, probeLink(p, s.Name, which))
		x.add(which+"Probe/"+s.Name, o, problem)
		return true
	}
	return false
}

// ending is the link that says how a container's process ended last, and when.
func ending(p *corev1.Pod, s corev1.ContainerStatus, last *corev1.ContainerStateTerminated, now time.Time) Link {
	return Link{
		Claim:    fmt.Sprintf("Its process ended with %s, %s.", exitWords(last), ago(now.Sub(last.FinishedAt.Time))),
		Evidence: fmt.Sprintf("lastState: exit code %d, %s; restarts %d", last.ExitCode, last.Reason, s.RestartCount),
		From:     containerField(p, s.Name) + ".lastState.terminated",
	}
}

// notReady tells of a container that runs and is not ready; false when nothing says why.
func (x *examiner) notReady(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) bool {
	for _, which := range []string{"Readiness", "Startup", "Liveness"} {
		e := x.events.newest(p.UID, failedProbe(which))
		if e == nil || x.mayStillStart(p, s, which) {
			continue
		}
		probe := strings.ToLower(which)
		problem := Problem{
			Code:  ProbeFailing,
			Title: fmt.Sprintf("Container %s runs, and its %s probe fails", s.Name, probe),
			Chain: []Link{
				seen(p, s),
				{Claim: "The kubelet asked, and got no good answer.", Evidence: x.events.quote(e), From: eventFrom(o, e)},
				probeLink(p, s.Name, which),
			},
			Advice: "While it is not ready, no Service sends it requests. Compare the probe's port and path with what the program serves.",
			Look:   []string{"kubectl describe pod " + p.Name, fmt.Sprintf("kubectl logs %s -c %s", p.Name, s.Name)},
		}
		x.backOf(o, &problem)
		x.add("Probe/"+probe+"/"+s.Name, o, problem)
		return true
	}
	return x.silentProbe(o, p, s)
}

// beingKilled tells of a container that the kubelet is ending at this moment since a probe failed: its process has the grace period to
// end, and is not counted as restarted yet.
func (x *examiner) beingKilled(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) bool {
	if s.State.Running == nil {
		return false
	}
	for _, which := range killers {
		probe := strings.ToLower(which)
		killing := x.killing(p, s.Name, which)
		// Events tell whole seconds: one of the second in which it began is of the process before.
		if killing == nil || !lastSeen(killing).After(s.State.Running.StartedAt.Time.Add(time.Second)) {
			continue
		}
		problem := Problem{
			Code: ProbeFailing, Title: fmt.Sprintf("Container %s is being killed: its %s probe fails", s.Name, probe),
			Chain: []Link{
				{
					Claim: "It still runs, and was told to end.", Evidence: fmt.Sprintf("pod/%s  container %s: running, restarts %d", p.Name, s.Name, s.RestartCount), From: containerField(p, s.Name) + ".state.running",
				},
				{Claim: "The kubelet ends it, to start it anew.", Evidence: x.events.quote(killing), From: eventFrom(o, killing)},
			},
			Advice: adviceOnKill,
			Look:   []string{"kubectl describe pod " + p.Name, fmt.Sprintf("kubectl logs %s -c %s", p.Name, s.Name)},
		}
		if e := x.events.newest(p.UID, failedProbe(which)); e != nil {
			problem.Chain = append(problem.Chain, Link{Claim: "The probe got no good answer.", Evidence: x.events.quote(e), From: eventFrom(o, e)})
		}
		problem.Chain = append(problem.Chain, probeLink(p, s.Name, which))
		if grace := p.Spec.TerminationGracePeriodSeconds; grace != nil {
			problem.Advice += fmt.Sprintf(" Until it ends, for %d s at most, it counts as it did.", *grace)
		}
		x.backOf(o, &problem)
		x.add(which+"Probe/"+s.Name, o, problem)
		return true
	}
	return false
}

// silentProbe tells of a container that has not been ready for long, where no event says what its probe got: events
// may be gone, or not for us to read.
func (x *examiner) silentProbe(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) bool {
	probe := probeNamed(p, s.Name, "Readiness")
	if probe == nil || s.State.Running == nil || x.mayStillStart(p, s, "Readiness") || x.mayStillStart(p, s, "Startup") {
		return false
	}
	since := x.now.At.Sub(s.State.Running.StartedAt.Time)
	if since < patience {
		return false
	}
	x.add("Probe/readiness/"+s.Name, o, Problem{
		Code: ProbeFailing, Title: fmt.Sprintf("Container %s runs for %s and is not ready: its readiness probe has not passed", s.Name, age(since)),
		Chain:  []Link{seen(p, s), probeLink(p, s.Name, "Readiness")},
		Advice: "What the probe got can't be seen: there is no event about it that may be read.",
		Look:   []string{"kubectl describe pod " + p.Name, fmt.Sprintf("kubectl logs %s -c %s", p.Name, s.Name)},
	})
	return true
}

// mayStillStart says that a container is within the time that its probe allows for the start.
func (x *examiner) mayStillStart(p *corev1.Pod, s corev1.ContainerStatus, which string) bool {
	probe := probeNamed(p, s.Name, which)
	if probe == nil || s.State.Running == nil {
		return false
	}
	since := x.now.At.Sub(s.State.Running.StartedAt.Time)
	allowed := int64(probe.InitialDelaySeconds) + int64(max(probe.PeriodSeconds, 1))*int64(max(probe.FailureThreshold, 3))
	return since < time.Duration(allowed)*time.Second
}

func probeNamed(p *corev1.Pod, container, which string) *corev1.Probe {
	for _, c := range append(append([]corev1.Container(nil), p.Spec.InitContainers...), p.Spec.Containers...) {
		if c.Name == container {
			return map[string]*corev1.Probe{"Readiness": c.ReadinessProbe, "Liveness": c.LivenessProbe, "Startup": c.StartupProbe}[which]
		}
	}
	return nil
}

// probeLink says what a probe asks.
func probeLink(p *corev1.Pod, container, which string) Link {
	return Link{
		Claim: "That is what it asks.", Evidence: probeOf(p, container, which),
		From: fmt.Sprintf("pod/%s spec.containers[%s].%sProbe", p.Name, container, strings.ToLower(which)),
	}
}

// probeOf writes a container's probe in a line.
func probeOf(p *corev1.Pod, container, which string) string {
	probe := probeNamed(p, container, which)
	if probe == nil {
		return "the Pod has no such probe any more"
	}
	every := fmt.Sprintf("every %d s", max(probe.PeriodSeconds, 1))
	name := strings.ToLower(which) + "Probe"
	switch {
	case probe.HTTPGet != nil:
		return fmt.Sprintf("%s: GET port %s path %s, %s", name, probe.HTTPGet.Port.String(), probe.HTTPGet.Path, every)
	case probe.TCPSocket != nil:
		return fmt.Sprintf("%s: connect to port %s, %s", name, probe.TCPSocket.Port.String(), every)
	case probe.Exec != nil:
		return fmt.Sprintf("%s: run %s, %s", name, strings.Join(probe.Exec.Command, " "), every)
	case probe.GRPC != nil:
		return fmt.Sprintf("%s: gRPC on port %d, %s", name, probe.GRPC.Port, every)
	}
	return name
}
