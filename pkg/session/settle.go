package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// settleAtMost is how long a step's start may take to come to rest. After it the step begins
	// as things are: a lesson may start from something that never comes to rest.
	settleAtMost = 45 * time.Second
	// settleSilent is after how long it is said what is waited for.
	settleSilent = 2 * time.Second
	// settleUnready is how long a Pod that runs and is not Ready holds up a step's start.
	settleUnready = 6 * time.Second
)

// settle waits until the cluster has made of the objects what it will.
func (s *Session) settle(parent context.Context, eyes Observer) error {
	ctx, cancel := context.WithTimeout(parent, settleAtMost)
	defer cancel()
	seen, err := eyes.Watch(ctx, settleQueries())
	if err != nil {
		return err
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	silent := time.NewTimer(settleSilent)
	defer silent.Stop()
	var last *snapshot.Snapshot
	for {
		select {
		case <-silent.C:
			if last != nil {
				s.note("Waiting for the cluster to come to rest: %s.", unrest(last, s.Now()))
			}
		case now, ok := <-seen:
			if !ok {
				return s.unsettled(parent, last)
			}
			last = now
		case <-tick.C:
		case <-ctx.Done():
			return s.unsettled(parent, last)
		}
		if last != nil && unrest(last, s.Now()) == "" {
			return nil
		}
	}
}

// unsettled says why it did not come to rest, unless it was broken off.
func (s *Session) unsettled(ctx context.Context, last *snapshot.Snapshot) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wait for the step's start: %w", context.Cause(ctx))
	}
	if last != nil {
		s.note("The step begins although %s.", unrest(last, s.Now()))
	}
	return nil
}

func settleQueries() []snapshot.Query {
	var all []snapshot.Query
	for _, kind := range []string{"pods", "deployments", "replicasets", "statefulsets", "jobs", "nodes"} {
		if q, err := snapshot.ParseQuery(kind); err == nil {
			all = append(all, q)
		}
	}
	return all
}

// unrest says what is still on its way; it is empty when all has come to rest.
func unrest(now *snapshot.Snapshot, at time.Time) string {
	for resource := range now.Errors {
		// Who may not look at the nodes sees from the Pods alone how things stand.
		if resource != "nodes" {
			return "the cluster could not be read"
		}
	}
	// A rollout that hangs on a container which can't start has come to rest where it is.
	silent := silentNodes(now.Objects)
	hangs := slices.ContainsFunc(now.Objects, hanging)
	for _, o := range now.Objects {
		var why string
		switch o.GetKind() {
		case "Pod":
			if !silent[nodeOf(o)] {
				why = podUnrest(o, at)
			}
		case "Deployment", "ReplicaSet", "StatefulSet", "Job":
			why = controllerUnrest(o, hangs)
		}
		if why != "" {
			return why
		}
	}
	return ""
}

// silentNodes are those whose kubelet does not answer: nothing comes of Pods there.
func silentNodes(objects []*unstructured.Unstructured) map[string]bool {
	silent := map[string]bool{}
	for _, o := range objects {
		if o.GetKind() == "Node" && condition(o, "Ready", "status") != "True" {
			silent[o.GetName()] = true
		}
	}
	return silent
}

func nodeOf(pod *unstructured.Unstructured) string {
	name, _, _ := unstructured.NestedString(pod.Object, "spec", "nodeName")
	return name
}

func controllerUnrest(o *unstructured.Unstructured, hangs bool) string {
	name := o.GetKind() + " " + o.GetName()
	if o.GetDeletionTimestamp() != nil {
		return name + " is being deleted"
	}
	observed, found, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	if o.GetKind() != "Job" && (!found || observed < o.GetGeneration()) {
		return name + " was not looked at by its controller yet"
	}
	wanted, counts, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	made, _, _ := unstructured.NestedInt64(o.Object, "status", "replicas")
	if counts && made != wanted && !hangs {
		return fmt.Sprintf("%s has %d of %d Pods", name, made, wanted)
	}
	return ""
}

// stuck are the reasons for which a container waits and goes on waiting.
func stuck(reason string) bool {
	return slices.Contains([]string{
		"CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
		"CreateContainerConfigError", "CreateContainerError", "RunContainerError",
	}, reason)
}

// hanging says that one of a Pod's containers can't start.
func hanging(o *unstructured.Unstructured) bool {
	if o.GetKind() != "Pod" {
		return false
	}
	for _, c := range containerStatuses(o, "initContainerStatuses", "containerStatuses") {
		if reason, _, _ := unstructured.NestedString(c, "state", "waiting", "reason"); stuck(reason) {
			return true
		}
	}
	return false
}

func podUnrest(o *unstructured.Unstructured, at time.Time) string {
	name := "Pod " + o.GetName()
	if o.GetDeletionTimestamp() != nil {
		return name + " is being deleted"
	}
	switch phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase {
	case "Succeeded", "Failed":
		return ""
	}
	if condition(o, "Ready", "status") == "True" || condition(o, "PodScheduled", "reason") == "Unschedulable" {
		return ""
	}
	if hanging(o) {
		return ""
	}
	if since, ok := runningSince(o); ok && at.Sub(since) > settleUnready {
		return ""
	}
	return name + " is not ready yet"
}

// runningSince is when the last of the Pod's containers started; not ok while one does not run.
func runningSince(o *unstructured.Unstructured) (latest time.Time, ok bool) {
	statuses := containerStatuses(o, "containerStatuses")
	for _, c := range statuses {
		text, _, _ := unstructured.NestedString(c, "state", "running", "startedAt")
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return time.Time{}, false
		}
		if t.After(latest) {
			latest = t
		}
	}
	return latest, len(statuses) > 0
}

func containerStatuses(o *unstructured.Unstructured, fields ...string) []map[string]any {
	var found []map[string]any
	for _, field := range fields {
		list, _, _ := unstructured.NestedSlice(o.Object, "status", field)
		for _, item := range list {
			if m, ok := item.(map[string]any); ok {
				found = append(found, m)
			}
		}
	}
	return found
}

func condition(o *unstructured.Unstructured, kind, field string) string {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, item := range list {
		if m, ok := item.(map[string]any); ok && m["type"] == kind {
			text, _ := m[field].(string)
			return text
		}
	}
	return ""
}
