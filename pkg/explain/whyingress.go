package explain

import (
	"fmt"
	"slices"
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

// ingressClass is the class that an Ingress names, in its field or in the annotation that was there before it; or empty.
func ingressClass(o *unstructured.Unstructured) string {
	if class, _, _ := unstructured.NestedString(o.Object, "spec", "ingressClassName"); class != "" {
		return class
	}
	return o.GetAnnotations()["kubernetes.io/ingress.class"]
}

// noClassOf tells of an Ingress whose class is not there. Of one that has no address it is said that whoever is to give it one can't be seen.
// An annotation may name what a controller knows without an IngressClass.
func (x *examiner) noClassOf(o *unstructured.Unstructured, i *networkingv1.Ingress) {
	var names []string
	controller := ""
	for _, c := range x.kinds["IngressClass"] {
		names = append(names, c.GetName())
		if c.GetName() == ingressClass(o) {
			controller = typed[networkingv1.IngressClass](c).Spec.Controller
		}
	}
	class := i.Spec.IngressClassName
	if class == nil || slices.Contains(names, *class) || !x.knows("ingressclasses") {
		if len(i.Status.LoadBalancer.Ingress) == 0 && x.youth(o) > patience {
			who := "a controller for Ingresses"
			if controller != "" {
				who = "its controller, " + controller + ","
			}
			x.doubt(o, fmt.Sprintf("%s has no address. Whether %s runs can't be seen from here", ref(o), who))
		}
		return
	}
	there := "there is none"
	if len(names) > 0 {
		there = short(strings.Join(names, ", "), 160)
	}
	problem := Problem{
		Code: IngressClass, Title: fmt.Sprintf("It names the IngressClass %q, which is not there, so no controller takes it", *class),
		Chain: []Link{
			{Claim: "That is the class that it names.", Evidence: "ingressClassName " + *class, From: ref(o) + " spec.ingressClassName"},
			{Claim: "These IngressClasses are there.", Evidence: there, From: "ingressclasses"},
		},
		Advice: "A controller for Ingresses brings its class along when it is installed.",
		Look:   []string{"kubectl get ingressclasses", "kubectl describe ingress " + o.GetName()},
	}
	if near := snapshot.Nearest(*class, names); near != "" {
		problem.Advice = fmt.Sprintf("Did you mean %s?", near)
		problem.Try = []string{fmt.Sprintf(`kubectl patch %s --type=merge -p '{"spec":{"ingressClassName":%q}}'`, ref(o), near)}
	}
	x.add("Class/"+o.GetName(), o, problem)
}

// ingress examines whether what an Ingress names is there: its class, and what it sends to.
func (x *examiner) ingress(o *unstructured.Unstructured) {
	i := typed[networkingv1.Ingress](o)
	x.noClassOf(o, i)
	if !x.knows("services") {
		return
	}
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
