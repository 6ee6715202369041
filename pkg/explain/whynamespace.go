package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// namespace examines a namespace that is being deleted.
func (x *examiner) namespace(o *unstructured.Unstructured) {
	n := typed[corev1.Namespace](o)
	if n.DeletionTimestamp == nil {
		return
	}
	problem := Problem{
		Code: NamespaceTerminating, Title: fmt.Sprintf("Namespace %s is being deleted, and something in it stays", n.Name),
		Chain: []Link{{
			Claim: "Somebody deleted it.", Evidence: fmt.Sprintf("%s  for %s", n.Status.Phase, age(x.now.At.Sub(n.DeletionTimestamp.Time))), From: ref(o) + " metadata.deletionTimestamp",
		}},
		Advice: "Whoever put a finalizer there takes it away when its work is done. Is that program there?",
		Look:   []string{"kubectl get namespace " + n.Name + " -o yaml", "kubectl api-resources --verbs=list --namespaced -o name | xargs -n 1 kubectl get -n " + n.Name + " --ignore-not-found"},
	}
	stays := false
	for _, c := range n.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == corev1.NamespaceFinalizersRemaining, c.Type == corev1.NamespaceContentRemaining:
			stays = true
			problem.Chain = append(problem.Chain, Link{Claim: "The namespace's controller says what stays.", Evidence: short(c.Message, 240), From: fmt.Sprintf("%s status.conditions[%s]", ref(o), c.Type)})
		case strings.HasPrefix(string(c.Type), "NamespaceDeletion"):
			stays = true
			problem.Chain = append(problem.Chain, Link{Claim: "Its controller could not look everywhere.", Evidence: short(c.Message, 240), From: fmt.Sprintf("%s status.conditions[%s]", ref(o), c.Type)})
			problem.Advice = "An API that does not answer keeps every namespace from going: kubectl get apiservices"
		}
	}
	for _, other := range subjectsIn(x.now) {
		if other.GetNamespace() == n.Name && other.GetDeletionTimestamp() != nil && len(other.GetFinalizers()) > 0 {
			problem.Chain = append(problem.Chain, Link{Claim: ref(other) + " stays, for its finalizers.", Evidence: strings.Join(other.GetFinalizers(), ", "), From: ref(other) + " metadata.finalizers"})
		}
	}
	problem.Waiting = !stays
	x.add("Namespace/"+n.Name, o, problem)
}
