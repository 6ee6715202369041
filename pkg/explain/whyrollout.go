package explain

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

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
		seen := fmt.Sprintf("has %d of %s; it makes one after the other, when the one before is ready", made, snapshot.Count(wanted, "Pod"))
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
