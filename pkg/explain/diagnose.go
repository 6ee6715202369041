package explain

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Why says why a target is not well: each root cause once, with the chain that leads from what is seen to
// it, what to try, and what else is not well because of it. The zero target, or a Namespace, means everything
// in the namespace. What is only on its way is told as such. The snapshot should hold what Needs
// and Wants list; what could not be read is left out of the judgement.
func Why(target snapshot.Query, now *snapshot.Snapshot) (*Diagnosis, error) {
	subjects, err := subjectsOf(target, now)
	if err != nil {
		return nil, err
	}
	x := newExaminer(now)
	x.whole = everything(target)
	pods := x.kind("Pod")
	for _, o := range pods {
		x.pod(o)
	}
	for _, o := range subjectsIn(now) {
		x.subject(o)
	}
	var about func(types.UID) bool
	if !everything(target) {
		if pods = podsOf(target, now); target.Kind == "Node" {
			pods = nil // what is wrong with those is not the node's fault, and where it is, the node is named
		}
		about = x.about(subjects, pods)
	}
	d := &Diagnosis{Problems: x.problems(about), Unseen: x.unseen(about)}
	d.Headline, d.Health = x.headline(target, subjects, pods, d.Problems)
	d.Rest = x.rest(target, subjects, pods, d.Problems)
	return d, nil
}

// about says which objects a question about some is about: themselves, their Pods, and the ReplicaSets between. Nodes are
// examined where something stands on them, or when they are asked about.
func (x *examiner) about(subjects, pods []*unstructured.Unstructured) func(types.UID) bool {
	in := map[types.UID]bool{}
	for _, o := range subjects {
		in[o.GetUID()] = true
		for _, s := range x.setsUnder(o) {
			in[s.GetUID()] = true
		}
		if o.GetNamespace() == "" {
			x.subject(o)
		}
	}
	for _, o := range pods {
		in[o.GetUID()] = true
	}
	return func(uid types.UID) bool { return in[uid] }
}

// everything says that a target is a whole namespace.
func everything(target snapshot.Query) bool {
	return target.IsZero() || target.Kind == "Namespace" && target.Name != ""
}

// subjectsOf are the objects to examine.
func subjectsOf(target snapshot.Query, now *snapshot.Snapshot) ([]*unstructured.Unstructured, error) {
	if target.IsZero() {
		return subjectsIn(now), nil
	}
	found, err := now.Select(target)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("%w: %s", ErrNoTarget, target.String())
	case everything(target):
		return subjectsIn(now), nil
	}
	return found, nil
}

// subjectsIn are all objects of a snapshot that belong to what is looked at.
func subjectsIn(now *snapshot.Snapshot) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, o := range now.Objects {
		namespaced := o.GetNamespace() != "" && (now.Namespace == "" || o.GetNamespace() == now.Namespace)
		if namespaced || o.GetKind() == "Namespace" && (now.Namespace == "" || o.GetName() == now.Namespace) {
			all = append(all, o)
		}
	}
	return all
}

// Needs are the queries that a snapshot should answer for an explanation of this kind and target.
func Needs(kind string, target snapshot.Query) []snapshot.Query {
	resources := []string{
		"pods", "replicasets", "deployments", "statefulsets", "daemonsets", "jobs", "services", "endpointslices", "nodes",
	}
	switch kind {
	case KindWhy:
		resources = append(resources, "events", "resourcequotas", "persistentvolumeclaims", "cronjobs", "horizontalpodautoscalers",
			"poddisruptionbudgets", "ingresses", "networkpolicies")
	case KindTimeline:
		resources = append(resources, "events", "leases")
	case KindPlacement:
		resources = []string{"pods", "nodes", "replicasets", "services"}
	}
	queries := parsed(resources...)
	if !target.IsZero() {
		queries = append(queries, target)
	}
	return queries
}

func parsed(texts ...string) []snapshot.Query {
	var queries []snapshot.Query
	for _, text := range texts {
		if q, err := snapshot.ParseQuery(text); err == nil {
			queries = append(queries, q)
		}
	}
	return queries
}

// subject examines an object about itself; Pods are examined each for itself.
func (x *examiner) subject(o *unstructured.Unstructured) {
	kind := o.GetKind()
	if kind != "Pod" && kind != "Namespace" && o.GetDeletionTimestamp() != nil && x.ending(o) {
		return
	}
	switch kind {
	case "Service":
		x.service(o)
		x.unreachable(o)
	case "Node":
		x.node(o)
	case "Deployment":
		x.refusals(o)
		x.deployment(o)
	case "DaemonSet":
		x.refusals(o)
		x.daemonSet(o)
	case "ReplicaSet", "ReplicationController":
		x.refusals(o)
	case "StatefulSet":
		x.refusals(o)
		x.statefulSet(o)
	case "Job":
		x.refusals(o)
		x.job(o)
	case "CronJob":
		x.cronJob(o)
	case "PersistentVolumeClaim":
		x.claim(o)
	case "HorizontalPodAutoscaler":
		x.scaler(o)
	case "PodDisruptionBudget":
		x.budget(o)
	case "Ingress":
		x.ingress(o)
	case "Namespace":
		x.namespace(o)
	case "Pod":
	default:
		if _, ours := snapshot.KindOf(o.GroupVersionKind()); !ours {
			x.custom(o)
		}
	}
}

// youth is for how long an object has been there.
func (x *examiner) youth(o *unstructured.Unstructured) time.Duration {
	return x.now.At.Sub(o.GetCreationTimestamp().Time)
}
