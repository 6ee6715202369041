package check

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// projection is how a query's objects will be when all that is under way has come to its end.
type projection struct {
	objects []object
	// motions says what is under way, a sentence each.
	motions []string
	// guessed is true when something in objects can't be known yet, such as the node of a Pod to come.
	guessed bool
}

func (p *projection) moving(format string, args ...any) {
	p.motions = append(p.motions, fmt.Sprintf(format, args...))
}

// sentence says what is waited for.
func (p *projection) sentence() string {
	switch len(p.motions) {
	case 0:
		return "the cluster is on its way"
	case 1:
		return p.motions[0]
	}
	return fmt.Sprintf("%s (and %d more)", p.motions[0], len(p.motions)-1)
}

// wish overrides what a workload asks for, to find out what would have to be asked.
type wish struct {
	of       object
	replicas int64
}

// project thinks everything to its end that is under way around the objects of a query.
func (s *scene) project(q snapshot.Query, objects []object, w *wish) projection {
	p := projection{}
	switch q.Kind {
	case "Pod":
		s.projectPods(&p, q, objects, w)
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet":
		for _, o := range objects {
			s.projectWorkload(&p, o, w)
		}
	case "Node":
		for _, o := range objects {
			s.projectNode(&p, o)
		}
	case "Service", "Endpoints", "EndpointSlice":
		s.projectService(&p, objects)
	default:
		for _, o := range objects {
			s.stays(&p, o)
		}
	}
	return p
}

// stays keeps an object unless it is on its way out.
func (s *scene) stays(p *projection, o object) bool {
	if o.GetDeletionTimestamp() != nil {
		if text, stuck := s.leaving(o); !stuck {
			p.moving("%s", text)
			return false
		}
	}
	p.objects = append(p.objects, o)
	return true
}

func (s *scene) projectPods(p *projection, q snapshot.Query, objects []object, wanted *wish) {
	gone := map[string]bool{}
	s.projectCounts(p, q, wanted, gone)
	made := p.objects
	p.objects = nil
	for _, pod := range objects {
		if gone[string(pod.GetUID())] {
			continue
		}
		s.projectPod(p, pod)
	}
	p.objects = append(p.objects, made...)
}

func (s *scene) projectPod(p *projection, pod object) {
	if pod.GetDeletionTimestamp() != nil {
		s.stays(p, pod)
		return
	}
	if text := s.starting(pod); text != "" && !podReady(pod) {
		p.moving("%s", text)
		up := startedUp(pod)
		if words(up, "spec", "nodeName") == "" {
			s.guessNode(p, up)
		}
		p.objects = append(p.objects, up)
		return
	}
	p.objects = append(p.objects, pod)
}

// projectCounts makes the Pods that controllers are about to make, and notes those about to go.
func (s *scene) projectCounts(p *projection, q snapshot.Query, wanted *wish, gone map[string]bool) {
	for _, w := range s.workloads() {
		if !w.makes(q) {
			continue
		}
		if wanted != nil && wanted.of == w.object {
			w.desired = wanted.replicas
		}
		s.projectSet(p, w, gone)
	}
}

func (s *scene) projectSet(p *projection, w *workload, gone map[string]bool) {
	if w.blocked() != "" {
		return
	}
	stay := w.staying(s)
	for _, pod := range w.pods {
		if s.stranded(pod) {
			gone[string(pod.GetUID())] = true
			p.moving("%s", s.strandedText(pod))
			p.guessed = true
		}
	}
	// A rollout ends with Pods of the new template alone, unless the new ones fail.
	if len(w.old) > 0 && !w.newFails(s) && !isPaused(w.object) {
		p.moving("%s is replacing its Pods, %d of %d to go", ref(w.object), len(w.old), len(w.pods))
		for _, pod := range w.old {
			if uid := string(pod.GetUID()); !gone[uid] {
				gone[uid] = true
				stay--
			}
		}
	}
	have := int64(len(w.pods))
	if stay < w.desired {
		if have < w.desired {
			p.moving("%s: it is making more", w.count(have))
		}
		for i := stay; i < w.desired; i++ {
			pod := startedUp(w.pod(int(i)))
			pod.SetCreationTimestamp(metav1.NewTime(s.now))
			s.guessNode(p, pod)
			p.objects = append(p.objects, pod)
		}
	}
	s.projectSurplus(p, w, stay, gone)
}

