package check

import (
	"fmt"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// maxEvidence is how many objects are shown as evidence.
const maxEvidence = 6

// describe says in words what was found.
func (j *judgement) describe() string {
	q, objects := j.check.On, j.view.Objects
	switch {
	case len(objects) == 0:
		return absent(q)
	case q.Name != "":
		return j.state(objects[0])
	}
	switch q.Kind {
	case "Pod":
		return describePods(objects)
	case "Node":
		return describeReady(objects, "node", "nodes")
	}
	return plural(len(objects), strings.ToLower(q.Kind), q.Resource)
}

// absent says that nothing of what a query names is there.
func absent(q snapshot.Query) string {
	switch {
	case q.Name != "":
		return fmt.Sprintf("there is no %s", q)
	case q.Selector != "":
		return fmt.Sprintf("there are no %s with %s", q.Resource, q.Selector)
	}
	return "there are no " + q.Resource
}

func describePods(pods []object) string {
	ready, leaving := 0, 0
	for _, p := range pods {
		switch {
		case p.GetDeletionTimestamp() != nil:
			leaving++
		case podReady(p):
			ready++
		}
	}
	text := plural(len(pods), "Pod", "Pods")
	if ready == len(pods) {
		return text + ", ready"
	}
	text += fmt.Sprintf(", %d ready", ready)
	if leaving > 0 {
		text += fmt.Sprintf(", %d terminating", leaving)
	}
	return text
}

func describeReady(objects []object, one, many string) string {
	ready := 0
	for _, o := range objects {
		if isTrue(o, "Ready") {
			ready++
		}
	}
	return fmt.Sprintf("%s, %d ready", plural(len(objects), one, many), ready)
}

// state says how one object is, in few words, near to what kubectl get shows.
func (j *judgement) state(o object) string {
	if o.GetDeletionTimestamp() != nil {
		return "terminating"
	}
	switch o.GetKind() {
	case "Pod":
		return podState(o)
	case "Node":
		if isTrue(o, "Ready") {
			return "Ready"
		}
		return "NotReady"
	case "Deployment", "ReplicaSet", "StatefulSet":
		desired, ok := number(o, "spec", "replicas")
		if !ok {
			desired = 1
		}
		ready, _ := number(o, "status", "readyReplicas")
		return fmt.Sprintf("asks for %s, %d ready", plural(int(desired), "Pod", "Pods"), ready)
	}
	if phase := words(o, "status", "phase"); phase != "" {
		return phase
	}
	return "it is there"
}

// podState is the word of kubectl's STATUS column, and where the Pod is.
func podState(p object) string {
	status := firstOf(words(p, "status", "reason"), words(p, "status", "phase"), "Pending")
	for _, c := range containers(p) {
		if w := textOf(state(c, "waiting")["reason"]); w != "" {
			status = w
		} else if t := textOf(state(c, "terminated")["reason"]); t != "" && status == "Running" {
			status = t
		}
	}
	if status == "Running" && !podReady(p) {
		status = "Running, not ready"
	}
	if node := words(p, "spec", "nodeName"); node != "" {
		return status + ", on " + node
	}
	return status
}

// evidence lists the objects that were looked at, as kubectl names them.
func (j *judgement) evidence() []string {
	var lines []string
	for i, o := range j.view.Objects {
		if i == maxEvidence {
			lines = append(lines, fmt.Sprintf("and %d more", len(j.view.Objects)-i))
			break
		}
		lines = append(lines, ref(o)+"  "+j.state(o))
	}
	return lines
}
