package explain

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// workload tells of a change of something that makes Pods, or makes what makes Pods.
func (t *teller) workload(c snapshot.Change, before, after *unstructured.Unstructured) []move {
	switch {
	case c.Type == "":
		return nil
	case after == nil && before != nil:
		return t.workloadGone(c, before)
	case after == nil:
		return nil
	case before == nil && c.Type == snapshot.Added:
		return []move{workloadNew(c, after)}
	case before == nil:
		return nil
	}
	var moves []move
	if before.GetDeletionTimestamp() == nil && after.GetDeletionTimestamp() != nil {
		moves = append(moves, workloadMarked(c, after))
	}
	moves = append(moves, ownership(c, before, after)...)
	if from, to := replicas(before), replicas(after); from != to && to >= 0 {
		moves = append(moves, scaled(c, after, from, to))
	}
	moves = append(moves, retemplated(c, before, after)...)
	if t.apart {
		moves = append(moves, tallied(c, before, after)...)
	}
	return moves
}

// tallied tells that a controller found another number of its Pods ready.
func tallied(c snapshot.Change, before, after *unstructured.Unstructured) []move {
	field := map[string]string{"DaemonSet": "numberReady", "Job": "succeeded"}[after.GetKind()]
	if field == "" {
		field = "readyReplicas"
	}
	was, _, _ := unstructured.NestedInt64(before.Object, "status", field)
	is, _, _ := unstructured.NestedInt64(after.Object, "status", field)
	if was == is {
		return nil
	}
	state := "ready"
	if after.GetKind() == "Job" {
		state = "done"
	}
	of := ""
	if n := replicas(after); n >= 0 {
		of = fmt.Sprintf(" of %d", n)
	}
	name := after.GetName()
	return []move{{
		actor: orElse(actor(c), after.GetKind()), kind: workloadCounted, subject: name, detail: fmt.Sprint(is), verb: state,
		say:      plain("counted %d%s Pods %s", is, of, state),
		evidence: fmt.Sprintf("status.%s %d → %d", field, was, is), names: []string{name},
	}}
}

func workloadNew(c snapshot.Change, o *unstructured.Unstructured) move {
	m := move{actor: actor(c), kind: workloadMade, subject: o.GetName(), evidence: byRecord(c)}
	clause := "made " + o.GetKind() + " " + o.GetName()
	if owner := controllerOf(o); owner != nil {
		m.actor, m.evidence = orElse(m.actor, owner.Kind), "ownerReferences"
	} else {
		m.act = m.actor == somebody
	}
	if n := replicas(o); n >= 0 && o.GetKind() != "Job" && !late(c) {
		clause += fmt.Sprintf(", which asks for %s", snapshot.Count(n, "Pod"))
	}
	m.say = plain("%s", clause)
	m.names = []string{o.GetName()}
	return m
}

// workloadMarked tells of a deletion that waits for something first.
func workloadMarked(c snapshot.Change, o *unstructured.Unstructured) move {
	clause := "deleted " + o.GetKind() + " " + o.GetName()
	for _, f := range o.GetFinalizers() {
		switch f {
		case "orphan":
			clause += ", but not what it owns"
		case "foregroundDeletion":
			clause += ", after what it owns"
		}
	}
	m := move{
		actor: actor(c), kind: workloadDeleted, subject: o.GetName(), say: plain("%s", clause),
		evidence: byRecord(c), names: []string{o.GetName()},
	}
	m.act = m.actor == somebody
	return m
}

func (t *teller) workloadGone(c snapshot.Change, o *unstructured.Unstructured) []move {
	if o.GetDeletionTimestamp() != nil {
		return nil // told when it was marked
	}
	m := move{
		actor: actor(c), kind: workloadDeleted, subject: o.GetName(), evidence: byRecord(c),
		say: plain("deleted %s %s", o.GetKind(), o.GetName()), names: []string{o.GetName()},
	}
	switch m.actor {
	case collector:
		m.say = plain("deleted %s %s: its owner is gone", o.GetKind(), o.GetName())
		m.evidence = "ownerReferences"
	case somebody:
		m.act = true
	}
	return []move{m}
}

// ownership tells that something was let go of or taken as its own.
func ownership(c snapshot.Change, before, after *unstructured.Unstructured) []move {
	was, is := controllerOf(before), controllerOf(after)
	m := move{
		actor: actor(c), subject: after.GetName(), detail: after.GetKind(), evidence: "ownerReferences", names: []string{after.GetName()},
	}
	what := after.GetKind() + " " + after.GetName()
	switch {
	case was != nil && is == nil:
		m.kind, m.actor, m.say = workloadLetGo, orElse(m.actor, was.Kind), plain("let go of %s", what)
	case was == nil && is != nil:
		m.kind, m.actor = workloadAdopted, orElse(m.actor, is.Kind)
		m.say = plain("took %s as its own: the labels match", what)
	default:
		return nil
	}
	return []move{m}
}

func scaled(c snapshot.Change, o *unstructured.Unstructured, from, to int) move {
	name := o.GetName()
	m := move{actor: actor(c), kind: workloadScaled, subject: name, names: []string{name}, detail: fmt.Sprint(to)}
	m.evidence = fmt.Sprintf("spec.replicas %d → %d", from, to)
	if owner := controllerOf(o); owner != nil && (m.actor == somebody || m.actor == owner.Kind) {
		m.actor = owner.Kind
		m.say = plain("set %s %s from %d to %s", o.GetKind(), name, from, snapshot.Count(to, "Pod"))
		return m
	}
	if m.actor == somebody {
		m.act = true
		if program := manager(o, "spec", "replicas"); program != "" {
			m.actor = program
			m.evidence += ", managedFields"
		}
	}
	m.say = plain("asked %s for %s instead of %d", name, snapshot.Count(to, "Pod"), from)
	return m
}

// retemplated tells of a change of what a workload's Pods are made of.
func retemplated(c snapshot.Change, before, after *unstructured.Unstructured) []move {
	if after.GetKind() == "ReplicaSet" && controllerOf(after) != nil {
		return nil
	}
	was, is := template(before), template(after)
	if was == nil || is == nil || same(was, is) {
		return nil
	}
	name := after.GetName()
	what := "changed the Pod template of " + strings.ToLower(after.GetKind()) + " " + name
	evidence := byRecord(c)
	old, fresh := images(was.Spec), images(is.Spec)
	const restarted = "kubectl.kubernetes.io/restartedAt"
	switch {
	case old != fresh:
		what = fmt.Sprintf("asked %s for image %s instead of %s", name, fresh, old)
	case was.Annotations[restarted] != is.Annotations[restarted]:
		what = fmt.Sprintf("asked %s to replace all its Pods", name)
	}
	m := move{actor: actor(c), kind: workloadChanged, subject: name, say: plain("%s", what), evidence: evidence, names: []string{name}}
	m.act = m.actor == somebody
	return []move{m}
}

func template(o *unstructured.Unstructured) *corev1.PodTemplateSpec {
	raw, found, err := unstructured.NestedMap(o.Object, "spec", "template")
	if err != nil || !found {
		return nil
	}
	var t corev1.PodTemplateSpec
	if runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &t) != nil {
		return nil
	}
	return &t
}

func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}
