package explain

import (
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// jobEnded says that a Job has one of the conditions: Complete, Failed, Suspended.
func jobEnded(j *batchv1.Job, how ...batchv1.JobConditionType) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Status == corev1.ConditionTrue && slices.Contains(how, c.Type)
	})
}

// job examines a Job that gave up.
func (x *examiner) job(o *unstructured.Unstructured) {
	j := typed[batchv1.Job](o)
	for _, c := range j.Status.Conditions {
		if c.Type != batchv1.JobFailed && c.Type != batchv1.JobFailureTarget || c.Status != corev1.ConditionTrue {
			continue
		}
		problem := Problem{
			Code: JobFailed, Title: fmt.Sprintf("Job %s gave up: %s", j.Name, failedWords(j, c.Reason)),
			Chain: []Link{
				{Claim: "Its controller makes no more Pods.", Evidence: fmt.Sprintf("Failed, %s: %s", c.Reason, short(c.Message, 160)), From: fmt.Sprintf("%s status.conditions[%s]", ref(o), c.Type)},
				triedOften(o, j),
			},
			Advice: "A Job that failed stays as it is. When what is wrong is mended, delete it and make it again.",
			Look:   []string{"kubectl describe job " + j.Name, "kubectl get pods -l job-name=" + j.Name},
		}
		if c.Reason == "DeadlineExceeded" {
			problem.Code = JobDeadline
			if j.Spec.ActiveDeadlineSeconds != nil {
				problem.Title = fmt.Sprintf("Job %s ran longer than its activeDeadlineSeconds %d, and was ended", j.Name, *j.Spec.ActiveDeadlineSeconds)
				problem.Chain[1] = Link{Claim: "That is the time it had.", Evidence: fmt.Sprintf("activeDeadlineSeconds %d", *j.Spec.ActiveDeadlineSeconds), From: ref(o) + " spec.activeDeadlineSeconds"}
			}
			problem.Advice = "Give it more time, or less to do; then delete it and make it again."
		}
		pods := x.podsUnder(o)
		problem.Chain = append(problem.Chain, x.endOf(pods)...)
		f := x.add("Job/"+j.Name, o, problem)
		for _, pod := range pods {
			if !x.plainFailure(pod) {
				f.hangsOn("gave up", pod)
			}
		}
	}
}

// plainFailure says that of a Pod nothing more is known than that its program gave up, or ran out of time.
func (x *examiner) plainFailure(pod *unstructured.Unstructured) bool {
	for _, f := range x.found {
		if f.of[pod.GetUID()] && f.Code != Failed && f.Code != CrashLoop && f.Code != DeadlineExceeded && !f.Waiting {
			return false
		}
	}
	return true
}

func failedWords(j *batchv1.Job, reason string) string {
	switch {
	case reason == "BackoffLimitExceeded":
		return fmt.Sprintf("its Pods failed more often than its back-off limit of %d allows", backoffLimit(j))
	case reason == "PodFailurePolicy":
		return "a Pod failed in a way that its failure policy does not try again"
	case reason == batchv1.JobReasonFailedIndexes && j.Spec.BackoffLimitPerIndex != nil:
		return fmt.Sprintf("index %s failed more often than its back-off limit per index of %d allows", failedIndexes(j), *j.Spec.BackoffLimitPerIndex)
	case reason == batchv1.JobReasonMaxFailedIndexesExceeded && j.Spec.MaxFailedIndexes != nil:
		return fmt.Sprintf("more indexes failed than the %d that it may lose", *j.Spec.MaxFailedIndexes)
	}
	return reason
}

// triedOften is how often a Job tried, of how often it might.
func triedOften(o *unstructured.Unstructured, j *batchv1.Job) Link {
	if j.Spec.BackoffLimitPerIndex == nil {
		return Link{Claim: "So often it tried.", Evidence: fmt.Sprintf("%d failed, backoffLimit %d", j.Status.Failed, backoffLimit(j)), From: ref(o) + " status.failed, spec.backoffLimit"}
	}
	said := fmt.Sprintf("index %s failed, %d Pods; backoffLimitPerIndex %d", failedIndexes(j), j.Status.Failed, *j.Spec.BackoffLimitPerIndex)
	if j.Spec.MaxFailedIndexes != nil {
		said += fmt.Sprintf(", maxFailedIndexes %d", *j.Spec.MaxFailedIndexes)
	}
	if j.Status.CompletedIndexes != "" {
		said += "; done: index " + j.Status.CompletedIndexes
	}
	return Link{Claim: "So often it tried each index.", Evidence: said, From: ref(o) + " status.failedIndexes, spec.backoffLimitPerIndex, spec.maxFailedIndexes"}
}

// failedIndexes are the indexes of a Job that are given up, as its status writes them.
func failedIndexes(j *batchv1.Job) string {
	if j.Status.FailedIndexes == nil || *j.Status.FailedIndexes == "" {
		return "?"
	}
	return *j.Status.FailedIndexes
}

func backoffLimit(j *batchv1.Job) int32 {
	if j.Spec.BackoffLimit == nil {
		return 6
	}
	return *j.Spec.BackoffLimit
}

// endOf is how the last of some Pods ended, with its last words.
func (x *examiner) endOf(pods []*unstructured.Unstructured) []Link {
	for i := len(pods) - 1; i >= 0; i-- {
		p := podOf(pods[i])
		for _, s := range append(append([]corev1.ContainerStatus(nil), p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...) {
			last, field := lastEnd(s)
			if last == nil || last.ExitCode == 0 {
				continue
			}
			links := []Link{{
				Claim:    fmt.Sprintf("Container %s of its Pod ended with %s.", s.Name, exitWords(last)),
				Evidence: fmt.Sprintf("%s  exit code %d, %s", ref(pods[i]), last.ExitCode, last.Reason), From: containerField(p, s.Name) + field,
			}}
			if log := x.logOf(p, s.Name); log != nil && len(log.Lines) > 0 {
				links = append(links, lastWords(log))
			}
			return links
		}
	}
	return nil
}

// cronJob tells that a CronJob is suspended, where it is asked for itself, through its condition; its Jobs are examined
// each for itself. What is wrong with it alone stands in its events.
func (x *examiner) cronJob(o *unstructured.Unstructured) {
	e := x.events.newest(o.GetUID(), withReason("FailedCreate", "FailedNeedsStart", "InvalidSchedule", "UnparseableSchedule", "TooManyMissedTimes"))
	if e == nil {
		return
	}
	if strings.Contains(e.Reason, "FailedCreate") {
		x.refusal(o, x.events.quote(e), eventFrom(o, e))
		return
	}
	x.add("CronJob/"+o.GetName(), o, Problem{
		Code: JobFailed, Title: fmt.Sprintf("CronJob %s can't start its Jobs", o.GetName()),
		Chain:  []Link{{Claim: "Its controller says why.", Evidence: x.events.quote(e), From: eventFrom(o, e)}},
		Advice: "Compare spec.schedule and spec.startingDeadlineSeconds with the words of the event.",
		Look:   []string{"kubectl describe cronjob " + o.GetName()},
	})
}
