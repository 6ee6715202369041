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
	pods := x.kind("Pod")
	for _, o := range pods {
		x.pod(o)
	}
	for _, o := range subjectsIn(now) {
		x.subject(o)
	}
	var about func(types.UID) bool
	if !everything(target) {
		pods = podsOf(target, now)
		about = x.about(subjects, pods)
	}
	d := &Diagnosis{Problems: x.problems(about)}
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

// examiner looks for causes and keeps each once.
type examiner struct {
	now    *snapshot.Snapshot
	w      *world
	events sayings
	nodes  map[string]*unstructured.Unstructured
	kinds  map[string][]*unstructured.Unstructured
	byKey  map[string]*finding
	found  []*finding
}

func newExaminer(now *snapshot.Snapshot) *examiner {
	x := &examiner{
		now: now, w: newWorld(now, nil), events: eventsIn(now), nodes: map[string]*unstructured.Unstructured{}, byKey: map[string]*finding{},
	}
	x.kinds = map[string][]*unstructured.Unstructured{}
	for _, o := range now.Objects {
		x.kinds[o.GetKind()] = append(x.kinds[o.GetKind()], o)
	}
	for _, list := range x.kinds {
		sort.SliceStable(list, func(i, j int) bool { return list[i].GetName() < list[j].GetName() })
	}
	for _, o := range x.kinds["Node"] {
		x.nodes[o.GetName()] = o
	}
	return x
}

// kind are the objects of a kind in what is looked at, sorted by name.
func (x *examiner) kind(kind string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, o := range x.kinds[kind] {
		if x.now.Namespace == "" || o.GetNamespace() == x.now.Namespace || o.GetNamespace() == "" {
			found = append(found, o)
		}
	}
	return found
}

// beside are the objects of a kind in the namespace of another object.
func (x *examiner) beside(o *unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, other := range x.kinds[kind] {
		if other.GetNamespace() == o.GetNamespace() {
			found = append(found, other)
		}
	}
	return found
}

// named is one object of those.
func (x *examiner) named(o *unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	for _, other := range x.beside(o, kind) {
		if other.GetName() == name {
			return other
		}
	}
	return nil
}

// knows says that a resource could be read: what is not in the snapshot then is not there.
func (x *examiner) knows(resources ...string) bool {
	for _, r := range resources {
		if _, unread := x.now.Errors[r]; unread {
			return false
		}
	}
	return true
}

// subject examines an object about itself; Pods are examined each for itself.
func (x *examiner) subject(o *unstructured.Unstructured) {
	switch o.GetKind() {
	case "Service":
		x.service(o)
		x.unreachable(o)
	case "Node":
		x.node(o)
	case "Deployment":
		x.refusals(o)
		x.deployment(o)
	case "ReplicaSet", "DaemonSet", "ReplicationController":
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
	}
}

func (x *examiner) headline(target snapshot.Query, subjects, pods []*unstructured.Unstructured, problems []Problem) (string, Health) {
	health := healthOf(problems)
	if everything(target) {
		return x.placeLine(pods, problems, health), health
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
	if words == "" {
		words = map[Health]string{Well: "nothing is wrong with it", Waiting: "it takes its time", Unwell: "not well"}[health]
	}
	return name + ": " + words, health
}

// placeLine is the headline of a whole namespace.
func (x *examiner) placeLine(pods []*unstructured.Unstructured, problems []Problem, health Health) string {
	where := "namespace/" + x.now.Namespace
	if x.now.Namespace == "" {
		where = "all namespaces"
	}
	if health == Unwell {
		n := 0
		for _, p := range problems {
			if !p.Waiting {
				n++
			}
		}
		return fmt.Sprintf("%s: %s", where, plural(n, "cause"))
	}
	line := where + ": all is well"
	if health == Waiting {
		line = where + ": nothing is wrong, something is on its way"
	}
	running := 0
	for _, o := range pods {
		if looksReady(o) {
			running++
		}
	}
	if !x.knows("pods") {
		return where + ": nothing is wrong in what could be read"
	}
	return fmt.Sprintf("%s; %s ready", line, plural(running, "Pod"))
}

func healthOf(problems []Problem) Health {
	health := Well
	for _, p := range problems {
		if !p.Waiting {
			return Unwell
		}
		health = Waiting
	}
	return health
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
func (x *examiner) rest(target snapshot.Query, subjects, pods []*unstructured.Unstructured, problems []Problem) string {
	if reason, ok := x.now.Errors["pods"]; ok {
		return "The Pods could not be read: " + reason
	}
	if everything(target) {
		if healthOf(problems) != Unwell {
			return ""
		}
		return "Nothing else in this namespace is unwell."
	}
	asked := map[types.UID]bool{}
	for _, o := range append(append([]*unstructured.Unstructured(nil), subjects...), pods...) {
		asked[o.GetUID()] = true
	}
	var unwell []string
	for _, o := range x.kind("Pod") {
		if !asked[o.GetUID()] && podHealth(podOf(o)) == Unwell {
			unwell = append(unwell, ref(o))
		}
	}
	if len(unwell) == 0 {
		return "Nothing else in this namespace is unwell."
	}
	sort.Strings(unwell)
	return "Also not well: " + strings.Join(unwell, ", ") + "."
}

// youth is for how long an object has been there.
func (x *examiner) youth(o *unstructured.Unstructured) time.Duration {
	return x.now.At.Sub(o.GetCreationTimestamp().Time)
}
