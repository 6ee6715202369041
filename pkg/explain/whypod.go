package explain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// pod examines one Pod. One that is ready, or did its work, has no problem.
func (x *examiner) pod(o *unstructured.Unstructured) {
	p := podOf(o)
	switch {
	case p.DeletionTimestamp != nil:
		x.terminating(o, p)
		return
	case p.Status.Phase == corev1.PodSucceeded:
		return
	case isReady(p):
		x.restartedLately(o, p)
		return
	case p.Status.Phase == corev1.PodFailed:
		x.failed(o, p)
		return
	}
	if c := podCondition(p, corev1.PodScheduled); p.Spec.NodeName == "" {
		x.unscheduled(o, p, c)
		return
	}
	if n := x.nodes[p.Spec.NodeName]; n != nil {
		if r := nodeReady(n); r != nil && r.Status != corev1.ConditionTrue {
			x.onLostNode(o, p, r)
			return
		}
	}
	found := false
	for _, s := range p.Status.InitContainerStatuses {
		found = x.container(o, p, s, true) || found
	}
	for _, s := range p.Status.ContainerStatuses {
		found = x.container(o, p, s, false) || found
	}
	if !found {
		x.starting(o, p)
	}
}

// lately is for how long a restart is worth a word.
const lately = 2 * time.Minute

// restartedLately tells of a Pod that is ready and was not a moment ago.
func (x *examiner) restartedLately(o *unstructured.Unstructured, p *corev1.Pod) {
	for _, s := range p.Status.ContainerStatuses {
		last := s.LastTerminationState.Terminated
		if last == nil || x.now.At.Sub(last.FinishedAt.Time) > lately {
			continue
		}
		x.add("Restarted/"+s.Name, o, Problem{
			Code: "Restarted", Waiting: true,
			Title: fmt.Sprintf("Container %s ended a moment ago and runs again", s.Name),
			Chain: []Link{{
				Claim:    fmt.Sprintf("Its process ended with %s, %s.", exitWords(last), ago(x.now.At.Sub(last.FinishedAt.Time))),
				Evidence: fmt.Sprintf("lastState: exit code %d, %s; restarts %d", last.ExitCode, last.Reason, s.RestartCount),
			}},
			Advice: "If it ends again, the kubelet waits longer each time before it starts it.",
			Look:   []string{fmt.Sprintf("kubectl logs %s -c %s --previous", p.Name, s.Name)},
		})
	}
}

// container examines one container; false when it has no trouble of its own.
func (x *examiner) container(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, init bool) bool {
	reason := ""
	if s.State.Waiting != nil {
		reason = s.State.Waiting.Reason
	}
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable":
		x.imagePull(o, p, s)
		return true
	case "CreateContainerConfigError":
		x.configMissing(o, p, s)
		return true
	case "CrashLoopBackOff", "RunContainerError", "CreateContainerError", "StartError":
		x.crashLoop(o, p, s)
		return true
	case "", "ContainerCreating", "PodInitializing":
	default:
		x.crashLoop(o, p, s)
		return true
	}
	switch {
	case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0:
		x.crashLoop(o, p, s)
		return true
	case s.State.Running != nil && !s.Ready && !init:
		return x.notReady(o, p, s)
	}
	return false
}

// seen is the first link of a chain: what kubectl get shows of a container.
func seen(p *corev1.Pod, s corev1.ContainerStatus) Link {
	state := "running, not ready"
	switch {
	case s.State.Waiting != nil:
		state = "waiting, " + s.State.Waiting.Reason
	case s.State.Terminated != nil:
		state = "ended, " + s.State.Terminated.Reason
	}
	return Link{
		Claim:    fmt.Sprintf("Container %s does not run.", s.Name),
		Evidence: fmt.Sprintf("pod/%s  container %s: %s", p.Name, s.Name, state),
	}
}

