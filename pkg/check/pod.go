package check

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// graceBeyond is how long after its own deadline a deleted object is still believed to be on its way out.
const graceBeyond = 15 * time.Second

// stopReasons are why a container waits without anything being under way: it takes a change of the Pod.
func stopReason(reason string) bool {
	switch reason {
	case "ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
		"CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
		"StartError", "ContainerCannotRun":
		return true
	}
	return false
}

func containers(pod object) []map[string]any {
	return append(maps(pod.Object, "status", "initContainerStatuses"), maps(pod.Object, "status", "containerStatuses")...)
}

func state(container map[string]any, name string) map[string]any {
	s, _, _ := unstructured.NestedFieldNoCopy(container, "state", name)
	m, _ := s.(map[string]any)
	return m
}

// failure says why a Pod will not become ready by waiting; empty when nothing says so.
func (s *scene) failure(pod object) string {
	name := pod.GetName()
	if c := condition(pod, "PodScheduled"); c["status"] == "False" && c["reason"] == "Unschedulable" {
		return fmt.Sprintf("no node takes Pod %s: %s", name, sentenceOf(c["message"]))
	}
	if unseen(pod) {
		return ""
	}
	for _, c := range containers(pod) {
		w := state(c, "waiting")
		if stopReason(textOf(w["reason"])) && !snapshot.PullsAnother(textOf(w["message"]), asked(pod, c)) {
			return fmt.Sprintf("container %s of Pod %s does not start: %s%s", c["name"], name, w["reason"], colon(snapshot.PlainError(textOf(w["message"]))))
		}
	}
	switch words(pod, "status", "phase") {
	case "Failed":
		return fmt.Sprintf("Pod %s failed%s%s", name, colon(firstOf(words(pod, "status", "reason"), exitOf(pod))), colon(words(pod, "status", "message")))
	case "Pending":
		if event := s.warning(pod, "FailedMount", "FailedCreatePodSandBox", "FailedScheduling"); event != "" {
			return fmt.Sprintf("Pod %s does not start: %s", name, event)
		}
	}
	return ""
}

// unseen says that the kubelet has not seen a Pod as it is asked for now: its status is about an earlier one.
func unseen(pod object) bool {
	seen, known := number(pod, "status", "observedGeneration")
	return known && seen < pod.GetGeneration()
}

// asked is the image that a Pod asks for in the container of a status.
func asked(pod object, status map[string]any) string {
	for _, c := range append(maps(pod.Object, "spec", "containers"), maps(pod.Object, "spec", "initContainers")...) {
		if c["name"] == status["name"] {
			return textOf(c["image"])
		}
	}
	return ""
}

func exitOf(pod object) string {
	for _, c := range containers(pod) {
		if t := state(c, "terminated"); t != nil {
			return fmt.Sprintf("container %v ended with exit code %v", c["name"], t["exitCode"])
		}
	}
	return ""
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func sentenceOf(v any) string { return strings.TrimSuffix(strings.TrimSpace(textOf(v)), ".") }

func colon(v any) string {
	if s := sentenceOf(v); s != "" {
		return ": " + s
	}
	return ""
}

func podReady(pod object) bool { return isTrue(pod, "Ready") && pod.GetDeletionTimestamp() == nil }

// leaving says what a deleted object waits for; stuck is true when it will not go by itself.
func (s *scene) leaving(o object) (text string, stuck bool) {
	deadline := o.GetDeletionTimestamp().Time
	if node := words(o, "spec", "nodeName"); o.GetKind() == "Pod" && s.silent(node) {
		return fmt.Sprintf("Pod %s is to be deleted, and its node %s does not answer", o.GetName(), node), true
	}
	if s.now.After(deadline.Add(graceBeyond)) {
		return fmt.Sprintf("%s has been going for %s longer than it was given%s", ref(o), ago(s.now.Sub(deadline)), finalizers(o)), true
	}
	return fmt.Sprintf("%s %s is terminating%s", o.GetKind(), o.GetName(), finalizers(o)), false
}

func finalizers(o object) string {
	if f := o.GetFinalizers(); len(f) > 0 {
		return " (it waits for " + strings.Join(f, ", ") + ")"
	}
	return ""
}

// starting says what a Pod that is not ready waits for; empty when it is not on its way.
func (s *scene) starting(pod object) string {
	name, node := pod.GetName(), words(pod, "spec", "nodeName")
	phase := words(pod, "status", "phase")
	switch {
	case phase == "Succeeded" || phase == "Failed" || s.failure(pod) != "":
		return ""
	case node == "":
		return fmt.Sprintf("Pod %s waits for the scheduler to pick a node", name)
	case s.silent(node):
		return ""
	}
	for _, c := range maps(pod.Object, "status", "initContainerStatuses") {
		if state(c, "running") != nil {
			return fmt.Sprintf("Pod %s is on %s, its init container %v is at work", name, node, c["name"])
		}
	}
	since := pod.GetCreationTimestamp().Time
	for _, c := range maps(pod.Object, "status", "containerStatuses") {
		if t := state(c, "terminated"); t != nil && phase == "Running" && words(pod, "spec", "restartPolicy") != "Never" {
			return fmt.Sprintf("Pod %s is on %s, its container %v ended (exit code %v) and is started again", name, node, c["name"], t["exitCode"])
		}
		if at := moment(state(c, "running")["startedAt"]); at.After(since) {
			since = at
		}
	}
	if phase != "Running" {
		return fmt.Sprintf("Pod %s is on %s, its container is starting%s", name, node, s.forLong(since))
	}
	if s.now.Sub(since) > s.patience {
		return ""
	}
	return fmt.Sprintf("Pod %s runs on %s and is not ready yet", name, node)
}

// forLong adds how long something takes already, once that is long.
func (s *scene) forLong(since time.Time) string {
	if took := s.now.Sub(since); !since.IsZero() && took > s.patience {
		return " (for " + ago(took) + ")"
	}
	return ""
}

// startedUp is the Pod as it will be once it is ready.
func startedUp(pod object) object {
	p := pod.DeepCopy()
	conditions := []any{}
	for _, name := range []string{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		conditions = append(conditions, map[string]any{"type": name, "status": "True"})
	}
	status, _ := p.Object["status"].(map[string]any)
	if status == nil {
		status = map[string]any{}
		p.Object["status"] = status
	}
	restarts := map[string]int64{}
	for _, c := range maps(status, "containerStatuses") {
		n, _ := c["restartCount"].(int64)
		if state(c, "terminated") != nil {
			n++
		}
		restarts[textOf(c["name"])] = n
	}
	running := []any{}
	for _, c := range maps(p.Object, "spec", "containers") {
		running = append(running, map[string]any{
			"name": c["name"], "image": c["image"], "ready": true, "started": true,
			"restartCount": restarts[textOf(c["name"])],
			"state":        map[string]any{"running": map[string]any{}},
		})
	}
	status["phase"], status["conditions"], status["containerStatuses"] = "Running", conditions, running
	return p
}
