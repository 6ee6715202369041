package explain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// podStatus tells what the kubelet, the scheduler or the node controller found out about a Pod.
func (t *teller) podStatus(c snapshot.Change, was, is *corev1.Pod, ending bool) []move {
	var moves []move
	if t.apart && was.Status.StartTime == nil && is.Status.StartTime != nil {
		moves = append(moves, move{
			kind: podTaken, subject: is.Name, evidence: "status.startTime", verb: "took on",
			say: func(it string) string { return "took " + orIt(it) + " on" },
		})
	}
	for i := range is.Status.ContainerStatuses {
		s := &is.Status.ContainerStatuses[i]
		moves = append(moves, t.container(c, is, containerStatus(was, s.Name), s, ending)...)
	}
	moves = append(moves, t.unplaced(was, is)...)
	moves = append(moves, t.readiness(c, was, is, ending)...)
	if !ended(was) && ended(is) && !ending {
		verdict := "did its work"
		if is.Status.Phase == corev1.PodFailed {
			verdict = "failed"
		}
		moves = append(moves, move{
			kind: podDone, subject: is.Name, evidence: "phase " + string(is.Status.Phase),
			say: func(it string) string { return "found that " + orIt(it) + " " + verdict },
		})
	}
	if t.apart {
		moves = apart(moves)
	} else {
		moves = join(moves)
	}
	node := is.Spec.NodeName
	for i := range moves {
		if moves[i].actor == "" {
			moves[i].actor = orElse(actor(c), kubelet)
		}
		if moves[i].actor == kubelet && node != "" {
			moves[i].evidence += ", " + node
		}
	}
	return moves
}

func containerStatus(p *corev1.Pod, name string) *corev1.ContainerStatus {
	for i := range p.Status.ContainerStatuses {
		if p.Status.ContainerStatuses[i].Name == name {
			return &p.Status.ContainerStatuses[i]
		}
	}
	return &corev1.ContainerStatus{Name: name}
}

// container tells what happened to one container.
func (t *teller) container(c snapshot.Change, p *corev1.Pod, was, is *corev1.ContainerStatus, ending bool) []move {
	restarted := is.RestartCount > was.RestartCount
	if is.State.Running != nil {
		t.backOffEnds(c, p, is.Name)
	}
	switch {
	case is.State.Running != nil && restarted && t.apart:
		moves := []move{{
			kind: podRestarted, subject: p.Name, detail: is.Name, say: again(is), evidence: fmt.Sprintf("restartCount %d", is.RestartCount),
		}}
		if last := is.LastTerminationState.Terminated; was.State.Running != nil && last != nil {
			moves = append([]move{t.exit(p, is.Name, last)}, moves...)
		}
		return moves
	case is.State.Running != nil && restarted:
		return []move{t.restarted(p, was, is)}
	case is.State.Running != nil && was.State.Running == nil && is.RestartCount == 0:
		return []move{{
			kind: podStarted, subject: p.Name, detail: is.Name, say: within("started container " + is.Name),
			evidence: "state running",
		}}
	case is.State.Running != nil && was.State.Running == nil:
		// the restart was counted before, when the container was waiting
		return []move{{
			kind: podRestarted, subject: p.Name, detail: is.Name,
			say:      again(is),
			evidence: fmt.Sprintf("restartCount %d", is.RestartCount),
		}}
	case is.State.Terminated != nil && was.State.Terminated == nil:
		if ending || p.Spec.RestartPolicy != corev1.RestartPolicyAlways && p.Spec.RestartPolicy != "" && is.State.Terminated.ExitCode == 0 {
			return nil // told when the Pod is gone or done
		}
		return []move{t.exit(p, is.Name, is.State.Terminated)}
	case is.State.Waiting != nil:
		return t.waiting(c, p, was, is)
	}
	return nil
}

// restarted tells that a container is running again. Where its end was not told before, that is told too.
func (t *teller) restarted(p *corev1.Pod, was, is *corev1.ContainerStatus) move {
	m := move{kind: podRestarted, subject: p.Name, detail: is.Name, evidence: fmt.Sprintf("restartCount %d", is.RestartCount)}
	last := is.LastTerminationState.Terminated
	if was.State.Running == nil || last == nil {
		m.say = again(is)
		return m
	}
	ended := t.exit(p, is.Name, last)
	m.say = func(it string) string {
		return fmt.Sprintf("%s and started it again (restart %d)", ended.say(it), is.RestartCount)
	}
	if ended.evidence != exitEvidence {
		m.evidence = ended.evidence
	}
	return m
}

