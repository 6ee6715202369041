package explain

import (
	"fmt"
	"sort"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Why says why a target is not well: each cause once, with the chain that leads from what is seen to
// it, and what to try. What is only on its way is told as such. The snapshot should hold what Needs
// lists; what could not be read is left out of the judgement.
func Why(target snapshot.Query, now *snapshot.Snapshot) (*Diagnosis, error) {
	subjects, err := now.Select(target)
	if err != nil {
		return nil, err
	}
	if len(subjects) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoTarget, target.String())
	}
	x := newExaminer(now)
	pods := podsOf(target, now)
	for _, o := range subjects {
		x.subject(o, pods)
	}
	for _, o := range pods {
		x.pod(o)
	}
	d := &Diagnosis{Problems: x.problems()}
	d.Headline, d.Health = x.headline(target, subjects, pods, d.Problems)
	d.Rest = x.rest(subjects, pods)
	return d, nil
}

// Needs are the queries that a snapshot should answer for an explanation of this kind and target.
func Needs(kind string, target snapshot.Query) []snapshot.Query {
	resources := []string{
		"pods", "replicasets", "deployments", "statefulsets", "daemonsets", "jobs", "services", "endpointslices", "nodes",
	}
	switch kind {
	case KindWhy:
		resources = append(resources, "events", "resourcequotas", "persistentvolumeclaims")
	case KindTimeline:
		resources = append(resources, "events", "leases")
	case KindPlacement:
		resources = []string{"pods", "nodes", "replicasets", "services"}
	}
	var queries []snapshot.Query
	for _, r := range resources {
		if q, err := snapshot.ParseQuery(r); err == nil {
			queries = append(queries, q)
		}
	}
	if !target.IsZero() {
		queries = append(queries, target)
	}
	return queries
}

// examiner looks for causes and keeps each once.
type examiner struct {
	now    *snapshot.Snapshot
	w      *world
	events sayings
	nodes  map[string]*corev1.Node
	found  map[string]*Problem
	order  []string
}

func newExaminer(now *snapshot.Snapshot) *examiner {
	x := &examiner{
		now: now, w: newWorld(now, nil), events: eventsIn(now), nodes: map[string]*corev1.Node{}, found: map[string]*Problem{},
	}
	for _, o := range kindIn(now, "Node") {
		x.nodes[o.GetName()] = nodeOf(o)
	}
	return x
}

// add keeps a problem of an object. The first object with a problem gives its wording.
func (x *examiner) add(key string, o *unstructured.Unstructured, p Problem) {
	known, ok := x.found[key]
	if !ok {
		known = &p
		x.found[key] = known
		x.order = append(x.order, key)
	}
	known.Objects = append(known.Objects, ref(o))
}

// problems are what was found: what is wrong first, what only takes its time last.
func (x *examiner) problems() []Problem {
	var all []Problem
	for _, key := range x.order {
		p := *x.found[key]
		sort.Strings(p.Objects)
		all = append(all, p)
	}
	sort.SliceStable(all, func(i, j int) bool { return !all[i].Waiting && all[j].Waiting })
	return all
}

// subject examines what was asked about itself; its Pods are examined each for itself.
func (x *examiner) subject(o *unstructured.Unstructured, pods []*unstructured.Unstructured) {
	switch o.GetKind() {
	case "Service":
		x.service(o, pods)
	case "Node":
		x.node(o)
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job":
		x.refusals(o)
	}
}

func (x *examiner) headline(target snapshot.Query, subjects, pods []*unstructured.Unstructured, problems []Problem) (string, Health) {
	health := Well
	for _, p := range problems {
		if !p.Waiting {
			health = Unwell
		} else if health == Well {
			health = Waiting
		}
	}
	name := target.String()
	first := subjects[0]
	switch {
	case len(subjects) > 1 || first.GetKind() == "Pod" && target.Name == "":
		return fmt.Sprintf("%s: %d of %s ready", name, readyAmong(pods), plural(len(pods), "Pod")), health
	case first.GetKind() == "Pod":
		return name + ": " + podWords(first) + x.since(first), health
	case first.GetKind() == "Node":
		return name + ": " + describeNode(nodeOf(first)).Status, health
	case first.GetKind() == "Service":
		n := len(x.w.answering(first.GetNamespace(), first.GetName()))
		return fmt.Sprintf("%s: answers from %s", name, plural(n, "Pod")), health
	}
	if n := replicas(first); n >= 0 {
		line := fmt.Sprintf("%s: %d of %s ready", name, readyAmong(pods), plural(n, "Pod"))
		if health == Unwell && readyAmong(pods) >= n {
			line += ", and yet not all is well"
		}
		return line, health
	}
	words, _ := condition(first)
	return name + ": " + words, health
}

// since says for how long a Pod has not been ready.
func (x *examiner) since(o *unstructured.Unstructured) string {
	c := readyCondition(podOf(o))
	if c == nil || c.Status == corev1.ConditionTrue || c.LastTransitionTime.IsZero() {
		return ""
	}
	return ", not ready for " + age(x.now.At.Sub(c.LastTransitionTime.Time))
}

func readyAmong(pods []*unstructured.Unstructured) int {
	n := 0
	for _, o := range pods {
		if o.GetDeletionTimestamp() == nil && looksReady(o) {
			n++
		}
	}
	return n
}

// rest says how the Pods are that were not asked about.
func (x *examiner) rest(subjects, pods []*unstructured.Unstructured) string {
	asked := map[types.UID]bool{}
	for _, o := range append(append([]*unstructured.Unstructured(nil), subjects...), pods...) {
		asked[o.GetUID()] = true
	}
	var unwell []string
	for _, o := range kindIn(x.now, "Pod") {
		if !asked[o.GetUID()] && podHealth(podOf(o)) == Unwell {
			unwell = append(unwell, ref(o))
		}
	}
	if reason, ok := x.now.Errors["pods"]; ok {
		return "The Pods could not be read: " + reason
	}
	if len(unwell) == 0 {
		return "Nothing else in this namespace is unwell."
	}
	return "Also not well: " + strings.Join(unwell, ", ") + "."
}

// youth is for how long an object has been there.
func (x *examiner) youth(o *unstructured.Unstructured) time.Duration {
	return x.now.At.Sub(o.GetCreationTimestamp().Time)
}
