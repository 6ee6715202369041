package explain

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// serviceNames are the Services beside an object, in a line.
func (x *examiner) serviceNames(o *unstructured.Unstructured) string {
	var names []string
	for _, s := range x.beside(o, "Service") {
		names = append(names, s.GetName())
	}
	if len(names) == 0 {
		return "there is none"
	}
	return short(strings.Join(names, ", "), 160)
}

// ingress examines whether what an Ingress sends to is there.
func (x *examiner) ingress(o *unstructured.Unstructured) {
	if !x.knows("services") {
		return
	}
	i := typed[networkingv1.Ingress](o)
	var backends []networkingv1.IngressBackend
	if i.Spec.DefaultBackend != nil {
		backends = append(backends, *i.Spec.DefaultBackend)
	}
	for _, r := range i.Spec.Rules {
		if r.HTTP != nil {
			for _, path := range r.HTTP.Paths {
				backends = append(backends, path.Backend)
			}
		}
	}
	for _, b := range backends {
		if b.Service != nil {
			x.backend(o, b.Service)
		}
	}
}

func (x *examiner) backend(o *unstructured.Unstructured, b *networkingv1.IngressServiceBackend) {
	port := b.Port.Name
	if port == "" {
		port = fmt.Sprint(b.Port.Number)
	}
	problem := Problem{
		Code:  IngressBackend,
		Chain: []Link{{Claim: "That is where it sends.", Evidence: fmt.Sprintf("service %s, port %s", b.Name, port), From: ref(o) + " spec.rules[].http.paths[].backend.service"}},
		Look:  []string{"kubectl get services", "kubectl describe ingress " + o.GetName()},
	}
	s := x.named(o, "Service", b.Name)
	if s == nil {
		problem.Title = fmt.Sprintf("It sends to Service %q, which is not there", b.Name)
		problem.Chain = append(problem.Chain, Link{Claim: "These Services are there.", Evidence: x.serviceNames(o), From: "services in namespace " + o.GetNamespace()})
		var names []string
		for _, other := range x.beside(o, "Service") {
			names = append(names, other.GetName())
		}
		if near := snapshot.Nearest(b.Name, names); near != "" {
			problem.Advice = fmt.Sprintf("Did you mean %s?", near)
		}
		x.add("Backend/"+o.GetName()+"/"+b.Name, o, problem)
		return
	}
	var there []string
	for _, p := range serviceOf(s).Spec.Ports {
		if b.Port.Name != "" && p.Name == b.Port.Name || b.Port.Name == "" && p.Port == b.Port.Number {
			return
		}
		there = append(there, strings.TrimSpace(fmt.Sprintf("%d %s", p.Port, p.Name)))
	}
	problem.Title = fmt.Sprintf("It sends to port %s of Service %s, which has no such port", port, b.Name)
	problem.Chain = append(problem.Chain, Link{Claim: "These ports the Service has.", Evidence: strings.Join(there, ", "), From: ref(s) + " spec.ports"})
	problem.Advice = "An Ingress names the Service's port, not the container's."
	x.add("Backend/"+o.GetName()+"/"+b.Name, o, problem)
}