// again is the clause for a container that was started once more.
func again(s *corev1.ContainerStatus) func(string) string {
	return func(it string) string {
		if it != "" {
			it = " in " + it
		}
		return fmt.Sprintf("started container %s%s again (restart %d)", s.Name, it, s.RestartCount)
	}
}

const exitEvidence = "state terminated"

// exit tells that a container's process ended; where the kubelet ended it since a probe failed, that.
func (t *teller) exit(p *corev1.Pod, container string, s *corev1.ContainerStateTerminated) move {
	m := move{kind: podExit, subject: p.Name, detail: container, evidence: exitEvidence}
	clause, rest := "saw container "+container, " end with "+exitWords(s)
	if t.unhealthy(p, container, s) {
		clause, rest = "ended container "+container, " (its liveness probe failed)"
		m.evidence = "event Killing"
	}
	m.say = func(it string) string {
		if it != "" {
			it = " in " + it
		}
		return clause + it + rest
	}
	return m
}

// unhealthy says whether the kubelet reported that it ends a container for its liveness probe,
// within the time that such an end may take.
func (t *teller) unhealthy(p *corev1.Pod, container string, s *corev1.ContainerStateTerminated) bool {
	restarts := int32(-1)
	if o := t.w.alive[p.UID]; o != nil {
		restarts = containerStatus(podOf(o), container).RestartCount
	}
	// An event that came again has the times of its first and its last; one that came as often as the container was
	// started again is about each end.
	return t.events.newest(p.UID, func(e *corev1.Event) bool {
		return e.Reason == "Killing" && strings.HasPrefix(e.Message, "Container "+container+" failed liveness probe") &&
			(endedFrom(p, s, lastSeen(e)) || endedFrom(p, s, e.FirstTimestamp.Time) || restarts > 0 && e.Count >= restarts)
	}) != nil
}

// endedFrom says whether a process may have ended since it was told to at a moment: it had its grace period for that, and events tell
// whole seconds.
func endedFrom(p *corev1.Pod, s *corev1.ContainerStateTerminated, told time.Time) bool {
	passed := s.FinishedAt.Sub(told)
	return passed >= -2*time.Second && passed <= graceOf(p)+2*time.Second
}

// graceOf is how long a Pod's containers have to end when they are asked to.
func graceOf(p *corev1.Pod) time.Duration {
	if p != nil && p.Spec.TerminationGracePeriodSeconds != nil {
		return time.Duration(*p.Spec.TerminationGracePeriodSeconds) * time.Second
	}
	return corev1.DefaultTerminationGracePeriodSeconds * time.Second
}

// exitWords say how a process ended. 128 and more is a signal, by the convention of shells that
// container runtimes follow.
func exitWords(s *corev1.ContainerStateTerminated) string {
	words := fmt.Sprintf("exit code %d", s.ExitCode)
	switch {
	case s.Reason == "OOMKilled":
		return words + " (out of memory)"
	case s.ExitCode == 137:
		return words + " (SIGKILL)"
	case s.ExitCode == 143:
		return words + " (SIGTERM)"
	}
	return words
}

// waiting tells, once for each cause, why a container does not run.
func (t *teller) waiting(c snapshot.Change, p *corev1.Pod, was, is *corev1.ContainerStatus) []move {
	reason := is.State.Waiting.Reason
	if was.State.Waiting != nil && was.State.Waiting.Reason == reason {
		return nil
	}
	var moves []move
	if last := is.LastTerminationState.Terminated; last != nil && was.State.Running != nil {
		moves = append(moves, t.exit(p, is.Name, last))
	}
	m := move{kind: podStuck, subject: p.Name, detail: is.Name, evidence: "state waiting: " + reason}
	cause := reason
	switch reason {
	case "", "ContainerCreating", "PodInitializing":
		return moves
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull":
		if snapshot.PullsAnother(is.State.Waiting.Message, imageOf(p, is.Name)) {
			return moves
		}
		cause = "image"
		m.say = func(it string) string {
			return fmt.Sprintf("could not pull image %s for %s", imageOf(p, is.Name), orIt(it))
		}
	case "CrashLoopBackOff":
		m.kind, m.say = podBackOff, t.backOffBegins(c, p, is.Name)
	default:
		m.say = within(fmt.Sprintf("could not start container %s: %s", is.Name, short(is.State.Waiting.Message, 60)))
	}
	key := p.Name + "/" + is.Name + "/" + cause
	if t.told[key] {
		return moves
	}
	t.told[key] = true
	return append(moves, m)
}

