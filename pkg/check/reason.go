package check

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// reason is why something is not so, with what that rests on.
type reason struct {
	text     string
	evidence []string
}

// reason finds the most telling explanation that the objects themselves give. It is used when the
// author foresaw none; found is false where they give none.
func (j *judgement) reason() (r reason, found bool) {
	for _, find := range []func() (reason, bool){j.nothingThere, j.failing, j.askedFor, j.stuck, j.fieldMissing} {
		if r, ok := find(); ok {
			return r, true
		}
	}
	return reason{text: "what is there differs from what is expected, and nothing is under way that would change it"}, false
}

// nothingThere: the query names nothing, or something of nearly that name is there.
func (j *judgement) nothingThere() (reason, bool) {
	if len(j.view.Objects) > 0 {
		return reason{}, false
	}
	q := j.check.On
	if _, could := j.askedFor(); could {
		return reason{}, false
	}
	others := j.scene.kinds[q.Kind]
	if q.Name == "" {
		if len(others) > 0 && q.Selector != "" {
			o := others[0]
			return reason{absent(q), []string{fmt.Sprintf("%s has the labels %s", ref(o), labelsOf(o))}}, true
		}
		return reason{text: absent(q)}, true
	}
	text := absent(q)
	var names []string
	for _, o := range others {
		names = append(names, o.GetName())
	}
	if near := snapshot.Nearest(q.Name, names); near != "" {
		text += fmt.Sprintf(", but there is one of the name %s", near)
	}
	return reason{text: text}, true
}

func labelsOf(o object) string {
	var list []string
	for k, v := range o.GetLabels() {
		list = append(list, k+"="+v)
	}
	if len(list) == 0 {
		return "(none)"
	}
	sort.Strings(list)
	return strings.Join(list, ",")
}

// pods are the Pods that the check is about: its own, or those of its workloads.
func (j *judgement) pods() []object {
	if j.check.On.Kind == "Pod" {
		return j.view.Objects
	}
	var pods []object
	for _, o := range j.view.Objects {
		pods = append(pods, j.scene.workload(o).pods...)
	}
	return pods
}

// failing: a Pod says why it does not start.
func (j *judgement) failing() (reason, bool) {
	for _, p := range j.pods() {
		if podReady(p) || p.GetDeletionTimestamp() != nil {
			continue
		}
		if text := j.scene.failure(p); text != "" {
			return reason{text: text}, true
		}
	}
	for _, w := range j.workloads() {
		if text := w.blocked(); text != "" {
			return reason{text: text}, true
		}
	}
	return reason{}, false
}

// workloads are those that decide how many of the check's objects there are.
func (j *judgement) workloads() []*workload {
	var found []*workload
	for _, w := range j.scene.workloads() {
		mine := w.makes(j.check.On)
		for _, o := range j.view.Objects {
			mine = mine || o == w.object
		}
		if mine {
			found = append(found, w)
		}
	}
	return found
}

// maxWish is up to which number of replicas an answer is looked for.
const maxWish = 12

// askedFor: the check would hold if a workload were asked for another number of Pods.
func (j *judgement) askedFor() (reason, bool) {
	for _, w := range j.workloads() {
		n, ok := j.wishFor(w)
		if !ok {
			continue
		}
		text := fmt.Sprintf("%s asks for %d, and that is what it gets: nothing is broken. Ask it for %d", ref(w.object), w.desired, n)
		return reason{text, []string{fmt.Sprintf("%s spec.replicas: %d, %s", ref(w.object), w.desired, j.writer(w))}}, true
	}
	return reason{}, false
}

// wishFor finds the number of replicas, nearest to the one that is asked for, with which the check would hold.
func (j *judgement) wishFor(w *workload) (int64, bool) {
	best, found := int64(0), false
	for n := int64(0); n <= maxWish; n++ {
		if n == w.desired || (found && distance(n, w.desired) >= distance(best, w.desired)) {
			continue
		}
		p := j.scene.project(j.check.On, j.view.Objects, &wish{of: w.object, replicas: n})
		if holds, err := j.check.Holds(j.view.With(p.objects)); err == nil && holds {
			best, found = n, true
		}
	}
	return best, found
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// writer says who set a workload's number of replicas, from managedFields.
func (j *judgement) writer(w *workload) string {
	manager, at := fieldWriter(w.object, "spec", "replicas")
	switch {
	case manager == "":
		return "set by whom is not recorded"
	case at.IsZero():
		return "set by " + manager
	}
	return "set by " + manager + " " + ago(j.scene.now.Sub(at)) + " ago"
}

// fieldWriter finds who wrote a field last. managedFields may have been stripped: then it is unknown.
func fieldWriter(o object, path ...string) (manager string, at time.Time) {
	for _, entry := range maps(o.Object, "metadata", "managedFields") {
		fields, _ := entry["fieldsV1"].(map[string]any)
		for _, name := range path {
			fields, _ = fields["f:"+name].(map[string]any)
		}
		if fields == nil {
			continue
		}
		when := moment(entry["time"])
		if manager == "" || when.After(at) {
			manager, at = textOf(entry["manager"]), when
		}
	}
	return manager, at
}

// stuck: an object is on its way out or up, and will not get there by itself.
func (j *judgement) stuck() (reason, bool) {
	for _, o := range j.view.Objects {
		if o.GetDeletionTimestamp() != nil {
			text, _ := j.scene.leaving(o)
			return reason{text: text}, true
		}
	}
	for _, p := range j.pods() {
		node := words(p, "spec", "nodeName")
		switch {
		case podReady(p):
		case j.scene.silent(node):
			return reason{text: fmt.Sprintf("Pod %s is on %s, and that node does not answer", p.GetName(), node)}, true
		case words(p, "status", "phase") == "Running":
			return reason{text: fmt.Sprintf("Pod %s runs, and its readiness probe does not succeed%s", p.GetName(), colon(j.scene.warning(p, "Unhealthy")))}, true
		}
	}
	return reason{}, false
}

// fieldMissing: the expectation reads something that is not set.
func (j *judgement) fieldMissing() (reason, bool) {
	if !lesson.IsMissing(j.missing) {
		return reason{}, false
	}
	return reason{text: j.missing.Error() + " yet"}, true
}
