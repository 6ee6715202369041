package explain

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// node tells of a change of a node, as far as Pods feel it.
func (t *teller) node(c snapshot.Change, before, after *unstructured.Unstructured) []move {
	switch {
	case c.Type == "" || (before == nil && after == nil):
		return nil
	case after == nil:
		m := move{actor: actor(c), kind: nodeRemoved, subject: before.GetName(), say: plain("removed node %s", before.GetName()), evidence: byRecord(c)}
		m.act = m.actor == somebody
		return []move{m}
	case before == nil && c.Type == snapshot.Added:
		return []move{{
			actor: orElse(actor(c), kubelet), kind: nodeAdded, subject: after.GetName(),
			say: plain("brought node %s into the cluster", after.GetName()), evidence: byRecord(c),
		}}
	case before == nil:
		return nil
	}
	was, is := nodeOf(before), nodeOf(after)
	moves := t.nodeCondition(c, was, is)
	if was.Spec.Unschedulable != is.Spec.Unschedulable {
		m := move{actor: actor(c), kind: nodeClosed, subject: is.Name, evidence: byRecord(c)}
		m.act = m.actor == somebody
		m.say = plain("closed node %s for new Pods", is.Name)
		if !is.Spec.Unschedulable {
			m.say = plain("opened node %s for new Pods again", is.Name)
		}
		moves = append(moves, m)
	}
	return append(moves, nodeTaint(c, was, is)...)
}

func (t *teller) nodeCondition(c snapshot.Change, was, is *corev1.Node) []move {
	old, fresh := nodeReady(was), nodeReady(is)
	if old == nil || fresh == nil || old.Status == fresh.Status {
		return nil
	}
	m := move{actor: actor(c), subject: is.Name}
	switch fresh.Status {
	case corev1.ConditionTrue:
		m.actor, m.kind = orElse(m.actor, kubelet), nodeBack
		m.say, m.evidence = plain("reported node %s Ready again", is.Name), "condition Ready=True"
	case corev1.ConditionUnknown: // only the node lifecycle controller writes this
		m.actor, m.kind = orElse(m.actor, nodeWatch), nodeLost
		heard := fmt.Sprintf("heard nothing from %s", is.Name)
		if silent := t.silence(is.Name, c.At); silent > 0 {
			heard += " for " + Span(silent.Milliseconds())
		}
		m.say, m.evidence = plain("%s and marked it NotReady", heard), "condition Ready=Unknown"
	default:
		m.actor, m.kind = orElse(m.actor, kubelet), nodeLost
		m.say, m.evidence = plain("reported node %s NotReady: %s", is.Name, short(fresh.Message, 60)), "condition Ready=False"
	}
	return []move{m}
}

// silence is for how long nothing was heard from a node; 0 where that is not known.
func (t *teller) silence(node string, at time.Time) time.Duration {
	since := t.stopped[node]
	if renewed, ok := t.leases[node]; ok && renewed.Before(at) {
		since = renewed
	}
	if since.IsZero() {
		return 0
	}
	return at.Sub(since)
}

// silent says that a node's kubelet can't have reported anything: the node was stopped, or nothing is heard from it.
func (t *teller) silent(node string) bool {
	if _, stopped := t.stopped[node]; stopped {
		return true
	}
	o := t.w.at("nodes", "", node)
	if o == nil {
		return false
	}
	c := nodeReady(nodeOf(o))
	return c != nil && c.Status == corev1.ConditionUnknown
}

// nodeTaint tells of a taint that drives Pods away.
func nodeTaint(c snapshot.Change, was, is *corev1.Node) []move {
	had := map[string]bool{}
	for _, t := range was.Spec.Taints {
		had[t.Key+string(t.Effect)] = true
	}
	for _, t := range is.Spec.Taints {
		if t.Effect != corev1.TaintEffectNoExecute || had[t.Key+string(t.Effect)] {
			continue
		}
		m := move{
			actor: actor(c), kind: nodeTainted, subject: is.Name,
			say:      plain("tainted %s: Pods must leave it", is.Name),
			evidence: t.Key + ":NoExecute",
		}
		m.act = m.actor == somebody && t.Key != corev1.TaintNodeUnreachable && t.Key != corev1.TaintNodeNotReady
		if m.actor == somebody && !m.act {
			m.actor = nodeWatch
		}
		return []move{m}
	}
	return nil
}