// backOff is a kubelet's wait before it starts a container again; ended is zero while it lasts.
type backOff struct{ began, ended time.Time }

// backOffBegins tells of such a wait: as one that lasts, or as one that is over, whatever it is by then.
func (t *teller) backOffBegins(c snapshot.Change, p *corev1.Pod, container string) func(string) string {
	b := &backOff{began: c.At}
	t.backOffs[string(p.UID)+"/"+container] = b
	return func(it string) string {
		if b.ended.IsZero() {
			return within(fmt.Sprintf("waits before it starts container %s again", container))(it)
		}
		return within(fmt.Sprintf("waited %s before it started container %s again", Span(b.ended.Sub(b.began).Milliseconds()), container))(it)
	}
}

func (t *teller) backOffEnds(c snapshot.Change, p *corev1.Pod, container string) {
	if b := t.backOffs[string(p.UID)+"/"+container]; b != nil && b.ended.IsZero() {
		b.ended = c.At
	}
}

// imageOf is what a container was asked to run.
func imageOf(p *corev1.Pod, container string) string {
	for _, c := range p.Spec.Containers {
		if c.Name == container {
			return c.Image
		}
	}
	for _, c := range p.Spec.InitContainers {
		if c.Name == container {
			return c.Image
		}
	}
	return "unknown"
}

// unplaced tells that the scheduler found no node.
func (t *teller) unplaced(was, is *corev1.Pod) []move {
	c := podCondition(is, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse {
		return nil
	}
	if o := podCondition(was, corev1.PodScheduled); o != nil && o.Status == corev1.ConditionFalse {
		return nil
	}
	return []move{{
		actor: scheduler, kind: podUnplaced, subject: is.Name, evidence: "condition PodScheduled=False",
		say: func(it string) string { return fmt.Sprintf("found no node for %s: %s", orIt(it), short(c.Message, 70)) },
	}}
}

// readiness tells of a Pod that begins or ceases to be ready.
func (t *teller) readiness(c snapshot.Change, was, is *corev1.Pod, ending bool) []move {
	switch {
	case !isReady(was) && isReady(is):
		return []move{{
			kind: podReady, subject: is.Name, evidence: "condition Ready=True",
			say: func(it string) string { return "found " + orIt(it) + " ready" },
		}}
	case isReady(was) && !isReady(is) && !ending && !ended(is):
		m := move{kind: podUnready, subject: is.Name, evidence: "condition Ready=False"}
		if who := actor(c); who == nodeWatch || who == somebody && t.silent(is.Spec.NodeName) {
			m.actor = nodeWatch
			m.say = func(it string) string { return "marked " + orIt(it) + " not ready: its node is silent" }
		} else {
			m.say = func(it string) string { return "found " + orIt(it) + " no longer ready" }
		}
		return []move{m}
	}
	return nil
}

// join makes one move of a container's start and the readiness that came with it in the same write,
// and leaves out that a Pod is not ready where the same write says that its container ended.
func join(moves []move) []move {
	start, ready, starts, exits := -1, -1, 0, false
	for i, m := range moves {
		switch m.kind {
		case podStarted, podRestarted:
			start = i
			starts++
			exits = exits || m.kind == podRestarted
		case podExit:
			exits = true
		case podReady:
			ready = i
		}
	}
	var joined []move
	for i, m := range moves {
		switch {
		case m.kind == podUnready && exits, i == ready && starts == 1:
		case i == start && starts == 1 && ready >= 0:
			joined = append(joined, andReady(m, moves[ready].evidence))
		default:
			joined = append(joined, m)
		}
	}
	return joined
}

// apart has the runtime start containers, by what the kubelet reports of it, and leaves out that a Pod is not
// ready where the same write says that its container ended.
func apart(moves []move) []move {
	exits := false
	for _, m := range moves {
		exits = exits || m.kind == podExit
	}
	var kept []move
	for _, m := range moves {
		switch {
		case m.kind == podUnready && exits:
			continue
		case m.kind == podStarted, m.kind == podRestarted:
			m.actor = containers
		}
		kept = append(kept, m)
	}
	return kept
}

func andReady(m move, evidence string) move {
	began := m.say
	m.say = func(it string) string { return began(it) + " and found it ready" }
	if m.kind == podStarted {
		m.kind, m.evidence = podUp, evidence
	}
	return m
}
