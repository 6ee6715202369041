package explain

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// custom examines an object of a kind that Kubernetes does not have itself, by its conditions and by the rules of kstatus. What the
// kind's own conditions mean is not known: only those are judged whose names many kinds use in one sense.
func (x *examiner) custom(o *unstructured.Unstructured) {
	status, found, _ := unstructured.NestedMap(o.Object, "status")
	if !found || len(status) == 0 {
		if group := o.GroupVersionKind().Group; !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") {
			return // a kind of Kubernetes' own that has none
		}
		x.doubt(o, fmt.Sprintf("%s has no status. Whether its controller runs, and whether all is well with it, can't be seen from here", ref(o)))
		return
	}
	problem := Problem{Code: NotReady, Look: []string{fmt.Sprintf("kubectl describe %s", ref(o)), fmt.Sprintf("kubectl get %s -o yaml", ref(o))}}
	var worst *saidCondition
	for _, c := range conditionsOf(o) {
		if !c.bad() {
			continue
		}
		problem.Chain = append(problem.Chain, Link{
			Claim: fmt.Sprintf("Its controller says so of %s.", c.Type), Evidence: strings.TrimSpace(fmt.Sprintf("%s=%s%s  %s", c.Type, c.Status, x.forHowLong(c), c.words())), From: fmt.Sprintf("%s status.conditions[%s]", ref(o), c.Type),
		})
		if worst == nil || c.isFailure() && !worst.isFailure() {
			worst = &c
		}
	}
	r, err := kstatus.Compute(o)
	switch {
	case worst != nil:
		problem.Title = fmt.Sprintf("Its condition %s is %s", worst.Type, worst.Status)
		if m := strings.TrimSuffix(worst.words(), "."); m != "" {
			problem.Title += ": " + short(m, 160)
		}
		problem.Advice = "Its controller's own words say why."
		// A controller at work says for a while that it is not ready.
		at := worst.LastTransitionTime.Time
		problem.Waiting = !worst.isFailure() && (!at.IsZero() && x.now.At.Sub(at) < patience || at.IsZero() && x.youth(o) < patience)
	case err == nil && r.Status == kstatus.InProgressStatus:
		problem.Waiting, problem.Title = true, "Its controller is at work on it"
		problem.Chain = []Link{{Claim: "It is not done.", Evidence: r.Message, From: ref(o) + " status, by the rules of kstatus"}}
		if strings.Contains(r.Message, "observed generation") && x.youth(o) > patience {
			x.doubt(o, fmt.Sprintf("%s was changed, and its controller has not looked at that. Whether it runs can't be seen from here", ref(o)))
		}
	case err == nil && r.Status == kstatus.FailedStatus:
		problem.Title = "It failed"
		problem.Chain = []Link{{Claim: "It says so.", Evidence: r.Message, From: ref(o) + " status, by the rules of kstatus"}}
	default:
		return
	}
	if problem.Waiting {
		problem.Code = Starting
	}
	x.add("Custom/"+ref(o), o, problem).hangsOn("is not ready", x.below(o)...)
}

// saidCondition is a condition of an object of any kind.
type saidCondition metav1.Condition

func conditionsOf(o *unstructured.Unstructured) []saidCondition {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	var all []saidCondition
	for _, item := range list {
		var c metav1.Condition
		if m, ok := item.(map[string]any); ok && runtime.DefaultUnstructuredConverter.FromUnstructured(m, &c) == nil {
			all = append(all, saidCondition(c))
		}
	}
	return all
}

// isFailure says that a condition is of those that are true where something failed.
func (c saidCondition) isFailure() bool {
	switch c.Type {
	case "Stalled", "Failed", "Failure", "Degraded", "Error":
		return c.Status == metav1.ConditionTrue
	}
	return false
}

// bad says that a condition tells of something that is not well.
func (c saidCondition) bad() bool {
	switch c.Type {
	case "Ready", "Available", "Healthy", "Synced", "Reconciled", "Accepted", "Programmed", "ResolvedRefs", "Established", "NamesAccepted":
		return c.Status == metav1.ConditionFalse
	}
	return c.isFailure()
}

// words are a condition's reason and message.
func (c saidCondition) words() string {
	return strings.TrimPrefix(strings.TrimSuffix(c.Reason+": "+c.Message, ": "), ": ")
}

func (x *examiner) forHowLong(c saidCondition) string {
	if c.LastTransitionTime.IsZero() {
		return ""
	}
	return " for " + age(max(x.now.At.Sub(c.LastTransitionTime.Time), time.Duration(0)))
}
