package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// pod tells of a change of a Pod. Counted is how many Pods each controller had before it.
func (t *teller) pod(c snapshot.Change, before, after *unstructured.Unstructured, counted map[string]int) []move {
	switch {
	case c.Subresource == "exec":
		return []move{ran(c)}
	case c.Subresource == "eviction":
		t.told[evictionKey(c.Namespace, c.Name)] = c.Code < 400
		return []move{{actor: actor(c), kind: podEvict, subject: c.Name, say: named("asked to evict", "it"), evidence: byRecord(c), act: true}}
	case c.Type == "":
		return t.refused(c)
	case before == nil && after == nil:
		return nil
	case after == nil:
		return t.podGone(c, before)
	case before == nil:
		return append(t.podMade(c, after, counted), t.podChanges(c, blank(after), after, counted)...)
	}
	return t.podChanges(c, before, after, counted)
}

// blank is a Pod as it was before anybody did anything about it. What stands in its spec when it is
// made was asked for with it.
func blank(o *unstructured.Unstructured) *unstructured.Unstructured {
	b := o.DeepCopy()
	delete(b.Object, "status")
	return b
}

// ran tells of a command that was run in a container with kubectl exec.
func ran(c snapshot.Change) move {
	m := move{actor: actor(c), kind: podExec, subject: c.Name, evidence: "audit: exec by " + plainUser(c.User), act: true}
	words, _, _ := unstructured.NestedStringSlice(content(c.Object), "command")
	line := strings.Join(words, " ")
	switch {
	case line == "":
		m.say = within("ran a command")
	case len(line) > 32:
		m.say = within("ran " + words[0] + " …")
	default:
		m.say = within("ran " + line)
	}
	return m
}

func content(o *unstructured.Unstructured) map[string]any {
	if o == nil {
		return nil
	}
	return o.Object
}

// refused tells of a Pod that a controller wanted to make and the API server turned down.
func (t *teller) refused(c snapshot.Change) []move {
	if c.Verb != "create" || c.Subresource != "" {
		return nil
	}
	reason, _, _ := unstructured.NestedString(content(c.Object), "message")
	key := "refused/" + c.User + because(reason)
	if t.told[key] {
		return nil
	}
	t.told[key] = true
	return []move{{
		actor: actor(c), kind: podRefused, say: plain("wanted to make a Pod, and the API server refused: %s", because(reason)),
		evidence: fmt.Sprintf("audit: create refused with %d", c.Code),
	}}
}

// because is the part of an API error that says why.
func because(message string) string {
	if _, why, ok := strings.Cut(message, " is forbidden: "); ok {
		message = why
	}
	return short(message, 90)
}

func short(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most-1]) + "…"
}

func (t *teller) podMade(c snapshot.Change, o *unstructured.Unstructured, counted map[string]int) []move {
	m := move{actor: actor(c), kind: podMade, subject: o.GetName(), verb: "made"}
	owner := controllerOf(o)
	if owner == nil {
		m.say, m.evidence = plain("made Pod %s", o.GetName()), byRecord(c)
		m.act = m.actor == somebody
		return []move{m}
	}
	m.actor, m.evidence = orElse(m.actor, owner.Kind), "ownerReferences"
	wanted := -1
	if w := t.w.alive[owner.UID]; w != nil && !late(c) {
		wanted = replicas(w)
	}
	if wanted < 0 {
		m.say = plain("made Pod %s", o.GetName())
		return []move{m}
	}
	m.verb = fmt.Sprintf("counted %d of %d and made", counted[string(owner.UID)], wanted)
	m.say = plain("%s %s", m.verb, o.GetName())
	return []move{m}
}

// podGone tells that a Pod is off the list for good.
func (t *teller) podGone(c snapshot.Change, before *unstructured.Unstructured) []move {
	m := move{actor: actor(c), kind: podEnded, subject: before.GetName(), evidence: byRecord(c)}
	marked := before.GetDeletionTimestamp() != nil
	switch {
	case m.actor == somebody && marked && t.silent(nodeName(before)):
		m.say = func(it string) string { return "struck " + orIt(it) + " off the list without waiting for its node" }
		return []move{m}
	case m.actor == kubelet, m.actor == somebody && marked:
		m.actor = kubelet
		m.say = plain("stopped the containers of %s", before.GetName())
		m.evidence = "the Pod is gone"
		return []move{m}
	case m.actor == nodeWatch, m.actor == collector:
		m.say = func(it string) string { return "struck " + orIt(it) + " off the list without waiting for its node" }
		return []move{m}
	case marked:
		m.say = func(it string) string { return "struck " + orIt(it) + " off the list at once" }
		return []move{m}
	}
	m.kind, m.verb = podDeleted, "deleted"
	m.say = plain("deleted Pod %s", before.GetName())
	m.act = m.actor == somebody
	return []move{m}
}

func orIt(it string) string {
	if it == "" {
		return "it"
	}
	return it
}

// podChanges tells what differs between two states of a Pod.
func (t *teller) podChanges(c snapshot.Change, before, after *unstructured.Unstructured, counted map[string]int) []move {
	var moves []move
	if before.GetDeletionTimestamp() == nil && after.GetDeletionTimestamp() != nil {
		moves = append(moves, t.podMark(c, after, counted)...)
	}
	moves = append(moves, t.podMeta(c, before, after)...)
	was, is := podOf(before), podOf(after)
	if was.Spec.NodeName == "" && is.Spec.NodeName != "" {
		node := is.Spec.NodeName
		moves = append(moves, move{
			actor: orElse(actor(c), scheduler), kind: podPlaced, subject: is.Name, detail: node,
			say:      func(it string) string { return "put " + orIt(it) + " on " + node },
			evidence: "binding",
		})
	}
	moves = append(moves, t.podSpec(c, was, is)...)
	return append(moves, t.podStatus(c, was, is, after.GetDeletionTimestamp() != nil)...)
}

