package explain

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// unresolvedWords are how programs say that they found no address for a name: Go's net, busybox, curl, glibc's callers, Node.js,
// Java, PostgreSQL's client.
var unresolvedWords = []*regexp.Regexp{
	regexp.MustCompile(`lookup ([\w.-]+?)\.? on [\d.:\[\]]+: (?:no such host|.*timeout|server misbehaving)`),
	regexp.MustCompile(`lookup ([\w.-]+?)\.?: no such host`),
	regexp.MustCompile(`bad address '([\w.-]+)(?::\d+)?'`),
	regexp.MustCompile(`can't resolve '([\w.-]+)'`),
	regexp.MustCompile(`can't find ([\w.-]+?)\.?: `),
	regexp.MustCompile(`Could not resolve host: ([\w.-]+)`),
	regexp.MustCompile(`Resolving timed out .*?'?([\w.-]+\.[\w.-]+)'?$`),
	regexp.MustCompile(`could not translate host name "([\w.-]+)"`),
	regexp.MustCompile(`getaddrinfo (?:ENOTFOUND|EAI_AGAIN) ([\w.-]+)`),
	regexp.MustCompile(`UnknownHostException: ([\w.-]+)`),
	regexp.MustCompile(`Name or service not known: ([\w.-]+)`),
	regexp.MustCompile(`([\w.-]+):\d+: Name or service not known`),
}

// unresolved is the name that a line of a log says it did not find, or empty.
func unresolved(line string) string {
	for _, r := range unresolvedWords {
		if m := r.FindStringSubmatch(line); m != nil {
			return strings.TrimSuffix(m[1], ".")
		}
	}
	return ""
}

// noName tells of a program that looks for a name. False where the name is one that there is, and nothing says why it
// was not found.
func (x *examiner) noName(o *unstructured.Unstructured, p *corev1.Pod, name string, chain []Link) bool {
	service, namespace := serviceNamed(name, o.GetNamespace())
	exists := false
	var names []string
	for _, s := range x.kinds["Service"] {
		if s.GetNamespace() == namespace {
			names = append(names, s.GetName())
			exists = exists || s.GetName() == service
		}
	}
	if policy := x.noDNS(o); policy != nil {
		x.add("Policy/DNS", o, Problem{
			Code: NetworkPolicy, Title: "A NetworkPolicy lets it ask no DNS server, so it finds no name",
			Chain:  append(chain, Link{Claim: "No rule for what it sends names port 53.", Evidence: policyWords(policy), From: ref(policy) + " spec.egress"}),
			Advice: "Add a rule to the policy's egress that lets port 53 through, UDP and TCP.",
			Look:   []string{"kubectl describe networkpolicy " + policy.GetName()},
		})
		return true
	}
	if exists || !x.knows("services") {
		return false
	}
	if pod, of, ok := x.podNamed(name, o.GetNamespace()); ok {
		x.add("DNS/"+name, o, Problem{
			Code: DNSName, Title: fmt.Sprintf("It looks for %q, and Service %s has no Pod %s", name, of.GetName(), pod), Chain: append(chain, Link{
				Claim: "It is headless: each of its Pods that is ready has a name below it.", Evidence: "spec.clusterIP None, selector " + labelLine(serviceOf(of).Spec.Selector), From: ref(of) + " spec.clusterIP",
			}),
			Advice: "The name is there while the Pod is. Is the StatefulSet to have more replicas, or does the program count too far?",
			Look:   []string{"kubectl get pods -l " + labelLine(serviceOf(of).Spec.Selector), "kubectl get statefulsets"},
		})
		return true
	}
	problem := Problem{
		Code: DNSName, Title: fmt.Sprintf("It looks for %q, and no Service has that name", name), Chain: chain,
		Look: []string{"kubectl get services", "kubectl get services -A"},
	}
	if namespace != o.GetNamespace() && len(names) == 0 {
		problem.Title = fmt.Sprintf("It looks for %q, and finds none of that name", name)
		problem.Advice = fmt.Sprintf("Which Services namespace %s has was not looked at.", namespace)
		x.add("DNS/"+name, o, problem)
		return true
	}
	there := "none"
	if len(names) > 0 {
		there = short(strings.Join(names, ", "), 160)
	}
	problem.Chain = append(problem.Chain, Link{Claim: fmt.Sprintf("These Services are in namespace %s.", namespace), Evidence: there, From: "services in namespace " + namespace})
	near := snapshot.Nearest(service, names)
	switch other := x.elsewhere(service, namespace); {
	case near != "":
		problem.Advice = fmt.Sprintf("Did you mean %s?", near)
	case other != "":
		problem.Advice = fmt.Sprintf("A Service of that name is in namespace %s. From here it is called %s.%s.", other, service, other)
	case strings.Contains(name, ".") && namespace == o.GetNamespace():
		problem.Advice = "A name with dots may be one outside of the cluster; whether that exists can't be seen from here."
	default:
		problem.Advice = "Somebody must make it, or the program must be told another name. One in another namespace is called NAME.NAMESPACE."
	}
	x.add("DNS/"+name, o, problem)
	return true
}

// podNamed takes apart the name of a StatefulSet's Pod, POD.SERVICE and so on, where there is such a headless Service and no such Pod
// that is ready.
func (x *examiner) podNamed(name, here string) (pod string, of *unstructured.Unstructured, ok bool) {
	parts := strings.Split(name, ".")
	if len(parts) < 2 {
		return "", nil, false
	}
	if len(parts) > 2 {
		here = parts[2]
	}
	for _, s := range x.kinds["Service"] {
		if s.GetNamespace() == here && s.GetName() == parts[1] && serviceOf(s).Spec.ClusterIP == corev1.ClusterIPNone && len(serviceOf(s).Spec.Selector) > 0 {
			return parts[0], s, !x.answering(serviceOf(s))[parts[0]]
		}
	}
	return "", nil, false
}

// serviceNamed takes apart a name in the cluster's DNS: name, name.namespace, name.namespace.svc and so on.
func serviceNamed(name, here string) (service, namespace string) {
	parts := strings.Split(name, ".")
	if len(parts) == 1 {
		return name, here
	}
	if len(parts) == 2 || parts[2] == "svc" {
		return parts[0], parts[1]
	}
	return name, here
}

// elsewhere is another namespace that has a Service of a name, or empty.
func (x *examiner) elsewhere(name, here string) string {
	for _, s := range x.kinds["Service"] {
		if s.GetName() == name && s.GetNamespace() != here {
			return s.GetNamespace()
		}
	}
	return ""
}
