package explain

import (
	"fmt"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Tuning is a field that makes healing faster or slower, with the value that it has.
type Tuning struct {
	// Object is kind/name, for a Pod's own fields that of what makes such Pods; Path is where the field stands in it.
	Object string `json:"object"`
	Path   string `json:"path"`
	// Field is the end of the path, which is enough for a person.
	Field string `json:"field"`
	// Value is what stands there now; "-" where nothing does.
	Value string `json:"value"`
	// Does says what another value would do.
	Does string `json:"does"`
	// Brief is that in a few words; empty where it matters less for what was killed.
	Brief string `json:"brief,omitempty"`
}

// Tune names the fields that decide how fast a kill heals, by the live objects: of the Pod's template, of what owns it. The
// silence is for how long a stopped node was not missed; 0 where that is not known.
func Tune(s Struck, now *snapshot.Snapshot, silence int64) []Tuning {
	t := &tuner{struck: s}
	for _, o := range now.Objects {
		if o.GetKind() == "Pod" && (o.GetUID() == s.UID || t.pod == nil && s.Owner != "" && controllerOf(o) != nil && controllerOf(o).Kind+"/"+controllerOf(o).Name == s.Owner) {
			t.pod = podOf(o)
		}
	}
	if t.pod == nil {
		return nil
	}
	t.findOwner(now)
	for _, o := range kindIn(now, "Service") {
		v := serviceOf(o)
		t.served = t.served || v.Namespace == t.pod.Namespace && len(v.Spec.Selector) > 0 && labels.SelectorFromSet(v.Spec.Selector).Matches(labels.Set(t.pod.Labels))
	}
	switch s.Kill {
	case KillNode:
		t.node(silence)
	case KillContainer:
		t.container()
	}
	t.probe()
	if s.Kill == KillPod {
		t.grace()
	}
	t.workload()
	return t.found
}

// brief notes in a few words what the field does that was added last.
func (t *tuner) brief(words string) { t.found[len(t.found)-1].Brief = words }

type tuner struct {
	struck Struck
	pod    *corev1.Pod
	top    *unstructured.Unstructured // what somebody writes to change such Pods
	served bool                       // a Service sends to it
	found  []Tuning
}

// findOwner goes up to the object in which a person would change the Pod's fields.
func (t *tuner) findOwner(now *snapshot.Snapshot) {
	f := newForest(now, snapshot.Query{})
	for o := f.by[t.pod.UID]; o != nil; o = f.owner(o) {
		t.top = o
	}
}

// add notes a field of the Pod's template, or with own of the object itself.
func (t *tuner) add(own bool, path, value, does string, args ...any) {
	field := path
	if parts := strings.Split(path, "."); len(parts) > 2 {
		field = strings.Join(parts[len(parts)-2:], ".")
	}
	field = strings.TrimPrefix(field, "spec.")
	if !own && t.top != nil && t.top.GetKind() != "Pod" {
		path = "spec.template." + path
		if t.top.GetKind() == "CronJob" {
			path = "spec.jobTemplate." + path
		}
	}
	object := "pod/" + t.pod.Name
	if t.top != nil {
		object = ref(t.top)
	}
	t.found = append(t.found, Tuning{Object: object, Path: path, Field: field, Value: value, Does: fmt.Sprintf(does, args...)})
}

// probe tells of what keeps a Pod that runs from counting as ready.
func (t *tuner) probe() {
	for _, c := range t.pod.Spec.Containers {
		if t.struck.Kill == KillContainer && c.Name != t.struck.Container {
			continue
		}
		at := "spec.containers[" + c.Name + "]."
		if c.StartupProbe != nil {
			t.add(false, at+"startupProbe.periodSeconds", seconds(c.StartupProbe.PeriodSeconds), "the kubelet asks that often whether it has started")
		}
		p := c.ReadinessProbe
		if p == nil {
			t.add(false, at+"readinessProbe", "-", "ready as soon as it runs, whether it can answer or not; a probe takes longer, and loses less")
			t.brief("a probe takes longer, and loses less")
			return
		}
		if p.InitialDelaySeconds > 0 {
			t.add(false, at+"readinessProbe.initialDelaySeconds", seconds(p.InitialDelaySeconds), "it is not asked before; less is faster")
		}
		t.add(false, at+"readinessProbe.periodSeconds", seconds(p.PeriodSeconds), "it is asked that often; less finds it ready sooner")
		t.brief("less finds it ready sooner")
		if p.SuccessThreshold > 1 {
			t.add(false, at+"readinessProbe.successThreshold", fmt.Sprint(p.SuccessThreshold), "it must answer that often in a row; fewer is faster")
		}
		return
	}
}

func seconds(n int32) string { return strconv.Itoa(int(n)) + " s" }

// grace tells of how long the Pod that ends may take.
func (t *tuner) grace() {
	n := t.pod.Spec.TerminationGracePeriodSeconds
	if n == nil {
		return
	}
	does := "the old one may take that long to end"
	switch kind, _, _ := strings.Cut(t.struck.Owner, "/"); kind {
	case "ReplicaSet":
		does += "; its place is taken at once"
	case "StatefulSet":
		does += ", and only then its name is free; less is faster"
	}
	t.add(false, "spec.terminationGracePeriodSeconds", fmt.Sprintf("%d s", *n), "%s", does)
	if strings.HasPrefix(t.struck.Owner, "StatefulSet/") {
		t.brief("less frees its name sooner")
	}
	if c := t.pod.Spec.Containers; t.served && len(c) > 0 && (c[0].Lifecycle == nil || c[0].Lifecycle.PreStop == nil) {
		t.add(false, "spec.containers["+c[0].Name+"].lifecycle.preStop", "-",
			"a sleep of some seconds has it answer until no Service sends to it any more: slower to end, and nothing lost")
		t.brief("a short sleep loses fewer requests")
	}
}

// container tells of what has a container started again, and when.
func (t *tuner) container() {
	t.add(false, "spec.restartPolicy", string(t.pod.Spec.RestartPolicy), "Always: after every end. OnFailure: after an error. Never: not at all")
	n := containerStatus(t.pod, t.struck.Container).RestartCount
	wait := "the next one is started at once"
	if n > 0 {
		wait = "the kubelet waits 10 s before the next, then 20 s, up to 5 min; 10 min without an end forget it"
	}
	t.found = append(t.found, Tuning{
		Object: "pod/" + t.pod.Name, Path: "status.containerStatuses[" + t.struck.Container + "].restartCount", Field: "restartCount",
		Value: fmt.Sprint(n), Does: wait,
	})
	t.brief("the next one is started at once")
	if n > 0 {
		t.brief("the more of them, the longer the next wait")
	}
}

// node tells of what has a silent node missed, and its Pods moved.
func (t *tuner) node(silence int64) {
	measured := "-"
	if silence > 0 {
		measured = "about " + Span(silence)
	}
	t.found = append(t.found, Tuning{
		Object: "kube-controller-manager", Path: "--node-monitor-grace-period", Field: "node-monitor-grace-period", Value: measured,
		Does: "measured: so long the node was silent before it was missed; elsewhere 50 s if nothing is set",
	})
	t.brief("less misses a silent node sooner")
	for _, tol := range t.pod.Spec.Tolerations {
		if tol.Key != corev1.TaintNodeUnreachable || tol.TolerationSeconds == nil {
			continue
		}
		t.add(false, "spec.tolerations[unreachable].tolerationSeconds", fmt.Sprintf("%d s", *tol.TolerationSeconds),
			"so long its Pods wait for the node to come back; elsewhere 300 s if nothing is set")
		t.found[len(t.found)-1].Field = "tolerationSeconds"
		t.brief("less moves its Pods sooner")
	}
}

// workload tells of the fields of what keeps the number of Pods.
func (t *tuner) workload() {
	if t.top == nil {
		return
	}
	switch t.top.GetKind() {
	case "Deployment":
		if n := deploymentOf(t.top).Spec.MinReadySeconds; n > 0 {
			t.add(true, "spec.minReadySeconds", seconds(n), "a ready Pod counts as available only after that")
		}
	case "StatefulSet":
		if n := typed[appsv1.StatefulSet](t.top).Spec.MinReadySeconds; n > 0 {
			t.add(true, "spec.minReadySeconds", seconds(n), "a ready Pod counts as available only after that")
		}
	}
	if t.top.GetKind() == "Job" {
		if n := typed[batchv1.Job](t.top).Spec.BackoffLimit; n != nil {
			t.add(true, "spec.backoffLimit", fmt.Sprint(*n), "after so many failures it gives up; before each next try its controller waits 10 s, 20 s, 40 s and so on")
		}
	}
	if n := replicas(t.top); n >= 0 {
		does := "the others answer meanwhile"
		if n == 1 {
			does = "there is no other to answer meanwhile; with 2 there is"
		}
		if t.struck.Kill == KillNode && len(t.pod.Spec.TopologySpreadConstraints) == 0 && n > 1 {
			does += "; topologySpreadConstraints keep them on different nodes"
		}
		t.add(true, "spec.replicas", fmt.Sprint(n), "%s", does)
		switch {
		case n == 1:
			t.brief("with 2 there is another to answer meanwhile")
		case t.struck.Kill != KillNode:
			t.brief("the others answer meanwhile")
		}
	}
}