func (x *examiner) imagePull(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) {
	image := imageOf(p, s.Name)
	chain := []Link{seen(p, s)}
	pulled := func(e *corev1.Event) bool {
		return (e.Reason == "Failed" || e.Reason == "InspectFailed") && strings.Contains(e.Message, image)
	}
	if e := x.events.newest(p.UID, pulled); e != nil {
		chain = append(chain, Link{Claim: "The kubelet could not pull it.", Evidence: x.events.quote(e)})
	} else if s.State.Waiting != nil && s.State.Waiting.Message != "" {
		chain = append(chain, Link{Claim: "The kubelet could not pull it.", Evidence: short(plainError(s.State.Waiting.Message), 200)})
	}
	problem := Problem{
		Code:  "ImagePull",
		Title: fmt.Sprintf("The image %s can't be pulled", image),
		Chain: chain,
		Look:  []string{"kubectl describe pod " + p.Name},
	}
	old := x.olderImage(o, s.Name)
	guess := nearImage(image, old)
	switch {
	case guess != "":
		problem.Advice = fmt.Sprintf("The name is %q. Did you mean %s?", repository(image), guess)
	default:
		problem.Advice = "Look at the name and the tag: one letter is enough."
	}
	w := x.workload(o)
	if old != "" {
		problem.Advice += fmt.Sprintf(" The version before ran %s.", old)
	}
	if w != nil && w.GetKind() == "Deployment" && old != "" {
		problem.Back = []string{"kubectl rollout undo " + ref(w)}
	}
	problem.Try = fixImage(w, p, s.Name, guess)
	x.add("ImagePull/"+image, o, problem)
}

// fixImage is the command that gives a container another image.
func fixImage(w *unstructured.Unstructured, p *corev1.Pod, container, image string) []string {
	if image == "" {
		image = "IMAGE"
	}
	target := "pod/" + p.Name
	if w != nil {
		target = ref(w)
	}
	return []string{fmt.Sprintf("kubectl set image %s %s=%s", target, container, image)}
}

func (x *examiner) configMissing(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) {
	said := s.State.Waiting.Message
	x.add("ConfigMissing/"+s.Name+said, o, Problem{
		Code:  "ConfigMissing",
		Title: fmt.Sprintf("Container %s needs something that is not there", s.Name),
		Chain: []Link{seen(p, s), {Claim: "The kubelet looked for it.", Evidence: short(said, 160)}},
		Advice: "The Pod waits for it; nothing needs to be restarted once it is there. " +
			"A name in the Pod and a name of a ConfigMap or Secret differ, or the key in it.",
		Look: []string{"kubectl get configmaps,secrets", "kubectl describe pod " + p.Name},
	})
}

// crashLoop tells of a container that ends again and again, or can't be started at all.
func (x *examiner) crashLoop(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) {
	chain := []Link{seen(p, s)}
	last := s.LastTerminationState.Terminated
	if s.State.Terminated != nil {
		last = s.State.Terminated
	}
	problem := Problem{
		Code:  "CrashLoop",
		Title: fmt.Sprintf("Container %s ends, is started again, and ends again", s.Name),
		Look:  []string{fmt.Sprintf("kubectl logs %s -c %s --previous", p.Name, s.Name)},
	}
	key := "CrashLoop/" + s.Name
	switch {
	case last != nil && (last.Reason == "StartError" || last.Reason == "ContainerCannotRun"), last == nil:
		problem.Title = fmt.Sprintf("Container %s can't be started", s.Name)
		said := ""
		if last != nil {
			said = last.Message
		} else if s.State.Waiting != nil {
			said = s.State.Waiting.Message
		}
		chain = append(chain, Link{Claim: "The runtime could not start its command.", Evidence: short(said, 160)})
		problem.Advice = "Look at the container's command and args: the program must be in the image."
		problem.Look = []string{"kubectl describe pod " + p.Name}
	default:
		chain = append(chain, Link{
			Claim:    fmt.Sprintf("Its process ended with %s.", exitWords(last)),
			Evidence: fmt.Sprintf("lastState: exit code %d, %s; restarts %d", last.ExitCode, last.Reason, s.RestartCount),
		})
		problem.Advice = exitAdvice(last)
		key += fmt.Sprint(last.ExitCode)
	}
	if e := x.events.newest(p.UID, failedProbe("Liveness")); e != nil {
		problem.Code = "ProbeFailing"
		problem.Title = fmt.Sprintf("Container %s is killed again and again: its liveness probe fails", s.Name)
		chain = append(chain, Link{Claim: "The liveness probe failed, so the kubelet ended the container.", Evidence: x.events.quote(e)})
		problem.Advice = "Either the program hangs, or the probe asks the wrong thing: compare its port and path with what the program serves."
		problem.Look = append(problem.Look, "kubectl describe pod "+p.Name)
		key = "LivenessProbe/" + s.Name
	}
	if e := x.events.newest(p.UID, withReason("BackOff")); e != nil && len(chain) < 4 && problem.Code == "CrashLoop" {
		chain = append(chain, Link{Claim: "The kubelet waits longer each time before it starts it again.", Evidence: x.events.quote(e)})
	}
	problem.Chain = chain
	x.add(key, o, problem)
}

