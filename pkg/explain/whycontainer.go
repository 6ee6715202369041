package explain

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// container examines one container; false when it has no trouble of its own.
func (x *examiner) container(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, init bool) bool {
	reason := ""
	if s.State.Waiting != nil {
		reason = s.State.Waiting.Reason
	}
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable":
		if snapshot.PullsAnother(s.State.Waiting.Message, imageOf(p, s.Name)) {
			return false
		}
		x.imagePull(o, p, s)
		return true
	case "CreateContainerConfigError":
		x.configError(o, p, s)
		return true
	case "", "ContainerCreating", "PodInitializing":
	default:
		x.crashed(o, p, s, init)
		return true
	}
	switch {
	case x.beingKilled(o, p, s):
		return true
	case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0:
		x.crashed(o, p, s, init)
		return true
	case s.State.Terminated != nil && !init && p.Spec.RestartPolicy == corev1.RestartPolicyAlways: // it ended well, and was to run on
		x.crashed(o, p, s, init)
		return true
	case s.State.Running != nil && s.RestartCount > 0 && init && s.LastTerminationState.Terminated != nil && s.LastTerminationState.Terminated.ExitCode != 0:
		x.crashed(o, p, s, init)
		return true
	case s.State.Running != nil && !s.Ready && s.RestartCount >= 2 && !x.outlived(s, s.LastTerminationState.Terminated):
		x.crashed(o, p, s, init)
		return true
	case s.State.Running != nil && !s.Ready && !init:
		return x.notReady(o, p, s)
	}
	return false
}

// seen is the first link of a chain: what kubectl get shows of a container.
func seen(p *corev1.Pod, s corev1.ContainerStatus) Link {
	claim, state, field := "Container %s does not run.", "running, not ready", ".state.running"
	switch {
	case s.State.Waiting != nil:
		state, field = "waiting, "+s.State.Waiting.Reason, ".state.waiting"
	case s.State.Terminated != nil:
		state, field = "ended, "+s.State.Terminated.Reason, ".state.terminated"
	case s.Ready:
		claim, state = "Container %s runs, for the moment.", fmt.Sprintf("running; restarts %d", s.RestartCount)
	default:
		claim = "Container %s runs and is not ready."
	}
	return Link{
		Claim:    fmt.Sprintf(claim, s.Name),
		Evidence: fmt.Sprintf("pod/%s  container %s: %s", p.Name, s.Name, state),
		From:     containerField(p, s.Name) + field,
	}
}

// lastEnd is how a container's process ended last, or nil.
func lastEnd(s corev1.ContainerStatus) (*corev1.ContainerStateTerminated, string) {
	if s.State.Terminated != nil {
		return s.State.Terminated, ".state.terminated"
	}
	return s.LastTerminationState.Terminated, ".lastState.terminated"
}

// crashed tells of a container that ends again and again, that ended for good, or that can't be started at all.
func (x *examiner) crashed(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, init bool) {
	last, field := lastEnd(s)
	problem := Problem{Chain: []Link{seen(p, s)}}
	log := x.logOf(p, s.Name)
	switch {
	case last == nil || last.Reason == "StartError" || last.Reason == "ContainerCannotRun":
		x.cannotStart(o, p, s, last)
		return
	case x.killedByProbe(o, p, s, last):
		return
	}
	problem.Chain = append(problem.Chain, Link{
		Claim:    fmt.Sprintf("Its process ended with %s.", exitWords(last)),
		Evidence: fmt.Sprintf("%s: exit code %d, %s; restarts %d", strings.TrimSuffix(strings.TrimPrefix(field, "."), ".terminated"), last.ExitCode, last.Reason, s.RestartCount),
		From:     containerField(p, s.Name) + field,
	})
	if log != nil && len(log.Lines) > 0 {
		problem.Chain = append(problem.Chain, lastWords(log))
	} else if unread := x.unreadLog(p, s.Name); unread != nil {
		problem.Chain = append(problem.Chain, Link{Claim: "What it wrote last could not be read.", Evidence: short(unread.Error, 200), From: logFrom(unread)})
	}
	problem.Advice = exitAdvice(last, log)
	problem.Look = []string{logCommand(p, s)}
	problem.Code, problem.Title = x.crashCode(o, p, s, last, init)
	key := fmt.Sprintf("%s/%s/%d", problem.Code, s.Name, last.ExitCode)
	switch problem.Code {
	case OOMKilled:
		x.outOfMemory(p, s, &problem)
		x.byLimitRange(o, &problem, "limit for container "+s.Name)
	case BadCommand:
		problem.Chain = append(problem.Chain, commandLink(p, s.Name)...)
	case HookFailed:
		e := x.events.newest(p.UID, withReason("FailedPostStartHook"))
		problem.Chain = append(problem.Chain, Link{Claim: "The kubelet ran the hook, and it failed.", Evidence: x.events.quote(e), From: eventFrom(o, e)})
		problem.Advice = "A container whose postStart hook fails is ended. Compare lifecycle.postStart with what the image has."
		problem.Look = []string{"kubectl describe pod " + p.Name}
	case CrashLoop, InitFailing, Failed:
		if x.blamed(o, p, s, log, problem.Chain) {
			return
		}
	}
	if e := x.events.newest(p.UID, withReason("BackOff")); e != nil && len(problem.Chain) < 4 && problem.Code == CrashLoop {
		problem.Chain = append(problem.Chain, Link{
			Claim: "The kubelet waits longer each time before it starts it again.", Evidence: x.events.quote(e), From: eventFrom(o, e),
		})
	}
	x.backOf(o, &problem)
	f := x.add(key, o, problem)
	x.hangCrash(f, o, p, s, log)
}