func (w *workload) count(have int64) string {
	return fmt.Sprintf("%s asks for %s and has %d", ref(w.object), plural(int(w.desired), "Pod", "Pods"), have)
}

// staying counts the Pods that will still be there if nothing is replaced.
func (w *workload) staying(s *scene) int64 {
	n := int64(0)
	for _, pod := range w.pods {
		if !s.stranded(pod) {
			n++
		}
	}
	return n
}

func (w *workload) newFails(s *scene) bool {
	old := map[string]bool{}
	for _, pod := range w.old {
		old[pod.GetName()] = true
	}
	for _, pod := range w.pods {
		if !old[pod.GetName()] && s.failure(pod) != "" {
			return true
		}
	}
	return false
}

func isPaused(o object) bool {
	paused, _, _ := unstructured.NestedBool(o.Object, "spec", "paused")
	return paused
}

// projectSurplus takes away Pods that are more than asked for; which ones is the controller's choice.
func (s *scene) projectSurplus(p *projection, w *workload, stay int64, gone map[string]bool) {
	if stay <= w.desired || len(w.old) > 0 && (w.newFails(s) || isPaused(w.object)) {
		return
	}
	p.moving("%s: it is taking some away", w.count(stay))
	p.guessed = true
	for i := len(w.pods) - 1; i >= 0 && stay > w.desired; i-- {
		if uid := string(w.pods[i].GetUID()); !gone[uid] {
			gone[uid] = true
			stay--
		}
	}
}

// stranded says that a Pod sits on a node that does not answer, and will be replaced for that.
func (s *scene) stranded(pod object) bool {
	node := words(pod, "spec", "nodeName")
	if !s.silent(node) || pod.GetDeletionTimestamp() != nil {
		return false
	}
	return s.now.Before(s.silentSince(node).Add(s.tolerated(pod) + graceBeyond))
}

func (s *scene) strandedText(pod object) string {
	node := words(pod, "spec", "nodeName")
	return fmt.Sprintf("node %s has not answered for %s; Pod %s is replaced after %s",
		node, ago(s.now.Sub(s.silentSince(node))), pod.GetName(), ago(s.tolerated(pod)))
}

func (s *scene) silentSince(node string) time.Time {
	return moment(condition(s.named("Node", node), "Ready")["lastTransitionTime"])
}

// tolerated is how long a Pod stays on a node that does not answer: 5 minutes unless it says otherwise
// (the DefaultTolerationSeconds admission plugin writes it into every Pod).
func (s *scene) tolerated(pod object) time.Duration {
	for _, t := range maps(pod.Object, "spec", "tolerations") {
		if t["key"] == "node.kubernetes.io/unreachable" {
			if seconds, ok := t["tolerationSeconds"].(int64); ok {
				return time.Duration(seconds) * time.Second
			}
		}
	}
	return 5 * time.Minute
}

// guessNode puts a Pod that has no node yet on one that answers.
func (s *scene) guessNode(p *projection, pod object) {
	p.guessed = true
	for _, n := range s.kinds["Node"] {
		unschedulable, _, _ := unstructured.NestedBool(n.Object, "spec", "unschedulable")
		if isTrue(n, "Ready") && !unschedulable && len(maps(n.Object, "spec", "taints")) == 0 {
			_ = unstructured.SetNestedField(pod.Object, n.GetName(), "spec", "nodeName")
			return
		}
	}
}

// projectWorkload fills in the status that a workload will have when its Pods are as it asks.
func (s *scene) projectWorkload(p *projection, o object, wanted *wish) {
	if o.GetDeletionTimestamp() != nil {
		s.stays(p, o)
		return
	}
	w := s.workload(o)
	if wanted != nil && wanted.of == o {
		w.desired = wanted.replicas
	}
	text := s.unfinished(w)
	if text == "" && (wanted == nil || wanted.of != o) {
		p.objects = append(p.objects, o)
		return
	}
	if text != "" {
		p.moving("%s", text)
	}
	p.objects = append(p.objects, finished(w))
}

