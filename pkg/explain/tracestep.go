package explain

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// take makes steps of a change: one for the write itself, and before it one for each other actor whose doing the
// write reports.
func (t *tracer) take(c snapshot.Change) {
	moves, before, after, concerns := t.change(c)
	if !concerns {
		return
	}
	o := after
	if o == nil {
		o = before
	}
	writer := t.writer(c, o)
	if len(moves) == 0 {
		if before != nil && after != nil && before.GetKind() == "Node" && writer == kubelet {
			return // a heartbeat
		}
		moves = t.plainly(c, writer, before, o)
	}
	for i := range moves {
		moves[i].at, moves[i].source = c.At, c.Source
		if moves[i].act && t.isMine(c) {
			moves[i].actor = you
		}
	}
	parts := byActor(moves)
	for i, part := range parts {
		s := t.newStep(c, o, part[0].actor, part)
		if i < len(parts)-1 || s.Actor == containers {
			s.Write, s.User = "", "" // the next step is the write that reports it
		}
		t.steps = append(t.steps, s)
	}
	if n := len(parts); n == 0 || parts[n-1][0].actor == containers {
		if n > 0 {
			writer = kubelet
		}
		t.steps = append(t.steps, t.newStep(c, o, writer, nil))
	}
}

// byActor puts together the moves of one actor that follow each other.
func byActor(moves []move) [][]move {
	var parts [][]move
	for i, m := range moves {
		if n := len(parts); n > 0 && parts[n-1][0].actor == m.actor {
			parts[n-1] = moves[i-len(parts[n-1]) : i+1 : i+1]
			continue
		}
		parts = append(parts, moves[i:i+1:i+1])
	}
	return parts
}

// isMine says that nobody but the asker can have made an act that no record names anybody for.
func (t *tracer) isMine(c snapshot.Change) bool {
	return c.User == "" && c.UserAgent == "" && !t.asked.From.IsZero() && !c.At.Before(t.asked.From) && !c.At.After(t.asked.To)
}

// writer is who made a write of which the story has nothing to tell.
func (t *tracer) writer(c snapshot.Change, o *unstructured.Unstructured) string {
	who := actor(c)
	if who != somebody || o == nil {
		return who
	}
	switch {
	case c.Type == snapshot.Deleted:
		return who
	case o.GetKind() == "Pod":
		return kubelet
	case o.GetKind() == "EndpointSlice":
		return endpoints
	case o.GetKind() == "Node":
		return kubelet
	}
	if program := newest(o); program == "kube-controller-manager" || program == "" {
		return o.GetKind()
	} else if program != "" {
		return program
	}
	return who
}

// newest is the program that wrote an object last, as managedFields tell; empty when they do not.
func newest(o *unstructured.Unstructured) string {
	name := ""
	last := int64(-1)
	for _, m := range o.GetManagedFields() {
		at := int64(0)
		if m.Time != nil {
			at = m.Time.Unix()
		}
		if at >= last {
			name, last = m.Manager, at
		}
	}
	return name
}

// plainly tells what a story leaves out, where somebody outside the cluster's machinery did it.
func (t *tracer) plainly(c snapshot.Change, writer string, before, o *unstructured.Unstructured) []move {
	if !isPerson(writer) || o == nil {
		return nil
	}
	if writer == somebody && (c.Subresource == "status" || c.Type == snapshot.Deleted && o.GetDeletionTimestamp() != nil) {
		return nil
	}
	m := move{actor: writer, kind: otherChange, subject: o.GetName(), evidence: byRecord(c), act: true, names: []string{o.GetName()}}
	m.say = plain("%s %s %s", verb(c), o.GetKind(), o.GetName())
	if unchanged(c, before) {
		m.kind = noChange
		m.say = plain("wrote %s %s, and nothing changed: it was so already", o.GetKind(), o.GetName())
		if c.Object.GetKind() == "Scale" {
			m.evidence += fmt.Sprintf("; spec.replicas %d as before", replicas(o))
			m.say = plain("asked %s for %s, and nothing changed: it asked for as many already", o.GetName(), snapshot.Count(replicas(o), "Pod"))
		}
	}
	return []move{m}
}

// unchanged says that a write left an object as it was: the API server gives it no new version then, or one in which nothing but managedFields
// is new. What is known of it must be older than the write.
func unchanged(c snapshot.Change, before *unstructured.Unstructured) bool {
	if c.Type != snapshot.Modified || before == nil || c.Object == nil {
		return false
	}
	was, is := version(snapshot.Change{Object: before}), version(c)
	switch {
	case is == 0 || was == 0 || was > is:
		return false
	case c.Object.GetKind() == "Scale":
		return replicas(before) == replicas(partly(before, c.Object))
	case !isWhole(c):
		return false
	}
	return was == is || equality.Semantic.DeepEqual(bare(before), bare(c.Object))
}

