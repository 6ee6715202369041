package explain

import (
	"fmt"
	"regexp"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
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
			said, from = x.events.quote(e), eventFrom(s, e)
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
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		if m["type"] == "ReplicaFailure" && m["status"] == "True" {
			text, _ := m["message"].(string)
			return text
		}
	}
	return ""
}

// refusalKind is a reason for which the API server refuses Pods.
type refusalKind struct {
	words *regexp.Regexp
	code  Code
	// title may take what the words' group found.
	title, advice string
	look, try     string
}

// refusalKinds are known by the words of Kubernetes' admission plugins (k8s.io/kubernetes/plugin/pkg/admission,
// k8s.io/pod-security-admission, k8s.io/apiserver/pkg/admission/plugin/webhook).
func refusalKinds() []refusalKind {
	return []refusalKind{
		{
			regexp.MustCompile(`failed quota: .*must specify (.*?)[;(]?$`), Quota, "Its Pods can't be made: the namespace's quota counts what they do not ask for",
			"The quota counts resources, so each container must say what it asks for.", "kubectl describe resourcequota", "",
		},
		{
			regexp.MustCompile(`(?:exceeded|failed) quota`), Quota, "Its Pods can't be made: the namespace's quota is used up",
			"Ask for fewer Pods or smaller ones, or have the quota raised.", "kubectl describe resourcequota", "",
		},
		{
			regexp.MustCompile(`violates PodSecurity "([^":]+)`), PodSecurity, "Its Pods can't be made: the namespace takes Pods of level %s only",
			"What must change stands in the words of the refusal. The level is a label of the namespace: pod-security.kubernetes.io/enforce.", "kubectl get namespace $NS --show-labels", "",
		},
		{
			regexp.MustCompile(`(?:maximum|minimum) \S+ usage per |max limit to request ratio`), LimitRange, "Its Pods can't be made: a LimitRange forbids their size",
			"Ask for what the LimitRange allows, or have it changed.", "kubectl describe limitrange", "",
		},
		{
			regexp.MustCompile(`serviceaccount "([^"]+)" not found`), ServiceAccountMissing, "Its Pods can't be made: ServiceAccount %q is not there",
			"Make it, or name another in spec.template.spec.serviceAccountName.", "kubectl get serviceaccounts", "kubectl create serviceaccount %s",
		},
		{
			regexp.MustCompile(`no PriorityClass with name (\S+) was found`), PriorityClassMissing, "Its Pods can't be made: PriorityClass %q is not there",
			"Make it, or name another in spec.template.spec.priorityClassName.", "kubectl get priorityclasses", "",
		},
		{
			regexp.MustCompile(`failed calling webhook "([^"]+)"`), Webhook, "Its Pods can't be made: webhook %q must agree, and does not answer",
			"Whatever serves the webhook must run; or its configuration must go, or say failurePolicy Ignore.", "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations", "",
		},
		{
			regexp.MustCompile(`admission webhook "([^"]+)" denied`), Webhook, "Its Pods can't be made: webhook %q refuses them",
			"The webhook's own words say why.", "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations", "",
		},
		{
			regexp.MustCompile(``), Refused, "Its Pods can't be made: the API server refuses them",
			"The words after \"forbidden\" say which rule stands in the way.", "", "",
		},
	}
}