func exitAdvice(t *corev1.ContainerStateTerminated) string {
	switch {
	case t.Reason == "OOMKilled":
		return "It used more memory than its limit. Raise resources.limits.memory, or make it use less."
	case t.ExitCode == 0:
		return "The program did its work and ended. Something that shall run for ever must not end; a Job is for what ends."
	case t.ExitCode == 127:
		return "127 is a shell's way to say that it found no such command."
	case t.ExitCode == 126:
		return "126 is a shell's way to say that it may not run the command."
	case t.ExitCode == 137:
		return "137 is 128 + 9: it was killed with SIGKILL, by the kernel, the kubelet or somebody."
	case t.ExitCode == 143:
		return "143 is 128 + 15: it was asked to end with SIGTERM."
	}
	return "The program itself gave up. What it wrote last says why."
}

func failedProbe(which string) func(*corev1.Event) bool {
	return func(e *corev1.Event) bool {
		return e.Reason == "Unhealthy" && strings.HasPrefix(e.Message, which+" probe failed") ||
			e.Reason == "Unhealthy" && strings.HasPrefix(e.Message, which+" probe errored")
	}
}

// notReady tells of a container that runs and is not ready; false when nothing says why.
func (x *examiner) notReady(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) bool {
	for _, which := range []string{"Readiness", "Startup", "Liveness"} {
		e := x.events.newest(p.UID, failedProbe(which))
		if e == nil {
			continue
		}
		probe := strings.ToLower(which)
		x.add("Probe/"+probe+"/"+s.Name, o, Problem{
			Code:  "ProbeFailing",
			Title: fmt.Sprintf("Container %s runs, and its %s probe fails", s.Name, probe),
			Chain: []Link{
				{Claim: fmt.Sprintf("Container %s runs and is not ready.", s.Name), Evidence: fmt.Sprintf("pod/%s  container %s: running, not ready", p.Name, s.Name)},
				{Claim: "The kubelet asked, and got no good answer.", Evidence: x.events.quote(e)},
				{Claim: "That is what it asks.", Evidence: probeOf(p, s.Name, which)},
			},
			Advice: "While it is not ready, no Service sends it requests. Compare the probe's port and path with what the program serves.",
			Look:   []string{"kubectl describe pod " + p.Name, fmt.Sprintf("kubectl logs %s -c %s", p.Name, s.Name)},
		})
		return true
	}
	return false
}