// bare is an object without what each write changes.
func bare(o *unstructured.Unstructured) map[string]any {
	o = o.DeepCopy()
	o.SetManagedFields(nil)
	o.SetResourceVersion("")
	return o.Object
}

// isPerson says that an actor is none of the cluster's machinery, as far as is known.
func isPerson(who string) bool { return who == you || who == theLesson || who == somebody }

// verb is what a change was, in the past tense.
func verb(c snapshot.Change) string {
	switch c.Type {
	case snapshot.Added:
		return "made"
	case snapshot.Deleted:
		return "deleted"
	}
	return "changed"
}

// newStep is a step of a change. Without moves it is one that no row tells.
func (t *tracer) newStep(c snapshot.Change, o *unstructured.Unstructured, who string, moves []move) Step {
	s := Step{
		Actor: who, Cause: NoCause, User: c.User, Source: c.Source, Told: len(moves) > 0, Write: writeOf(c),
		step: step{at: c.At, c: c, name: c.Name, space: c.Namespace, kind: kindOfResource(c.Resource), moves: moves},
	}
	if !c.Received.IsZero() {
		s.at = c.Received
	}
	if o != nil {
		s.kind, s.name, s.space, s.uid = o.GetKind(), o.GetName(), o.GetNamespace(), o.GetUID()
		for _, r := range o.GetOwnerReferences() {
			s.owners = append(s.owners, r.UID)
		}
		if r := controllerOf(o); r != nil {
			s.owner, s.ownerKind = r.UID, r.Kind
		}
		s.node = nodeName(o)
	}
	if s.Object = strings.ToLower(s.kind) + "/" + s.name; s.kind == "" {
		s.Object = c.Resource + "/" + s.name
	}
	if who == kubelet || who == containers {
		s.On = s.node
		if name, ok := strings.CutPrefix(c.User, kubelets); ok {
			s.On = name
		}
	}
	var seen []string
	for i := range moves {
		moves[i].at = s.at
		if e := moves[i].evidence; len(seen) == 0 || seen[len(seen)-1] != e {
			seen = append(seen, e)
		}
	}
	s.Evidence = strings.Join(seen, "; ")
	if len(moves) == 0 {
		s.What, s.Evidence = t.unremarkable(c, s), byRecord(c)
	}
	if who == containers {
		s.Evidence = strings.TrimSuffix(s.Evidence+"; "+t.started(s), "; ")
	}
	return s
}

// say puts into words what a step's moves are: in the end, when it is known how each came out.
func (s *Step) say() {
	if len(s.moves) == 0 {
		return // and has words already
	}
	var said []string
	for i, m := range s.moves {
		it := m.subject
		if i > 0 {
			it = ""
		}
		said = append(said, m.say(it))
	}
	s.What = strings.Join(said, ", ")
}

// unremarkable is what a step is called that no row tells.
func (t *tracer) unremarkable(c snapshot.Change, s Step) string {
	what := strings.TrimSpace(s.kind + " " + s.name)
	switch {
	case c.Type == "":
		return "was refused a change of " + what
	case c.Subresource != "":
		return "wrote the " + c.Subresource + " of " + what
	}
	return verb(c) + " " + what
}

// writeOf is a request as an audit log tells it, or what a watch brings.
func writeOf(c snapshot.Change) string {
	if c.Source == FromFault {
		return ""
	}
	what := c.Resource
	if what == "" && c.Object != nil {
		what = resourceOf(c.Object)
	}
	if c.Subresource != "" {
		what += "/" + c.Subresource
	}
	if c.Verb == "" {
		return string(c.Type) + " " + what
	}
	return c.Verb + " " + what
}

// started is what else tells that the runtime started a container: the kubelet's event, where that is still there.
func (t *tracer) started(s Step) string {
	if e := t.events.newest(s.uid, withReason("Started")); e != nil {
		return "event Started"
	}
	return fmt.Sprintf("reported by the kubelet of %s", s.node)
}

// isAct says that somebody outside the cluster's machinery did it.
func (s *Step) isAct() bool {
	for _, m := range s.moves {
		if m.act {
			return true
		}
	}
	return s.Actor == you || s.Actor == theLesson
}

// has says whether one of the kinds of moves is among the step's.
func (s *Step) has(kinds ...moveKind) bool {
	for _, m := range s.moves {
		for _, k := range kinds {
			if m.kind == k {
				return true
			}
		}
	}
	return false
}
