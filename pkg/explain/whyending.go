package explain

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// endsSoon is for how long a finalizer may take before it is called one that holds an object. Those of Kubernetes' own parts have longer:
// they wait for what takes its time.
const endsSoon = 10 * time.Second

// finalizers are those of Kubernetes' own parts, with who takes each away, and when.
func finalizers() map[string]string {
	return map[string]string{
		"kubernetes.io/pvc-protection":                            "The claim protection controller takes it away when no Pod uses the claim.",
		"kubernetes.io/pv-protection":                             "The volume protection controller takes it away when no claim is bound to the volume.",
		metav1.FinalizerDeleteDependents:                          "The garbage collector takes it away when all that the object owns is gone.",
		metav1.FinalizerOrphanDependents:                          "The garbage collector takes it away when what the object owned has no owner any more.",
		"customresourcecleanup.apiextensions.k8s.io":              "The API server takes it away when all objects of the kind are gone.",
		"service.kubernetes.io/load-balancer-cleanup":             "The cloud's Service controller takes it away when the load balancer is gone.",
		"external-provisioner.volume.kubernetes.io/finalizer":     "The volume's provisioner takes it away when what is behind the volume is gone.",
		"snapshot.storage.kubernetes.io/pvc-as-source-protection": "The snapshot controller takes it away when no snapshot is being made of the claim.",
	}
}

// ending tells of an object that was deleted and that a finalizer holds; false where none does.
func (x *examiner) ending(o *unstructured.Unstructured) bool {
	holds := o.GetFinalizers()
	if len(holds) == 0 {
		return false
	}
	if o.GetKind() == "PersistentVolumeClaim" && x.claim(o) != nil {
		return true
	}
	since := x.now.At.Sub(o.GetDeletionTimestamp().Time)
	problem := Problem{
		Code: Terminating, Title: fmt.Sprintf("It was deleted %s, and stays: finalizer %s holds it", ago(since), strings.Join(holds, ", ")),
		Chain: []Link{
			{Claim: "Somebody deleted it.", Evidence: "deletionTimestamp " + o.GetDeletionTimestamp().UTC().Format("15:04:05"), From: ref(o) + " metadata.deletionTimestamp"},
			{Claim: "Finalizers hold it.", Evidence: strings.Join(holds, ", "), From: ref(o) + " metadata.finalizers"},
		},
		Look: []string{fmt.Sprintf("kubectl get %s -o yaml", ref(o))},
	}
	if w, at := x.wroteFinalizers(o); w != "" {
		problem.Chain = append(problem.Chain, Link{Claim: "That is who wrote them.", Evidence: w + at, From: ref(o) + " metadata.managedFields"})
	}
	var said []string
	for _, f := range holds {
		if who := finalizers()[f]; who != "" {
			said = append(said, who)
		}
	}
	foreign := len(said) < len(holds)
	if foreign {
		said = append(said, "Whoever put a finalizer there takes it away when its work is done. Is that program there? Taken away by hand, the work is left undone.")
	}
	problem.Advice = strings.Join(said, " ")
	if m := conditionSaying(o, "Terminating"); m != "" {
		problem.Chain = append(problem.Chain, Link{Claim: "The API server says how far it is.", Evidence: m, From: ref(o) + " status.conditions[Terminating]"})
	}
	if o.GetKind() == "CustomResourceDefinition" {
		problem.Look = append(problem.Look, fmt.Sprintf("kubectl get %s -A", o.GetName()))
	}
	if problem.Waiting = foreign && since < endsSoon || !foreign && since < patience; problem.Waiting {
		problem.Code, problem.Title = Ending, "It was deleted, and its finalizers are at work"
	}
	stays := x.below(o)
	if n := x.namespaceOf(o); n != nil && n.GetDeletionTimestamp() != nil {
		stays = append(stays, n)
	}
	finding := x.add("Ending/"+ref(o), o, problem).hangsOn("was deleted and stays", stays...)
	finding.mild = finding.mild || !foreign // it ends with what it waits for
	return true
}

// wroteFinalizers is the program that wrote an object's finalizers, and when, where managedFields were read.
func (x *examiner) wroteFinalizers(o *unstructured.Unstructured) (who, at string) {
	for _, w := range writers(o, x.now.At) {
		for _, f := range w.Fields {
			if strings.HasPrefix(f, "metadata.finalizers") {
				who, at = w.Who, ", "+w.Ago
			}
		}
	}
	return who, at
}

// conditionSaying is what a condition says that is true: reason and message; or empty.
func conditionSaying(o *unstructured.Unstructured, kind string) string {
	for _, c := range conditionsOf(o) {
		if c.Type == kind && c.Status == metav1.ConditionTrue {
			return c.words()
		}
	}
	return ""
}

// below is all that an object owns, however deep.
func (x *examiner) below(o *unstructured.Unstructured) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, owned := range x.owned[o.GetUID()] {
		if owned.GetUID() != o.GetUID() && len(found) < 1000 {
			found = append(append(found, owned), x.below(owned)...)
		}
	}
	return found
}