// hangCrash makes a crash a symptom of what the program complains about, or of its Job.
func (x *examiner) hangCrash(f *finding, o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, log *logText) {
	if f.Code != CrashLoop && f.Code != InitFailing && f.Code != Failed {
		return
	}
	if there := x.complainedOf(o, p, s.Name, log); len(there) > 0 {
		f.hangsOn("ends, since it gets no answer there", there...)
	}
	if owner := x.ownerOf(o); f.Code == Failed && owner != nil && owner.GetKind() == "Job" {
		f.hangsOn("failed", owner)
	}
}

// crashCode tells crashes apart.
func (x *examiner) crashCode(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, last *corev1.ContainerStateTerminated, init bool) (Code, string) {
	switch {
	case last.Reason == "OOMKilled":
		return OOMKilled, fmt.Sprintf("Container %s is killed: it takes more memory than its limit", s.Name)
	case x.events.newest(p.UID, withReason("FailedPostStartHook")) != nil:
		return HookFailed, fmt.Sprintf("Container %s is ended again and again: its postStart hook fails", s.Name)
	case last.ExitCode == 127:
		return BadCommand, fmt.Sprintf("Container %s ends at once: a command is not there", s.Name)
	case last.ExitCode == 126:
		return BadCommand, fmt.Sprintf("Container %s ends at once: a command may not be run", s.Name)
	case init:
		return InitFailing, fmt.Sprintf("Init container %s fails with exit code %d, so the Pod does not start", s.Name, last.ExitCode)
	case p.Status.Phase == corev1.PodFailed:
		return Failed, fmt.Sprintf("Container %s ended with exit code %d, and is not started again", s.Name, last.ExitCode)
	case s.RestartCount == 0:
		return CrashLoop, fmt.Sprintf("Container %s ended, and is started again", s.Name)
	}
	return CrashLoop, fmt.Sprintf("Container %s ends, is started again, and ends again", s.Name)
}

func (x *examiner) outOfMemory(p *corev1.Pod, s corev1.ContainerStatus, problem *Problem) {
	for _, c := range p.Spec.Containers {
		if limit, ok := c.Resources.Limits[corev1.ResourceMemory]; ok && c.Name == s.Name {
			problem.Chain = append(problem.Chain, Link{
				Claim: "That is what it may take.", Evidence: "limits.memory " + limit.String(),
				From: fmt.Sprintf("pod/%s spec.containers[%s].resources.limits.memory", p.Name, s.Name),
			})
			return
		}
	}
}

// commandLink is what a container is told to run.
func commandLink(p *corev1.Pod, container string) []Link {
	for _, c := range append(append([]corev1.Container(nil), p.Spec.InitContainers...), p.Spec.Containers...) {
		if c.Name == container && len(c.Command)+len(c.Args) > 0 {
			return []Link{{
				Claim: "That is what it is told to run.", Evidence: short(strings.Join(append(append([]string(nil), c.Command...), c.Args...), " "), 160),
				From: fmt.Sprintf("pod/%s spec.containers[%s].command", p.Name, container),
			}}
		}
	}
	return nil
}