// probeOf writes a container's probe in a line.
func probeOf(p *corev1.Pod, container, which string) string {
	for _, c := range p.Spec.Containers {
		if c.Name != container {
			continue
		}
		probe := map[string]*corev1.Probe{"Readiness": c.ReadinessProbe, "Liveness": c.LivenessProbe, "Startup": c.StartupProbe}[which]
		if probe == nil {
			break
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
	}
	return "the Pod has no such probe any more"
}

func (x *examiner) onLostNode(o *unstructured.Unstructured, p *corev1.Pod, r *corev1.NodeCondition) {
	node := p.Spec.NodeName
	problem := Problem{
		Code:  "NodeDown",
		Title: fmt.Sprintf("Node %s is not there any more", node),
		Chain: []Link{
			{Claim: "The Pod's node is NotReady.", Evidence: fmt.Sprintf("node/%s  condition Ready=%s: %s", node, r.Status, r.Message)},
		},
		Advice: "Nobody knows how the Pod is. After a while it is evicted, and what owns it makes another elsewhere.",
		Look:   []string{"kubectl get nodes", "kubectl describe node " + node},
	}
	if x.workload(o) == nil {
		problem.Advice = "Nobody knows how the Pod is. Nothing owns it, so nothing will make another elsewhere."
	}
	x.add("NodeDown/"+node, o, problem)
}

func (x *examiner) terminating(o *unstructured.Unstructured, p *corev1.Pod) {
	grace := int64(0)
	if p.DeletionGracePeriodSeconds != nil {
		grace = *p.DeletionGracePeriodSeconds
	}
	over := x.now.At.Sub(p.DeletionTimestamp.Time)
	problem := Problem{
		Code: "Terminating", Waiting: true, Title: "Its containers are asked to end",
		Chain:  []Link{{Claim: "Somebody deleted it.", Evidence: fmt.Sprintf("deletionTimestamp, grace period %d s", grace)}},
		Advice: "It goes when its containers have ended, or when the grace period is over.",
	}
	if over > 10*time.Second {
		problem.Waiting = false
		problem.Title = "It should be gone and is not"
		problem.Advice = fmt.Sprintf("Its grace period ended %s. Its node does not answer, or a finalizer holds it.", ago(over))
		if len(p.Finalizers) > 0 {
			problem.Chain = append(problem.Chain, Link{Claim: "Finalizers hold it.", Evidence: strings.Join(p.Finalizers, ", ")})
		}
		problem.Look = []string{"kubectl get nodes", "kubectl get pod " + p.Name + " -o yaml"}
	}
	x.add(problem.Title, o, problem)
}

func (x *examiner) failed(o *unstructured.Unstructured, p *corev1.Pod) {
	reason := p.Status.Reason
	if reason == "" {
		reason = "its containers failed"
	}
	link := Link{Claim: "The Pod is over and is not started again.", Evidence: fmt.Sprintf("pod/%s  phase Failed: %s %s", p.Name, reason, short(p.Status.Message, 120))}
	x.add("Failed/"+reason, o, Problem{
		Code: "Failed", Title: "It ended and failed: " + reason, Chain: []Link{link},
		Look: []string{"kubectl describe pod " + p.Name, "kubectl logs " + p.Name},
	})
}

// starting tells of a Pod that is on its way, or that waits for a volume.
func (x *examiner) starting(o *unstructured.Unstructured, p *corev1.Pod) {
	if e := x.events.newest(p.UID, withReason("FailedMount", "FailedAttachVolume", "FailedMapVolume")); e != nil {
		x.add("Volume", o, Problem{
			Code: "VolumeNotReady", Title: "A volume can't be put into the Pod",
			Chain: []Link{
				{Claim: "No container was started yet.", Evidence: fmt.Sprintf("pod/%s  %s", p.Name, podStatus(p))},
				{Claim: "The kubelet waits for the volume.", Evidence: x.events.quote(e)},
			},
			Advice: "The Pod starts by itself once what the volume needs is there.",
			Look:   []string{"kubectl describe pod " + p.Name},
		})
		return
	}
	if e := x.events.newest(p.UID, withReason("FailedCreatePodSandBox")); e != nil {
		x.add("Sandbox", o, Problem{
			Code: "Sandbox", Title: "The node can't make room for the Pod",
			Chain: []Link{{Claim: "The runtime failed.", Evidence: x.events.quote(e)}}, Look: []string{"kubectl describe pod " + p.Name},
		})
		return
	}
	x.add("Starting", o, Problem{
		Code: "Starting", Waiting: true, Title: "It is starting",
		Chain:  []Link{{Claim: "Nothing is wrong so far.", Evidence: fmt.Sprintf("pod/%s  %s for %s", p.Name, podStatus(p), age(x.youth(o)))}},
		Advice: "Give it a moment, and look again.",
	})
}
