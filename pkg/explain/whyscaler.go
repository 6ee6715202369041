package explain

import (
	"fmt"
	"regexp"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// scaler examines a HorizontalPodAutoscaler.
func (x *examiner) scaler(o *unstructured.Unstructured) {
	h := typed[autoscalingv2.HorizontalPodAutoscaler](o)
	target := h.Spec.ScaleTargetRef
	for _, c := range h.Status.Conditions {
		if c.Status != corev1.ConditionFalse {
			continue
		}
		link := Link{Claim: "Its controller says why.", Evidence: c.Reason + ": " + short(c.Message, 300), From: fmt.Sprintf("%s status.conditions[%s]", ref(o), c.Type)}
		switch {
		case c.Type == autoscalingv2.AbleToScale && c.Reason == "FailedGetScale":
			x.noScaleTarget(o, target, link)
		case c.Type == autoscalingv2.ScalingActive && c.Reason != "ScalingDisabled":
			x.noMetrics(o, h, c, link)
		}
	}
}

func (x *examiner) noScaleTarget(o *unstructured.Unstructured, target autoscalingv2.CrossVersionObjectReference, link Link) {
	var names []string
	for _, other := range x.beside(o, target.Kind) {
		names = append(names, other.GetName())
	}
	problem := Problem{
		Code: HPANoTarget, Title: fmt.Sprintf("It is to scale %s %q, which is not there", target.Kind, target.Name), Chain: []Link{link},
		Look: []string{"kubectl describe hpa " + o.GetName(), "kubectl get " + strings.ToLower(target.Kind) + "s"},
	}
	if len(names) > 0 {
		problem.Chain = append(problem.Chain, Link{Claim: "These are there.", Evidence: short(strings.Join(names, ", "), 160), From: strings.ToLower(target.Kind) + "s in namespace " + o.GetNamespace()})
	}
	if near := snapshot.Nearest(target.Name, names); near != "" {
		problem.Advice = fmt.Sprintf("Did you mean %s?", near)
	}
	x.add("Scaler/"+o.GetName(), o, problem)
}

func (x *examiner) noMetrics(o *unstructured.Unstructured, h *autoscalingv2.HorizontalPodAutoscaler, c autoscalingv2.HorizontalPodAutoscalerCondition, link Link) {
	target := x.named(o, h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name)
	problem := Problem{
		Code: HPANoMetrics, Title: "It gets no metrics, so it does not scale", Chain: []Link{link},
		Advice: "Something must measure and serve the metric: for CPU and memory that is metrics-server.",
		Look:   []string{"kubectl describe hpa " + o.GetName(), "kubectl top pods"},
	}
	for _, m := range h.Spec.Metrics {
		problem.Chain = append(problem.Chain, Link{Claim: "That is what it asks for.", Evidence: metricWords(m), From: ref(o) + " spec.metrics"})
	}
	if m := noRequest.FindStringSubmatch(c.Message); m != nil {
		problem.Code, problem.Title = HPANoRequests, fmt.Sprintf("It counts in percent of the %s that its Pods ask for, and they ask for none", m[1])
		problem.Advice = fmt.Sprintf("Give the containers resources.requests.%s, or have it count in absolute numbers.", m[1])
		if target != nil {
			problem.Try = []string{fmt.Sprintf("kubectl set resources %s --requests=%s", ref(target), map[string]string{"cpu": "cpu=100m", "memory": "memory=128Mi"}[m[1]])}
		}
	}
	// Right after Pods have come there are no figures of them yet.
	soon := strings.Contains(c.Message, "no metrics returned from resource metrics API") || strings.Contains(c.Message, "did not receive metrics")
	problem.Waiting = soon && x.now.At.Sub(c.LastTransitionTime.Time) < patience
	f := x.add("Scaler/"+o.GetName(), o, problem)
	if target != nil && soon {
		f.hangsOn("gets no metrics", append(x.podsUnder(target), x.setsUnder(target)...)...)
	}
}

// noRequest is how the autoscaler's controller says that a container asks for nothing of a resource.
var noRequest = regexp.MustCompile(`missing request for (cpu|memory)\b`)

// metricWords write what an autoscaler asks for.
func metricWords(m autoscalingv2.MetricSpec) string {
	switch {
	case m.Resource != nil && m.Resource.Target.AverageUtilization != nil:
		return fmt.Sprintf("resource %s, %d %% of requests", m.Resource.Name, *m.Resource.Target.AverageUtilization)
	case m.Resource != nil:
		return fmt.Sprintf("resource %s", m.Resource.Name)
	case m.ContainerResource != nil:
		return fmt.Sprintf("resource %s of container %s", m.ContainerResource.Name, m.ContainerResource.Container)
	case m.Pods != nil:
		return "metric of Pods: " + m.Pods.Metric.Name
	case m.Object != nil:
		return fmt.Sprintf("metric of %s %s: %s", m.Object.DescribedObject.Kind, m.Object.DescribedObject.Name, m.Object.Metric.Name)
	case m.External != nil:
		return "external metric: " + m.External.Metric.Name
	}
	return string(m.Type)
}

// budget examines a PodDisruptionBudget: it lets no Pod go, and one stands on a node that is to be emptied.
func (x *examiner) budget(o *unstructured.Unstructured) {
	b := typed[policyv1.PodDisruptionBudget](o)
	if b.Status.DisruptionsAllowed > 0 || b.Status.ExpectedPods == 0 || b.Spec.Selector == nil {
		return
	}
	var held []string
	var pods []*unstructured.Unstructured
	on := ""
	for _, pod := range x.beside(o, "Pod") {
		if !selects(b.Spec.Selector, pod) || ended(podOf(pod)) {
			continue
		}
		node := nodeName(pod)
		n := x.nodes[node]
		pods = append(pods, pod)
		if n != nil && nodeOf(n).Spec.Unschedulable {
			held, on = append(held, ref(pod)+" on "+node), node
		}
	}
	if len(held) == 0 {
		return
	}
	x.add("Budget/"+b.Name, o, Problem{
		Code: DisruptionBudget, Title: fmt.Sprintf("It lets no Pod leave node %s, which is closed for new Pods", on),
		Chain: []Link{
			{Claim: "So many Pods it wants healthy, and so many are.", Evidence: fmt.Sprintf("%d wanted, %d healthy, %d may go", b.Status.DesiredHealthy, b.Status.CurrentHealthy, b.Status.DisruptionsAllowed), From: ref(o) + " status"},
			{Claim: "These stand on a node that is closed.", Evidence: short(strings.Join(held, ", "), 200), From: "node/" + on + " spec.unschedulable"},
		},
		Advice: "kubectl drain waits for as long as that is so. More replicas, or a smaller minAvailable, let one go at a time.",
		Look:   []string{"kubectl get pdb " + b.Name, "kubectl get pods -o wide"},
	}).hangsOn("lets no Pod go while some are not healthy", pods...)
}
