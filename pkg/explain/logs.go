package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// logText is what was read of a container's log.
type logText = snapshot.Log

// logOf is what was read of a container's log, or nil.
func (x *examiner) logOf(p *corev1.Pod, container string) *logText {
	return x.logWhere(p, container, func(l logText) bool { return l.Error == "" })
}

// unreadLog is a container's log that could not be read though nobody forbids it, or nil. That it is forbidden is said of all logs at once.
func (x *examiner) unreadLog(p *corev1.Pod, container string) *logText {
	return x.logWhere(p, container, func(l logText) bool { return l.Error != "" && !l.Forbidden() })
}

func (x *examiner) logWhere(p *corev1.Pod, container string, fits func(logText) bool) *logText {
	for i, l := range x.now.Logs {
		if l.Namespace == p.Namespace && l.Pod == p.Name && l.Container == container && fits(l) {
			return &x.now.Logs[i]
		}
	}
	return nil
}

// logFrom is how a log is named as a source.
func logFrom(l *logText) string {
	from := fmt.Sprintf("logs pod/%s %s", l.Pod, l.Container)
	if l.Previous {
		from += " --previous"
	}
	return from
}

// How programs say that a connection did not come about. Whoever was refused knows that nobody listens; of the others that is
// not known.
var (
	timedOut   = regexp.MustCompile(`(?i)timed? ?out|deadline exceeded|no route to host`)
	refused    = regexp.MustCompile(`(?i)connection refused|can't connect|couldn't connect|failed to connect|econnrefused`)
	unanswered = regexp.MustCompile(`(?i)\b(can't|cannot|can not|could not|couldn't|unable to|failed to|failure to|error) (\w+ ){0,2}connect|connect(ion|ing)?\b.{0,60}\b(fail|error|reset|closed|aborted|lost)|` +
		`\bdial (tcp|udp)|no route|unreachable|econn(reset|aborted)|ehostunreach|enetunreach|etimedout|socket hang up|broken pipe|(connection|connect|host)\w*(exception|error)|error .{0,30}connecting`)
)

// blamed looks in the log of a container for what its program complains about; true when that is a cause of its own,
// of which the container's end is the symptom.
func (x *examiner) blamed(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, log *logText, chain []Link) bool {
	if log == nil {
		return false
	}
	asked := func(line string) []Link {
		return append(chain[:1:1], Link{Claim: "It asked the API server, and was refused.", Evidence: short(line, 300), From: logFrom(log)})
	}
	if x.forbiddenIn(o, p, log.Lines, asked) || x.noToken(o, p, s.Name, log, chain[:1:1]) {
		return true
	}
	for _, line := range log.Lines {
		if name := unresolved(line); name != "" {
			return x.noName(o, p, name, append(chain[:1:1], Link{Claim: "It looked for a name and found none.", Evidence: short(line, 200), From: logFrom(log)}))
		}
	}
	for i := len(log.Lines) - 1; i >= 0; i-- {
		line := log.Lines[i]
		link := Link{Claim: "It tried to connect, and got no answer.", Evidence: short(line, 200), From: logFrom(log)}
		for _, service := range x.mentioned(o, p, s.Name, log) {
			if timedOut.MatchString(line) && x.barred(o, service, append(chain[:1:1], link)) {
				return true
			}
			if last, _ := lastEnd(s); refused.MatchString(line) && last != nil {
				x.nobodyListens(service, o, last.FinishedAt.Time, link)
			}
		}
	}
	return false
}

// refusedWhileReady tells of a Pod that is ready, and in whose log the API server refuses it something.
func (x *examiner) refusedWhileReady(o *unstructured.Unstructured, p *corev1.Pod, container string, log *logText) {
	if n := len(log.Lines); n > 1 { // what was found since is well, and what was sought once may be done without
		name := unresolved(log.Lines[n-1])
		if again := slices.ContainsFunc(log.Lines[:n-1], func(l string) bool { return unresolved(l) == name }); name != "" && again {
			x.noName(o, p, name, []Link{{Claim: "It runs, and finds no address for a name.", Evidence: short(log.Lines[n-1], 300), From: logFrom(log)}})
		}
	}
	x.forbiddenIn(o, p, log.Lines, func(line string) []Link {
		return []Link{{Claim: "It runs. It asked the API server, and was refused.", Evidence: short(line, 300), From: logFrom(log)}}
	})
	if n := len(log.Lines); n > 0 { // what came after shows that it goes on without
		x.noToken(o, p, container, &logText{Pod: log.Pod, Container: log.Container, Previous: log.Previous, Lines: log.Lines[n-1:]}, nil)
	}
}

// complainedOf are the Services that a program names, where its log says that a connection did not come about.
func (x *examiner) complainedOf(o *unstructured.Unstructured, p *corev1.Pod, container string, log *logText) []*unstructured.Unstructured {
	complains := func(l string) bool {
		return timedOut.MatchString(l) || refused.MatchString(l) || unanswered.MatchString(l) || unresolved(l) != ""
	}
	if log == nil || !slices.ContainsFunc(log.Lines, complains) {
		return nil
	}
	return x.mentioned(o, p, container, log)
}

// mentioned are the Services of the namespace that a container's log, command or environment names, or whose address is in the log.
func (x *examiner) mentioned(o *unstructured.Unstructured, p *corev1.Pod, container string, log *logText) []*unstructured.Unstructured {
	text := strings.Join(log.Lines, "\n")
	for _, c := range append(append([]corev1.Container(nil), p.Spec.InitContainers...), p.Spec.Containers...) {
		if c.Name != container {
			continue
		}
		text += "\n" + strings.Join(c.Command, " ") + " " + strings.Join(c.Args, " ")
		for _, e := range c.Env {
			text += "\n" + e.Value
		}
	}
	var found []*unstructured.Unstructured
	for _, s := range x.beside(o, "Service") {
		name := regexp.MustCompile(`(^|[^\w.-])` + regexp.QuoteMeta(s.GetName()) + `($|[^\w-])`)
		service := serviceOf(s)
		address := service.Spec.ClusterIP != "" && service.Spec.ClusterIP != corev1.ClusterIPNone && strings.Contains(text, service.Spec.ClusterIP+":")
		if (address || name.MatchString(text)) && !serves(service, o) {
			found = append(found, s)
		}
	}
	return found
}

// waitsForName tells of a Pod whose init container runs on and on, since it looks for a name that there is not.
func (x *examiner) waitsForName(o *unstructured.Unstructured, p *corev1.Pod) bool {
	for _, s := range p.Status.InitContainerStatuses {
		log := x.logOf(p, s.Name)
		if s.State.Running == nil || log == nil || x.now.At.Sub(s.State.Running.StartedAt.Time) < patience/2 {
			continue
		}
		for _, line := range slices.Backward(log.Lines) {
			if name := unresolved(line); name != "" {
				return x.noName(o, p, name, []Link{
					{Claim: fmt.Sprintf("Init container %s runs, and the Pod's own wait for its end.", s.Name), Evidence: fmt.Sprintf("pod/%s  running for %s", p.Name, age(x.now.At.Sub(s.State.Running.StartedAt.Time))), From: containerField(p, s.Name) + ".state.running"},
					{Claim: "It looks for a name and finds none.", Evidence: short(line, 200), From: logFrom(log)},
				})
			}
		}
	}
	return false
}