// cannotStart tells of a container whose command the runtime can't start.
func (x *examiner) cannotStart(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, last *corev1.ContainerStateTerminated) {
	said, from := "", containerField(p, s.Name)+".state.waiting.message"
	if last != nil {
		said, from = last.Message, containerField(p, s.Name)+".lastState.terminated.message"
	} else if s.State.Waiting != nil {
		said = s.State.Waiting.Message
	}
	problem := Problem{
		Code: BadCommand, Title: fmt.Sprintf("Container %s can't be started", s.Name),
		Chain:  append([]Link{seen(p, s), {Claim: "The runtime could not start its command.", Evidence: short(said, 160), From: from}}, commandLink(p, s.Name)...),
		Advice: "Look at the container's command and args: the program must be in the image.",
		Look:   []string{"kubectl describe pod " + p.Name},
	}
	if m := notStarted.FindStringSubmatch(said); m != nil {
		problem.Title = fmt.Sprintf("Container %s can't be started: %q is not in the image", s.Name, m[1])
	}
	x.backOf(o, &problem)
	x.add("BadCommand/"+s.Name, o, problem)
}

// notStarted is how runtimes say that a program is not there (opencontainers/runc, os/exec).
var notStarted = regexp.MustCompile(`exec: "([^"]+)": (?:executable file not found|stat [^:]*: no such file)`)

// killedByProbe tells of a container that the kubelet ended since a probe failed.
func (x *examiner) killedByProbe(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, last *corev1.ContainerStateTerminated) bool {
	if last.Reason == "OOMKilled" {
		return false
	}
	for _, which := range killers {
		e := x.events.newest(p.UID, failedProbe(which))
		killed := x.killing(p, s.Name, which) != nil || last.ExitCode == 137 || last.ExitCode == 143
		if e == nil || !killed {
			continue
		}
		probe := strings.ToLower(which)
		problem := Problem{
			Code: ProbeFailing, Title: fmt.Sprintf("Container %s is killed again and again: its %s probe fails", s.Name, probe),
			Chain: []Link{
				seen(p, s),
				{
					Claim:    fmt.Sprintf("Its process ended with %s.", exitWords(last)),
					Evidence: fmt.Sprintf("lastState: exit code %d, %s; restarts %d", last.ExitCode, last.Reason, s.RestartCount),
					From:     containerField(p, s.Name) + ".lastState.terminated",
				},
				{Claim: fmt.Sprintf("The %s probe failed, so the kubelet ended the container.", probe), Evidence: x.events.quote(e), From: eventFrom(o, e)},
				probeLink(p, s.Name, which),
			},
			Advice: adviceOnKill,
			Look:   []string{logCommand(p, s), "kubectl describe pod " + p.Name},
		}
		if which == "Startup" {
			problem.Advice = "The program needs longer to start than the probe allows, or the probe asks the wrong thing. failureThreshold times periodSeconds is the time it has."
		}
		x.backOf(o, &problem)
		x.add(which+"Probe/"+s.Name, o, problem)
		return true
	}
	return false
}

// exitAdvice says what the way a program ended means. Its log is nil where it could not be read.
func exitAdvice(t *corev1.ContainerStateTerminated, log *logText) string {
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
	case log == nil:
		return "The program itself gave up. Its log may say why, once it can be read."
	case len(log.Lines) == 0:
		return "The program itself gave up, and its log is empty. Run it by hand to see what it lacks."
	}
	return "The program itself gave up. What it wrote last says why."
}

// logCommand shows what a container wrote before it ended.
func logCommand(p *corev1.Pod, s corev1.ContainerStatus) string {
	command := fmt.Sprintf("kubectl logs %s -c %s", p.Name, s.Name)
	if s.State.Terminated == nil {
		command += " --previous"
	}
	return command
}

// backOf adds how to go back, where the version before was another and worked.
func (x *examiner) backOf(o *unstructured.Unstructured, problem *Problem) {
	own, w := x.ownerOf(o), x.workload(o)
	if own == nil || w == nil || w.GetKind() != "Deployment" || len(problem.Back) > 0 {
		return
	}
	for _, s := range x.beside(o, "ReplicaSet") {
		if s.GetUID() != own.GetUID() && ownedBy(s, w.GetUID()) && statusInt(s, "readyReplicas") > 0 {
			problem.Chain = append(problem.Chain, Link{
				Claim: "The version before still runs.", Evidence: fmt.Sprintf("%s  %s ready", ref(s), snapshot.Count(statusInt(s, "readyReplicas"), "Pod")),
				From: ref(s) + " status.readyReplicas",
			})
			problem.Back = []string{"kubectl rollout undo " + ref(w)}
			return
		}
	}
}
