package explain

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// conclude fills in what the story comes to.
func conclude(s *Story, target snapshot.Query, t *teller, moves []move) {
	s.Gone, s.Came = identities(t, moves)
	s.Intro = intro(s, target, t)
	wholeAt, dipped := recovery(s.Series)
	if at, ok := lastAnswer(moves, s.Zero); ok && wholeAt >= 0 {
		wholeAt = max(wholeAt, at)
	}
	wanted, ready := lastOf(s.Series.Wanted), lastOf(s.Series.Ready)
	switch {
	case !anyAlive(t):
		s.Outcome, s.Summary = Gone, goneSummary(s, t, target, moves)
	case len(s.Series.Wanted) == 0:
		untold(s, moves)
	case wholeAt < 0:
		s.Outcome, s.Summary = Under, fmt.Sprintf("Not whole yet: %d of %s ready.", ready, snapshot.Count(wanted, "Pod"))
	case retemplatedBy(moves):
		rolled(s, t, moves)
	case len(s.Series.Wanted) > 1:
		s.Outcome, s.HealedMS = Reached, wholeAt
		s.Summary = fmt.Sprintf("%d of %s ready after %s.", ready, snapshot.Count(wanted, "Pod"), Span(wholeAt))
	case dipped:
		s.Outcome, s.HealedMS = Healed, wholeAt
		s.Summary = "Healed in " + Span(wholeAt) + "." + how(s, moves) + meanwhile(t, moves)
	default:
		s.Outcome, s.Summary = Steady, "As many Pods counted as ready as wanted, all the time."
		if has(moves, podRestarted) {
			s.Summary += " A Pod's container was started again; the Pod is the same."
		}
	}
}

// Span writes a time in milliseconds for people: 402 ms, 1.3 s, 2 min 5 s.
func Span(ms int64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case ms < 10_000:
		return fmt.Sprintf("%.1f s", float64(ms)/1000)
	case ms < 120_000:
		return fmt.Sprintf("%d s", (ms+500)/1000)
	}
	return fmt.Sprintf("%d min %d s", ms/60_000, ms%60_000/1000)
}

// recovery is the offset from which on as many are ready as wanted, until the end; -1 when that is
// not so at the end. Dipped says that it was not so at some moment.
func recovery(s *Series) (at int64, dipped bool) {
	if len(s.Wanted) == 0 {
		return 0, false
	}
	moments := append(append([]Point(nil), s.Wanted...), s.Ready...)
	whole := func(at int64) bool { return valueAt(s.Ready, at) >= valueAt(s.Wanted, at) }
	if !whole(s.EndMS) {
		return -1, true
	}
	// A number that was raised is reached by more Pods, one that was lowered by fewer.
	lowered := len(s.Wanted) > 1 && lastOf(s.Wanted) < s.Wanted[0].N
	for _, p := range moments {
		fits := whole(p.OffsetMS)
		if lowered {
			fits = valueAt(s.Ready, p.OffsetMS) == lastOf(s.Wanted)
		}
		if fits {
			continue
		}
		dipped = true
		next := s.EndMS
		for _, q := range moments {
			if q.OffsetMS > p.OffsetMS {
				next = min(next, q.OffsetMS)
			}
		}
		at = max(at, next)
	}
	return at, dipped
}

func valueAt(points []Point, at int64) int {
	n := 0
	for _, p := range points {
		if p.OffsetMS > at {
			break
		}
		n = p.N
	}
	return n
}

func lastOf(points []Point) int {
	if len(points) == 0 {
		return 0
	}
	return points[len(points)-1].N
}

// lastAnswer is when a Service came to answer from its last number of Pods.
func lastAnswer(moves []move, zero time.Time) (int64, bool) {
	at, found := int64(0), false
	for _, m := range moves {
		if m.kind == serviceAnswers {
			at, found = offsetMS(m.at, zero), true
		}
	}
	return at, found
}

func anyAlive(t *teller) bool {
	for uid := range t.circle.seeds {
		if isAlive(t.w, uid) && t.w.alive[uid].GetDeletionTimestamp() == nil {
			return true
		}
	}
	// what took the place of a Pod stands for it
	for uid := range t.circle.seeds {
		if t.w.known[uid][0].GetKind() != "Pod" {
			return false
		}
	}
	for uid := range t.circle.in {
		if isAlive(t.w, uid) && isTop(t.w.alive[uid]) {
			return true
		}
	}
	return false
}

// identities are the Pods that ended and those that were made during the story.
func identities(t *teller, moves []move) (gone, came []Identity) {
	made, ending := map[string]bool{}, map[string]bool{}
	for _, m := range moves {
		switch m.kind {
		case podMade:
			made[m.subject] = true
		case podDeleted, podEnded:
			ending[m.subject] = true
		}
	}
	for _, o := range t.pods() {
		p := podOf(o)
		id := Identity{Name: p.Name, UID: string(p.UID), Node: p.Spec.NodeName}
		alive := isAlive(t.w, p.UID)
		switch {
		case made[p.Name] && alive:
			id.State = podStatus(p)
			came = append(came, id)
		case ending[p.Name] && alive:
			id.State = "ending"
			gone = append(gone, id)
		case ending[p.Name]:
			id.State = "gone"
			gone = append(gone, id)
		}
	}
	return gone, came
}

func intro(s *Story, target snapshot.Query, t *teller) string {
	name := t.topName()
	if name == "" {
		name = target.String()
	}
	switch {
	case len(s.Rows) == 0:
		return "Nothing happened to " + target.String() + " that was recorded."
	case len(s.Series.Wanted) == 1 && s.Series.Wanted[0].N > 0 && t.topName() != "":
		return fmt.Sprintf("%s asked for %s all along. This is what happened:", name, snapshot.Count(s.Series.Wanted[0].N, "Pod"))
	}
	return "This is what happened to " + name + ":"
}