func evictionKey(namespace, name string) string { return "evicted/" + namespace + "/" + name }

// podMark tells of the mark that a Pod is to end, by whom it was set. Who writes a status can't set
// it: the mark is older then, and came of an eviction, which was told, or of something unrecorded.
func (t *teller) podMark(c snapshot.Change, o *unstructured.Unstructured, counted map[string]int) []move {
	if c.Subresource != "status" {
		return []move{t.podMarked(c, o, counted)}
	}
	if t.told[evictionKey(o.GetNamespace(), o.GetName())] {
		return nil
	}
	c.User, c.UserAgent = "", ""
	return []move{t.podMarked(c, o, counted)}
}

// podMarked tells that somebody asked for a Pod's end. It has its grace period from then.
func (t *teller) podMarked(c snapshot.Change, o *unstructured.Unstructured, counted map[string]int) move {
	m := move{actor: actor(c), kind: podDeleted, subject: o.GetName(), evidence: byRecord(c), say: plain("deleted Pod %s", o.GetName()), verb: "deleted"}
	if m.actor == somebody && disruptedByTaint(o) {
		m.actor = nodeWatch
	}
	if m.actor == somebody {
		m.act, m.evidence = true, "deletionTimestamp; "+unknownReason
		return m
	}
	owner := controllerOf(o)
	switch {
	case byHeal(c):
		m.verb, m.detail = "had "+plugin.Command+" heal kill", healAgent
		m.say = plain("had "+plugin.Command+" heal kill Pod %s", o.GetName())
	case m.actor == nodeWatch:
		node := nodeName(o)
		m.say = func(it string) string { return "evicted " + orIt(it) + " from " + node }
		m.verb = "evicted"
		m.evidence = "taint " + corev1.TaintNodeUnreachable + ":NoExecute"
	case m.actor == collector:
		m.say = func(it string) string { return "deleted " + orIt(it) + ": its owner is gone" }
	case owner != nil && m.actor == owner.Kind:
		if w := t.w.alive[owner.UID]; w != nil && replicas(w) >= 0 {
			m.verb = fmt.Sprintf("counted %d of %d and deleted", counted[string(owner.UID)], replicas(w))
			m.say = plain("%s %s", m.verb, o.GetName())
		}
	}
	return m
}

// disruptedByTaint says that a Pod was marked for eviction since its node has a taint that it does not tolerate. Who evicts it writes that down
// before it does so.
func disruptedByTaint(o *unstructured.Unstructured) bool {
	c := podCondition(podOf(o), corev1.DisruptionTarget)
	return c != nil && c.Status == corev1.ConditionTrue && c.Reason == "DeletionByTaintManager"
}

// podMeta tells of labels and owners.
func (t *teller) podMeta(c snapshot.Change, before, after *unstructured.Unstructured) []move {
	var moves []move
	if what := labelChange(before.GetLabels(), after.GetLabels()); what != "" {
		m := move{
			actor: actor(c), kind: podRelabeled, subject: after.GetName(), evidence: byRecord(c),
			say: func(it string) string {
				if it == "" {
					return "changed its labels: " + what
				}
				return "changed the labels of " + it + ": " + what
			},
		}
		m.act = m.actor == somebody
		moves = append(moves, m)
	}
	was, is := controllerOf(before), controllerOf(after)
	switch {
	case was != nil && is == nil:
		say := func(it string) string { return "let go of " + orIt(it) + ": its labels match no longer" }
		if actor(c) == collector {
			say = named("let go of", "it")
		}
		moves = append(moves, move{
			actor: orElse(actor(c), was.Kind), kind: podLetGo, subject: after.GetName(), say: say, evidence: "ownerReferences",
		})
	case was == nil && is != nil:
		moves = append(moves, move{
			actor: orElse(actor(c), is.Kind), kind: podAdopted, subject: after.GetName(),
			say:      func(it string) string { return "took " + orIt(it) + " as its own: the labels match" },
			evidence: "ownerReferences",
		})
	}
	return moves
}

// labelChange says how labels differ, as kubectl label would be told; empty when they do not.
func labelChange(before, after map[string]string) string {
	all := map[string]bool{}
	for k := range before {
		all[k] = true
	}
	for k := range after {
		all[k] = true
	}
	var said []string
	for _, k := range sortedKeys(all) {
		was, had := before[k]
		is, has := after[k]
		switch {
		case had && !has:
			said = append(said, fmt.Sprintf("%s=%s is gone", k, was))
		case !had && has:
			said = append(said, fmt.Sprintf("%s=%s is new", k, is))
		case was != is:
			said = append(said, fmt.Sprintf("%s=%s, not %s", k, is, was))
		}
	}
	return strings.Join(said, "; ")
}

// podSpec tells of a change of the images of a living Pod.
func (t *teller) podSpec(c snapshot.Change, was, is *corev1.Pod) []move {
	old, fresh := images(was.Spec), images(is.Spec)
	if old == fresh || old == "" {
		return nil
	}
	return []move{{
		actor: actor(c), kind: podChanged, subject: is.Name, evidence: byRecord(c),
		say: func(it string) string { return fmt.Sprintf("changed the image of %s to %s", orIt(it), fresh) },
	}}
}
