package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

func (x *examiner) headline(target snapshot.Query, subjects, pods []*unstructured.Unstructured, problems []Problem) (string, Health) {
	health := healthOf(problems)
	if everything(target) {
		return x.placeLine(pods, problems, health), health
	}
	name := target.String()
	first := subjects[0]
	switch {
	case len(subjects) > 1 || first.GetKind() == "Pod" && target.Name == "":
		return fmt.Sprintf("%s: %d of %s ready", name, readyAmong(pods), snapshot.Count(len(pods), "Pod")), health
	case first.GetKind() == "Pod":
		return name + ": " + podWords(first) + x.since(first), health
	case first.GetKind() == "Node":
		return name + ": " + describeNode(nodeOf(first)).Status, health
	case first.GetKind() == "Service":
		n := len(x.w.answering(first.GetNamespace(), first.GetName()))
		return fmt.Sprintf("%s: answers from %s", name, snapshot.Count(n, "Pod")), health
	}
	if n := replicas(first); n >= 0 {
		line := fmt.Sprintf("%s: %d of %s ready", name, readyAmong(pods), snapshot.Count(n, "Pod"))
		if health == Unwell && readyAmong(pods) >= n {
			line += ", and yet not all is well"
		}
		return line, health
	}
	words, _ := condition(first)
	if words == "" {
		words = map[Health]string{Well: "nothing is wrong with it", Waiting: "it takes its time", Unwell: "not well"}[health]
	}
	return name + ": " + words, health
}

// placeLine is the headline of a whole namespace.
func (x *examiner) placeLine(pods []*unstructured.Unstructured, problems []Problem, health Health) string {
	where := "namespace/" + x.now.Namespace
	if x.now.Namespace == "" {
		where = "all namespaces"
	}
	if health == Unwell {
		n := 0
		for _, p := range problems {
			if !p.Waiting {
				n++
			}
		}
		return fmt.Sprintf("%s: %s", where, snapshot.Count(n, "cause"))
	}
	line := where + ": all is well"
	if health == Waiting {
		line = where + ": nothing is wrong, something is on its way"
	}
	running := 0
	for _, o := range pods {
		if looksReady(o) {
			running++
		}
	}
	if !x.knows("pods") {
		return where + ": nothing is wrong in what could be read"
	}
	return fmt.Sprintf("%s; %s ready", line, snapshot.Count(running, "Pod"))
}

func healthOf(problems []Problem) Health {
	health := Well
	for _, p := range problems {
		if !p.Waiting {
			return Unwell
		}
		health = Waiting
	}
	return health
}

// since says for how long a Pod has not been ready.
func (x *examiner) since(o *unstructured.Unstructured) string {
	c := readyCondition(podOf(o))
	if c == nil || c.Status == corev1.ConditionTrue || c.LastTransitionTime.IsZero() {
		return ""
	}
	return ", not ready for " + age(x.now.At.Sub(c.LastTransitionTime.Time))
}

func readyAmong(pods []*unstructured.Unstructured) int {
	n := 0
	for _, o := range pods {
		if o.GetDeletionTimestamp() == nil && looksReady(o) {
			n++
		}
	}
	return n
}

// rest says how the Pods are that were not asked about.
func (x *examiner) rest(target snapshot.Query, subjects, pods []*unstructured.Unstructured, problems []Problem) string {
	if reason, ok := x.now.Errors["pods"]; ok {
		return "The Pods could not be read: " + reason
	}
	if everything(target) {
		if healthOf(problems) != Unwell {
			return ""
		}
		if len(x.now.Errors) > 0 {
			return "Nothing else that could be read is unwell."
		}
		return "Nothing else in this namespace is unwell."
	}
	told := map[string]bool{}
	for _, p := range problems {
		for _, o := range p.Objects {
			told[o] = true
		}
	}
	others := map[string]bool{}
	for _, f := range x.found {
		if f.host != nil || f.Waiting {
			continue
		}
		for _, o := range f.Objects {
			if !told[o] {
				others[o] = true
			}
		}
	}
	switch {
	case len(others) > 0:
	case len(x.now.Errors) > 0:
		return "Nothing else that could be read is unwell."
	default:
		return "Nothing else in this namespace is unwell."
	}
	return "Also not well: " + strings.Join(sortedKeys(others), ", ") + ". Ask: " + plugin.Command + " why"
}