// topName is the name of the one object that asks for a number of Pods; empty when there are none or several.
func (t *teller) topName() string {
	name := ""
	for uid := range t.circle.in {
		versions := t.w.known[uid]
		o := versions[len(versions)-1]
		if !isTop(o) {
			continue
		}
		if name != "" {
			return ""
		}
		name = o.GetName()
	}
	return name
}

// anyTop says that there ever was something that asks for a number of Pods.
func (t *teller) anyTop() bool {
	for uid := range t.circle.in {
		if isTop(t.w.latest(uid)) {
			return true
		}
	}
	return false
}

// how says what the healing was: another Pod, or the same one with a new container.
func how(s *Story, moves []move) string {
	restarted := false
	for _, m := range moves {
		restarted = restarted || m.kind == podRestarted
	}
	switch {
	case restarted && len(s.Came) == 0:
		return " The Pod is the same; its container is new."
	case len(s.Came) > 0 && len(s.Gone) == 0 && has(moves, podLetGo):
		return " The Pod that was let go lives on by itself."
	case len(s.Came) == 1:
		return " Another Pod took the place: the name and the UID are new."
	case len(s.Came) > 1:
		return fmt.Sprintf(" %d other Pods took the places: their names and UIDs are new.", len(s.Came))
	}
	return ""
}

// meanwhile says what was left of a Service while it lasted.
func meanwhile(t *teller, moves []move) string {
	service, least := "", -1
	for _, m := range moves {
		if m.kind != serviceAnswers {
			continue
		}
		n, err := strconv.Atoi(m.detail)
		if err == nil && (least < 0 || n < least) {
			service, least = m.subject, n
		}
	}
	switch {
	case least < 0 || least >= t.answering[service]:
		return ""
	case least == 0:
		return fmt.Sprintf(" For a while no Pod answered for Service %s.", service)
	}
	return fmt.Sprintf(" Meanwhile Service %s had %s to answer.", service, snapshot.Count(least, "Pod"))
}

func has(moves []move, kind moveKind) bool {
	for _, m := range moves {
		if m.kind == kind {
			return true
		}
	}
	return false
}

func retemplatedBy(moves []move) bool { return has(moves, workloadChanged) }

// untold ends the story of Pods that nothing wants a number of.
func untold(s *Story, moves []move) {
	s.Outcome = Untold
	for _, m := range moves {
		if m.kind == podRestarted {
			s.Summary = "The Pod is the same; its container is new."
		}
	}
}

// survivors is how many Pods of the circle are there and stay.
func (t *teller) survivors() int {
	n := 0
	for uid := range t.circle.in {
		if o := t.w.alive[uid]; o != nil && o.GetKind() == "Pod" && o.GetDeletionTimestamp() == nil {
			n++
		}
	}
	return n
}

func goneSummary(s *Story, t *teller, target snapshot.Query, moves []move) string {
	switch {
	case t.anyTop() && t.survivors() > 0:
		return "It is gone. What it owned lives on without it."
	case t.anyTop():
		return "It is gone, and what it owned goes with it."
	case has(moves, podDeleted) || has(moves, podEnded):
		return "It is gone, and nothing makes it again: nothing owned it."
	}
	return strings.TrimSpace(target.String()) + " is gone."
}

// rolled ends the story of a change of what the Pods are made of.
func rolled(s *Story, t *teller, moves []move) {
	least := 0
	for i, p := range s.Series.Ready {
		if i == 0 || p.N < least {
			least = p.N
		}
	}
	for uid := range t.circle.in {
		o := t.w.alive[uid]
		if o == nil || o.GetKind() != "Deployment" {
			continue
		}
		if d := deploymentOf(o); !complete(d) {
			s.Outcome = Under
			if newIsUp(d) {
				s.Summary = "The new version is ready everywhere. What is left of the old one is still ending."
				return
			}
			s.Summary = fmt.Sprintf("Not done yet: the new version is not ready everywhere. Meanwhile %s ready.", snapshot.Count(lastOf(s.Series.Ready), "Pod")+be(lastOf(s.Series.Ready)))
			return
		}
	}
	s.Outcome = Reached
	for _, m := range moves {
		switch m.kind {
		case podReady, podUp, serviceAnswers, podDeleted:
			s.HealedMS = offsetMS(m.at, s.Zero)
		}
	}
	if !has(moves, podMade) {
		s.Summary = fmt.Sprintf("%s ready after %s; none had to be made.", snapshot.Count(lastOf(s.Series.Ready), "Pod"), Span(s.HealedMS))
		return
	}
	if made := len(s.Came); made < lastOf(s.Series.Wanted) {
		s.Summary = fmt.Sprintf("The rollout was done after %s, with %s made; at least %d %s ready all the time.", Span(s.HealedMS), snapshot.Count(made, "Pod"), least, were(least))
		return
	}
	s.Summary = fmt.Sprintf("Every Pod was replaced after %s; at least %d %s ready all the time.", Span(s.HealedMS), least, were(least))
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func be(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// complete says that a Deployment's Pods are all of its new version.
func complete(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas == wantedOf(d) && d.Status.Replicas == wantedOf(d)
}

// newIsUp says that all Pods of a Deployment's new version are ready, whatever is still there of the old one.
func newIsUp(d *appsv1.Deployment) bool {
	old := d.Status.Replicas - d.Status.UpdatedReplicas
	return d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas == wantedOf(d) && d.Status.ReadyReplicas-old >= wantedOf(d)
}

func wantedOf(d *appsv1.Deployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}