func (x *examiner) refusal(o *unstructured.Unstructured, said, from string) {
	if line, f := findForbidden([]string{said}); f != nil {
		x.forbidden(o, *f, []Link{{Claim: "Its controller asked the API server, and was refused.", Evidence: short(line, 300), From: from}})
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
		p := Problem{
			Code: k.code, Title: filled(k.title, word),
			Chain:  []Link{{Claim: o.GetKind() + " " + o.GetName() + " asked for a Pod and was refused.", Evidence: short(said, 400), From: from}},
			Advice: k.advice, Look: []string{filledSpace(k.look, o.GetNamespace())},
		}
		if k.look == "" {
			p.Look = []string{"kubectl describe " + ref(o)}
		}
		if k.try != "" {
			p.Try = []string{filled(k.try, word)}
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
	for _, pod := range x.beside(o, "Pod") {
		for owner := x.ownerOf(pod); owner != nil; owner = x.ownerOf(owner) {
			if owner.GetUID() == o.GetUID() {
				found = append(found, pod)
			}
		}
	}
	return found
}

// setsUnder are the ReplicaSets of a Deployment.
func (x *examiner) setsUnder(o *unstructured.Unstructured) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, s := range x.beside(o, "ReplicaSet") {
		if ownedBy(s, o.GetUID()) {
			found = append(found, s)
		}
	}
	return found
}

// deployment examines how a rollout goes.
func (x *examiner) deployment(o *unstructured.Unstructured) {
	d := deploymentOf(o)
	wanted := replicas(o)
	if d.Spec.Paused && wanted > 0 && int(d.Status.UpdatedReplicas) < wanted {
		x.add("Paused/"+d.Name, o, Problem{
			Code: RolloutPaused, Title: fmt.Sprintf("Rollout of %s is paused, and a change waits", d.Name),
			Chain: []Link{
				{Claim: "Somebody paused it.", Evidence: "spec.paused true", From: ref(o) + " spec.paused"},
				{Claim: "Not all Pods are of the version that is wanted.", Evidence: fmt.Sprintf("%d of %d updated; wanted %s", d.Status.UpdatedReplicas, wanted, images(d.Spec.Template.Spec)), From: ref(o) + " status.updatedReplicas"},
			},
			Advice: "Nothing is rolled out until it goes on.",
			Try:    []string{"kubectl rollout resume " + ref(o)},
			Look:   []string{"kubectl rollout status " + ref(o)},
		}).hangsOn("is paused", x.setsUnder(o)...)
	}
	for _, c := range d.Status.Conditions {
		if c.Type != appsv1.DeploymentProgressing || c.Reason != "ProgressDeadlineExceeded" {
			continue
		}
		deadline := int32(600)
		if d.Spec.ProgressDeadlineSeconds != nil {
			deadline = *d.Spec.ProgressDeadlineSeconds
		}
		problem := Problem{
			Code: RolloutStuck, Title: fmt.Sprintf("Rollout of %s made no progress for %d s, which is its deadline", d.Name, deadline),
			Chain: []Link{
				{Claim: "The Deployment's controller gave it up.", Evidence: c.Reason + ": " + short(c.Message, 160), From: ref(o) + " status.conditions[Progressing]"},
				{Claim: "So far it got.", Evidence: fmt.Sprintf("%d wanted, %d updated, %d ready", wanted, d.Status.UpdatedReplicas, d.Status.ReadyReplicas), From: ref(o) + " status"},
			},
			Advice: "Its Pods show nothing that is wrong. They may need longer than the deadline allows: spec.progressDeadlineSeconds.",
			Look:   []string{"kubectl rollout status " + ref(o), "kubectl get pods"},
		}
		if len(x.setsUnder(o)) > 1 {
			problem.Back = []string{"kubectl rollout undo " + ref(o)}
		}
		x.add("Stuck/"+d.Name, o, problem).hangsOn(fmt.Sprintf("its rollout is stuck, for longer than %d s", deadline), append(x.podsUnder(o), x.setsUnder(o)...)...)
	}
}

// statefulSet examines a StatefulSet's Service, and tells of Pods that are not made since those before are not ready.
func (x *examiner) statefulSet(o *unstructured.Unstructured) {
	s := typed[appsv1.StatefulSet](o)
	wanted := replicas(o)
	ordered := s.Spec.PodManagementPolicy != appsv1.ParallelPodManagement
	if made := statusInt(o, "replicas"); ordered && made < wanted {
		seen := fmt.Sprintf("has %d of %s; it makes one after the other, when the one before is ready", made, plural(wanted, "Pod"))
		x.add("Order/"+s.Name, o, Problem{
			Code: Rolling, Waiting: true, Title: fmt.Sprintf("%s makes its Pods one after the other", s.Name),
			Chain: []Link{{Claim: "The next comes when the one before is ready.", Evidence: fmt.Sprintf("%d wanted, %d made, %d ready", wanted, made, s.Status.ReadyReplicas), From: ref(o) + " status"}},
		}).hangsOn(seen, append(x.podsUnder(o), o)...)
	}
	if s.Spec.ServiceName == "" || !x.knows("services") || x.named(o, "Service", s.Spec.ServiceName) != nil || wanted == 0 {
		return
	}
	x.add("SetService/"+s.Name, o, Problem{
		Code: StatefulSetService, Title: fmt.Sprintf("Service %q of StatefulSet %s is not there, so its Pods have no names", s.Spec.ServiceName, s.Name),
		Chain: []Link{
			{Claim: "That is the Service that gives its Pods names.", Evidence: "serviceName " + s.Spec.ServiceName, From: ref(o) + " spec.serviceName"},
			{Claim: "No Service has that name.", Evidence: x.serviceNames(o), From: "services in namespace " + o.GetNamespace()},
		},
		Advice: fmt.Sprintf("Its Pods run; names such as %s-0.%s are not found.", s.Name, s.Spec.ServiceName),
		Try:    []string{fmt.Sprintf("kubectl create service clusterip %s --clusterip=None", s.Spec.ServiceName)},
		Look:   []string{"kubectl get services"},
	})
}

// bySetsHand adds what must be done with a broken Pod of a StatefulSet that has another version by now: its controller
// waits for the Pod to get ready before it makes it anew, which a broken one never does.
func (x *examiner) bySetsHand(o *unstructured.Unstructured, p *Problem) {
	owner := x.ownerOf(o)
	if owner == nil || owner.GetKind() != "StatefulSet" || p.Waiting {
		return
	}
	s := typed[appsv1.StatefulSet](owner)
	if has := o.GetLabels()[appsv1.StatefulSetRevisionLabel]; has == "" || s.Status.UpdateRevision == "" || has == s.Status.UpdateRevision {
		return
	}
	p.Chain = append(p.Chain, Link{
		Claim: "Its StatefulSet has another version by now.", Evidence: fmt.Sprintf("%s  updateRevision %s, the Pod is of %s", ref(owner), s.Status.UpdateRevision, o.GetLabels()[appsv1.StatefulSetRevisionLabel]),
		From: ref(owner) + " status.updateRevision",
	})
	p.Advice = "The StatefulSet waits for this Pod to get ready before it makes it anew, which it never will: delete it by hand. " + p.Advice
	p.Try = []string{"kubectl delete pod " + o.GetName()}
}