// unfinished says what a workload is still about; empty when it is done, or will not get further by itself.
func (s *scene) unfinished(w *workload) string {
	if w.blocked() != "" || w.newFails(s) {
		return ""
	}
	generation := w.GetGeneration()
	seen, _ := number(w.object, "status", "observedGeneration")
	ready, _ := number(w.object, "status", "readyReplicas")
	total, _ := number(w.object, "status", "replicas")
	updated, known := number(w.object, "status", "updatedReplicas")
	if w.GetKind() == "DaemonSet" {
		w.desired, _ = number(w.object, "status", "desiredNumberScheduled")
		ready, _ = number(w.object, "status", "numberReady")
		total = w.desired
		updated, known = number(w.object, "status", "updatedNumberScheduled")
	}
	switch {
	case generation > seen:
		return fmt.Sprintf("the controller has not seen the last change of %s yet", ref(w.object))
	case isPaused(w.object):
		return ""
	case known && updated < w.desired && w.GetKind() != "ReplicaSet":
		return fmt.Sprintf("%s is rolling out: %d of %d from the new template", ref(w.object), updated, w.desired)
	case total > w.desired:
		return w.count(total) + ": it is taking some away"
	case ready < w.desired && s.stuckPod(w) == "":
		return fmt.Sprintf("%s has %d of %d Pods ready", ref(w.object), ready, w.desired)
	}
	return ""
}

// stuckPod is the reason why one of a workload's Pods does not become ready.
func (s *scene) stuckPod(w *workload) string {
	for _, pod := range w.pods {
		if podReady(pod) {
			continue
		}
		if text := s.failure(pod); text != "" {
			return text
		}
		if s.starting(pod) == "" && !s.stranded(pod) {
			return fmt.Sprintf("Pod %s is not ready", pod.GetName())
		}
	}
	return ""
}

func finished(w *workload) object {
	o := w.DeepCopy()
	n := w.desired
	status := map[string]any{
		"observedGeneration": o.GetGeneration(), "replicas": n, "readyReplicas": n, "availableReplicas": n,
		"updatedReplicas": n, "currentReplicas": n, "fullyLabeledReplicas": n,
		"conditions": []any{
			map[string]any{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
			map[string]any{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
		},
	}
	if w.GetKind() == "DaemonSet" {
		for _, field := range []string{"desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable", "updatedNumberScheduled"} {
			status[field] = n
		}
	} else {
		_ = unstructured.SetNestedField(o.Object, n, "spec", "replicas")
	}
	o.Object["status"] = status
	return o
}

// justNow is how long a node that does not answer counts as on its way back: the time after which
// Kubernetes itself takes it for lost (node-monitor-grace-period before v1.32: 40 s).
const justNow = 40 * time.Second

func (s *scene) projectNode(p *projection, n object) {
	if n.GetDeletionTimestamp() != nil {
		s.stays(p, n)
		return
	}
	ready := condition(n, "Ready")
	since := moment(ready["lastTransitionTime"])
	if since.IsZero() {
		since = n.GetCreationTimestamp().Time
	}
	if ready["status"] == "True" || s.now.Sub(since) > justNow {
		p.objects = append(p.objects, n)
		return
	}
	p.guessed = true
	if ready["status"] == "Unknown" {
		p.moving("Node %s has not answered for %s", n.GetName(), ago(s.now.Sub(since)))
	} else {
		p.moving("Node %s is not ready yet%s", n.GetName(), colon(ready["message"]))
	}
	up := n.DeepCopy()
	conditions := []any{}
	for _, c := range maps(up.Object, "status", "conditions") {
		if c["type"] != "Ready" {
			conditions = append(conditions, c)
		}
	}
	conditions = append(conditions, map[string]any{"type": "Ready", "status": "True"})
	_ = unstructured.SetNestedSlice(up.Object, conditions, "status", "conditions")
	p.objects = append(p.objects, up)
}

// projectService looks at the Pods behind: a Service's endpoints follow them.
func (s *scene) projectService(p *projection, objects []object) {
	for _, o := range objects {
		s.stays(p, o)
	}
	pods := projection{}
	all, _ := snapshot.ParseQuery("pods")
	s.projectPods(&pods, all, s.kinds["Pod"], nil)
	p.motions = append(p.motions, pods.motions...)
	p.guessed = p.guessed || len(pods.motions) > 0
}
