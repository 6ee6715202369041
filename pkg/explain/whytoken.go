package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// tokenPath is where programs look for the token of their ServiceAccount.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// noTokenWords are how programs say that they found none: client-go, and kubectl, which then tries an API server of its own machine.
var noTokenWords = regexp.MustCompile(regexp.QuoteMeta(tokenPath) + `/\S*: no such file|ENOENT.*` + regexp.QuoteMeta(tokenPath) +
	`|http://localhost:8080/(?:api|apis|version|openapi)\b.*refused|The connection to the server localhost:8080 was refused|[Uu]nable to load in-cluster configuration`)

// noToken tells of a program that asks the API server, and whose container has no token to do so. It is said only where both are known:
// the words of its log, and that nothing is mounted there.
func (x *examiner) noToken(o *unstructured.Unstructured, p *corev1.Pod, container string, log *logText, chain []Link) bool {
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		if c.Name == container && slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == tokenPath }) {
			return false
		}
	}
	for _, line := range slices.Backward(log.Lines) {
		if !noTokenWords.MatchString(line) {
			continue
		}
		chain = append(chain, Link{Claim: "It looked for the API server, and has no token to ask it.", Evidence: short(line, 200), From: logFrom(log)},
			Link{Claim: "Nothing is mounted where a token would be.", Evidence: "no volumeMount at " + tokenPath, From: fmt.Sprintf("pod/%s spec.containers[%s].volumeMounts", p.Name, container)})
		problem := Problem{
			Code: NoToken, Title: fmt.Sprintf("Container %s wants to ask the API server, and its Pod has no token", container), Chain: chain,
			Advice: "A Pod gets one unless it, or its ServiceAccount, says automountServiceAccountToken: false.",
			Look:   []string{fmt.Sprintf("kubectl get serviceaccount %s -o yaml", accountOf(p)), "kubectl get pod " + p.Name + " -o yaml"},
		}
		if a := p.Spec.AutomountServiceAccountToken; a != nil && !*a {
			problem.Chain = append(problem.Chain, Link{Claim: "That is what forbids it.", Evidence: "automountServiceAccountToken false", From: ref(o) + " spec.automountServiceAccountToken"})
			problem.Advice = "Take the field out, or set it to true."
			if w := x.workload(o); w != nil && strings.HasSuffix(w.GetKind(), "Set") || w != nil && w.GetKind() == "Deployment" {
				problem.Try = []string{fmt.Sprintf(`kubectl patch %s --type=merge -p '{"spec":{"template":{"spec":{"automountServiceAccountToken":true}}}}'`, ref(w))}
			}
		}
		x.add("NoToken/"+container, o, problem)
		return true
	}
	return false
}

// accountOf is the ServiceAccount that a Pod runs as.
func accountOf(p *corev1.Pod) string {
	if p.Spec.ServiceAccountName == "" {
		return "default"
	}
	return p.Spec.ServiceAccountName
}
