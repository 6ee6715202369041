package explain

import (
	"fmt"
	"regexp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refusals tells of Pods that a workload wants and can't make.
func (x *examiner) refusals(o *unstructured.Unstructured) {
	for _, s := range append(x.setsUnder(o), o) {
		said, from := failure(s), ref(s)+" status.conditions[ReplicaFailure]"
		if e := x.events.newest(s.GetUID(), withReason("FailedCreate")); e != nil && (said == "" || s.GetKind() != "ReplicaSet") {
			if x.cameThrough(s) {
				continue // it was refused once and came through later
			}
			said, from = x.events.quoteOf(e, 400), eventFrom(s, e)
		}
		if said == "" {
			continue
		}
		x.refusal(s, said, from)
		return
	}
}

// cameThrough says that a workload has by now as many Pods as it wants.
func (x *examiner) cameThrough(o *unstructured.Unstructured) bool {
	switch o.GetKind() {
	case "DaemonSet":
		d := typed[appsv1.DaemonSet](o)
		return d.Status.CurrentNumberScheduled >= d.Status.DesiredNumberScheduled
	case "Job":
		return jobEnded(typed[batchv1.Job](o), batchv1.JobComplete) || statusInt(o, "active") > 0
	}
	return statusInt(o, "replicas") >= max(replicas(o), 0)
}

// failure is what a workload's status says about Pods that could not be made.
func failure(o *unstructured.Unstructured) string {
	for _, c := range conditionsOf(o) {
		if c.Type == "ReplicaFailure" && c.Status == metav1.ConditionTrue {
			return c.Message
		}
	}
	return ""
}

// refusalKind is a reason for which the API server refuses Pods.
type refusalKind struct {
	words *regexp.Regexp
	code  Code
	// title may take what the words' group found, and $WHAT what could not be made.
	title, advice string
	look, try     string
}

// claimRefused is how the API server says that it is a claim that it refused.
var claimRefused = regexp.MustCompile(`persistentvolumeclaims "([^"]+)" is forbidden`)

// refusalKinds are known by the words of Kubernetes' admission plugins (k8s.io/kubernetes/plugin/pkg/admission,
// k8s.io/pod-security-admission, k8s.io/apiserver/pkg/admission/plugin/webhook).
func refusalKinds() []refusalKind {
	return []refusalKind{
		{
			regexp.MustCompile(`failed quota: .*must specify (.*?)[;(]?$`), Quota, "$WHAT can't be made: the namespace's quota counts what they do not ask for",
			"The quota counts resources, so each container must say what it asks for.", "kubectl describe resourcequota", "",
		},
		{
			regexp.MustCompile(`(?:exceeded|failed) quota`), Quota, "$WHAT can't be made: the namespace's quota is used up",
			"Ask for less, or have the quota raised. What is asked for, used and allowed stands in the words of the refusal.", "kubectl describe resourcequota", "",
		},
		{
			regexp.MustCompile(`violates PodSecurity "([^":]+)`), PodSecurity, "$WHAT can't be made: the namespace takes Pods of level %s only",
			"What must change stands in the words of the refusal. The level is a label of the namespace: pod-security.kubernetes.io/enforce.", "kubectl get namespace $NS --show-labels", "",
		},
		{
			regexp.MustCompile(`must be less than or equal to (cpu|memory|ephemeral-storage) limit`), LimitRange, "$WHAT can't be made: they ask for more %s than the limit that a LimitRange gives them",
			"A container that names a limit of its own gets none from a LimitRange.", "kubectl describe limitrange", "",
		},
		{
			regexp.MustCompile(`(?:maximum|minimum) \S+ usage per |max limit to request ratio`), LimitRange, "$WHAT can't be made: a LimitRange forbids their size",
			"Ask for what the LimitRange allows, or have it changed.", "kubectl describe limitrange", "",
		},
		{
			regexp.MustCompile(`serviceaccount "([^"]+)" not found`), ServiceAccountMissing, "$WHAT can't be made: ServiceAccount %q is not there",
			"Make it, or name another in spec.template.spec.serviceAccountName.", "kubectl get serviceaccounts", "kubectl create serviceaccount %s",
		},
		{
			regexp.MustCompile(`no PriorityClass with name (\S+) was found`), PriorityClassMissing, "$WHAT can't be made: PriorityClass %q is not there",
			"Make it, or name another in spec.template.spec.priorityClassName.", "kubectl get priorityclasses", "",
		},
		{
			regexp.MustCompile(`RuntimeClass "([^"]+)" not found`), RuntimeClassMissing, "$WHAT can't be made: RuntimeClass %q is not there",
			"Make it, or take spec.template.spec.runtimeClassName out: then the node's usual runtime starts them.", "kubectl get runtimeclasses", "",
		},
		{
			regexp.MustCompile(`ValidatingAdmissionPolicy '([^']+)'`), AdmissionPolicy, "$WHAT can't be made: ValidatingAdmissionPolicy %q refuses them",
			"What they must be like stands in the words of the refusal.", "kubectl describe validatingadmissionpolicy %s", "",
		},
		{
			regexp.MustCompile(`failed calling webhook "([^"]+)"`), Webhook, "$WHAT can't be made: webhook %q must agree, and does not answer",
			"Whatever serves the webhook must run; or its configuration must go, or say failurePolicy Ignore.", "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations", "",
		},
		{
			regexp.MustCompile(`admission webhook "([^"]+)" denied`), Webhook, "$WHAT can't be made: webhook %q refuses them",
			"The webhook's own words say why.", "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations", "",
		},
		{
			regexp.MustCompile(``), Refused, "$WHAT can't be made: the API server refuses them",
			"The words after \"forbidden\" say which rule stands in the way.", "", "",
		},
	}
}

func (x *examiner) refusal(o *unstructured.Unstructured, said, from string) {
	if f := forbiddenBy(said); f != nil && x.forbidden(o, *f, []Link{{Claim: "Its controller asked the API server, and was refused.", Evidence: short(said, 300), From: from}}) {
		return
	}
	for _, k := range refusalKinds() {
		m := k.words.FindStringSubmatch(said)
		if m == nil {
			continue
		}
		word := ""
		if len(m) > 1 {
			word = m[1]
		}
		if k.code == LimitRange && word != "" && !x.defaulted(o, corev1.ResourceName(word)) {
			continue
		}
		things, one := "Its Pods", "a Pod"
		if c := claimRefused.FindStringSubmatch(said); c != nil {
			things, one = "Its claims, and so its Pods,", "claim "+c[1]
		}
		p := Problem{
			Code: k.code, Title: strings.Replace(filled(k.title, word), "$WHAT", things, 1),
			Chain:  []Link{{Claim: fmt.Sprintf("%s %s asked for %s and was refused.", o.GetKind(), o.GetName(), one), Evidence: short(said, 450), From: from}},
			Advice: k.advice, Look: []string{filledSpace(filled(k.look, word), o.GetNamespace())},
		}
		if k.look == "" {
			p.Look = []string{"kubectl describe " + ref(o)}
		}
		if k.try != "" {
			p.Try = []string{filled(k.try, word)}
		}
		if k.code == LimitRange || k.code == Quota && (x.defaulted(o, corev1.ResourceCPU) || x.defaulted(o, corev1.ResourceMemory)) {
			p.Chain = append(p.Chain, x.limitLinks(o)...)
		}
		x.add(p.Code+"/"+string(o.GetUID()), o, p)
		return
	}
}

// workload is what owns an object in the end, or nil.
func (x *examiner) workload(o *unstructured.Unstructured) *unstructured.Unstructured {
	var top *unstructured.Unstructured
	for {
		owner := controllerOf(o)
		if owner == nil || x.w.alive[owner.UID] == nil {
			return top
		}
		o = x.w.alive[owner.UID]
		top = o
	}
}

// podsUnder are the Pods that a workload owns, by way of a ReplicaSet or not.
func (x *examiner) podsUnder(o *unstructured.Unstructured) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, owned := range x.owned[o.GetUID()] {
		switch owned.GetKind() {
		case "Pod":
			found = append(found, owned)
		case "ReplicaSet", "Job":
			if owned.GetUID() != o.GetUID() {
				found = append(found, x.podsUnder(owned)...)
			}
		}
	}
	return found
}

// setsUnder are the ReplicaSets of a Deployment.
func (x *examiner) setsUnder(o *unstructured.Unstructured) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, owned := range x.owned[o.GetUID()] {
		if owned.GetKind() == "ReplicaSet" {
			found = append(found, owned)
		}
	}
	return found
}
