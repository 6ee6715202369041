package explain

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// setByLimits is where the API server writes down what it took from a LimitRange (k8s.io/kubernetes/plugin/pkg/admission/limitranger).
const setByLimits = "kubernetes.io/limit-ranger"

// limitsMatter says that a LimitRange may have to do with what is not well.
func (x *examiner) limitsMatter() bool {
	for _, o := range x.kind("Pod") {
		if o.GetAnnotations()[setByLimits] != "" && !looksReady(o) {
			return true
		}
	}
	for _, about := range x.events.about {
		for _, e := range about {
			if e.Reason == "FailedCreate" && (strings.Contains(e.Message, "quota") || strings.Contains(e.Message, "limit") || strings.Contains(e.Message, "usage per")) {
				return true
			}
		}
	}
	return false
}

// byLimitRange adds that numbers of a Pod, requests or limits, are a LimitRange's and not its own.
func (x *examiner) byLimitRange(o *unstructured.Unstructured, problem *Problem, what string) {
	said := o.GetAnnotations()[setByLimits]
	if !strings.Contains(said, what) || problem.Code != NoRoom && problem.Code != OOMKilled {
		return
	}
	problem.Chain = append(problem.Chain, Link{Claim: "A LimitRange gave it numbers that its own template does not have.", Evidence: said, From: fmt.Sprintf("%s metadata.annotations[%s]", ref(o), setByLimits)})
	problem.Chain = append(problem.Chain, x.limitLinks(o)...)
	problem.Advice += " A container that names requests and limits of its own gets none from a LimitRange."
	problem.Look = append(problem.Look, "kubectl describe limitrange")
}

// limitLinks say what the LimitRanges of an object's namespace give to containers, and what they allow.
func (x *examiner) limitLinks(o *unstructured.Unstructured) []Link {
	var links []Link
	for _, l := range x.beside(o, "LimitRange") {
		var said []string
		for _, item := range typed[corev1.LimitRange](l).Spec.Limits {
			for _, part := range []struct {
				word string
				list corev1.ResourceList
			}{{"default", item.Default}, {"defaultRequest", item.DefaultRequest}, {"max", item.Max}, {"min", item.Min}} {
				if len(part.list) > 0 {
					said = append(said, fmt.Sprintf("%s %s of a %s", part.word, listWords(part.list), item.Type))
				}
			}
		}
		links = append(links, Link{Claim: "This LimitRange is in the namespace.", Evidence: ref(l) + "  " + strings.Join(said, "; "), From: ref(l) + " spec.limits"})
	}
	return links
}

func listWords(list corev1.ResourceList) string {
	var said []string
	for _, name := range sortedKeys(list) {
		q := list[name]
		said = append(said, fmt.Sprintf("%s=%s", name, q.String()))
	}
	return strings.Join(said, ",")
}

// defaulted says that a LimitRange gives a workload's containers a limit, or a request, of a resource that they name none of.
func (x *examiner) defaulted(o *unstructured.Unstructured, name corev1.ResourceName) bool {
	t := template(o)
	if t == nil || !slices.ContainsFunc(t.Spec.Containers, func(c corev1.Container) bool {
		_, limited := c.Resources.Limits[name]
		return !limited
	}) {
		return false
	}
	return slices.ContainsFunc(x.beside(o, "LimitRange"), func(l *unstructured.Unstructured) bool {
		return slices.ContainsFunc(typed[corev1.LimitRange](l).Spec.Limits, func(i corev1.LimitRangeItem) bool {
			_, limit := i.Default[name]
			_, request := i.DefaultRequest[name]
			return limit || request
		})
	})
}
