package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// mostRows is how many rows a story has at most, so that it fits a screen of 24 lines together with
// its picture and its end.
const mostRows = 12

// fewRows is how many rows are told one by one; each may take two lines.
const fewRows = 9

// group is the moves that one row tells.
type group []move

// rows tells moves, as one where several of a kind follow each other. A long story groups moves of
// one kind that have one cause, a longer one those between two acts; one that is still too long leaves out its middle, and says so.
func rows(moves []move, zero time.Time, strands func() strandOfMove) ([]Row, int) {
	for i := range moves {
		moves[i].place = i
	}
	groups := adjacent(moves)
	if len(groups) > fewRows {
		if groups = byCause(moves, strands()); len(groups) > mostRows {
			groups = episodes(moves)
		}
	}
	groups, elided, at := elide(groups)
	var told []Row
	subject := ""
	for i, g := range groups {
		if elided > 0 && i == at {
			told = append(told, Row{
				OffsetMS: offsetMS(g[0].at, zero), Actor: "…", What: fmt.Sprintf("%d more moves, left out here", elided), Moves: elided,
			})
			subject = ""
		}
		told = append(told, tell(g, zero, subject))
		subject = g[len(g)-1].subject
		if len(g) > 1 {
			subject = ""
		}
	}
	return told, elided
}

// adjacent puts together moves of one kind, of one actor, that follow each other directly.
func adjacent(moves []move) []group {
	var groups []group
	for _, m := range moves {
		n := len(groups)
		if n > 0 && together(groups[n-1][0], m) {
			groups[n-1] = append(groups[n-1], m)
			continue
		}
		groups = append(groups, group{m})
	}
	return groups
}

// byCause puts together moves of one kind and actor that one move led to.
func byCause(moves []move, strands strandOfMove) []group {
	var groups []group
	for _, m := range moves {
		in := strands.of(m)
		at := slices.IndexFunc(groups, func(g group) bool { return in >= 0 && strands.of(g[0]) == in && together(g[0], m) })
		if at < 0 {
			groups = append(groups, group{m})
			continue
		}
		groups[at] = append(groups[at], m)
	}
	return groups
}

// episodes puts together moves of one kind and actor that have no act between them.
func episodes(moves []move) []group {
	var groups []group
	first := 0
	for _, m := range moves {
		if m.act {
			if n := len(groups); n > first && together(groups[n-1][0], m) && groups[n-1][0].act {
				groups[n-1] = append(groups[n-1], m)
				continue
			}
			groups = append(groups, group{m})
			first = len(groups) - 1
			continue
		}
		found := false
		for i := first; i < len(groups) && !found; i++ {
			if together(groups[i][0], m) {
				groups[i] = append(groups[i], m)
				found = true
			}
		}
		if !found {
			groups = append(groups, group{m})
		}
	}
	return groups
}

// together says whether two moves can be told as one.
func together(a, b move) bool {
	if a.kind != b.kind || a.actor != b.actor {
		return false
	}
	switch a.kind {
	case podMade, podTaken, podPlaced, podStarted, podReady, podUp, podEnded, podUnready:
		return a.subject != b.subject
	case podDeleted:
		return a.subject != b.subject && a.detail == b.detail
	case workloadScaled, workloadCounted, serviceAnswers:
		return a.subject == b.subject
	case workloadLetGo, workloadAdopted:
		return a.detail == b.detail
	case podRestarted, podExit, podStuck:
		return a.detail == b.detail
	}
	return false
}

// elide leaves out groups from the middle when there are too many. At is the index before which the
// row stands that says so; elided is the number of moves that are left out.
func elide(groups []group) (kept []group, elided, at int) {
	if len(groups) <= mostRows {
		return groups, 0, 0
	}
	const tail = 4
	at = mostRows - tail - 1
	for _, g := range groups[at : len(groups)-tail] {
		elided += len(g)
	}
	kept = append(kept, groups[:at]...)
	return append(kept, groups[len(groups)-tail:]...), elided, at
}

// tell makes a row of a group. Before is the subject of the row before it.
func tell(g group, zero time.Time, before string) Row {
	m := g[0]
	r := Row{
		OffsetMS: offsetMS(m.at, zero), Actor: m.actor, Evidence: m.evidence, Moves: len(g), Source: m.source,
		Objects: objectsOf(g),
	}
	if len(g) > 1 {
		r.UntilMS = offsetMS(g[len(g)-1].at, zero)
		r.What, r.Evidence = several(g), severalEvidence(g)
		return r
	}
	it := m.subject
	if it == before {
		it = ""
	}
	r.What = m.say(it)
	return r
}

// several tells moves of one kind in one clause.
func several(g group) string {
	first, last := g[0], g[len(g)-1]
	n := len(distinctSubjects(g))
	list := strings.Join(distinctSubjects(g), ", ")
	switch first.kind {
	case podMade, podDeleted:
		return fmt.Sprintf("%s %s: %s", g.verb(), snapshot.Count(n, "Pod"), list)
	case podEnded:
		return fmt.Sprintf("stopped the containers of %s: %s", snapshot.Count(n, "Pod"), list)
	case podPlaced:
		return fmt.Sprintf("put %s on nodes: %s", snapshot.Count(n, "Pod"), placed(g))
	case podStarted:
		return fmt.Sprintf("started the containers of %s: %s", snapshot.Count(n, "Pod"), list)
	case podTaken:
		return fmt.Sprintf("took %s on: %s", snapshot.Count(n, "Pod"), list)
	case podReady:
		return fmt.Sprintf("found %s ready: %s", snapshot.Count(n, "Pod"), list)
	case podUp:
		return fmt.Sprintf("started the containers of %s and found them ready: %s", snapshot.Count(n, "Pod"), list)
	case podUnready:
		if first.actor == nodeWatch {
			return fmt.Sprintf("marked %s not ready, since their node is silent: %s", snapshot.Count(n, "Pod"), list)
		}
		return fmt.Sprintf("found %s no longer ready: %s", snapshot.Count(n, "Pod"), list)
	case podRestarted:
		return fmt.Sprintf("started container %s again, %d times: %s", first.detail, len(g), list)
	case podExit:
		return fmt.Sprintf("saw container %s end, %d times: %s", first.detail, len(g), list)
	case podStuck:
		return fmt.Sprintf("could not start container %s in %s: %s", first.detail, snapshot.Count(n, "Pod"), list)
	case workloadLetGo:
		return fmt.Sprintf("let go of %s: %s", snapshot.Count(n, first.detail), list)
	case workloadAdopted:
		return fmt.Sprintf("took %s as its own: %s", snapshot.Count(n, first.detail), list)
	case workloadScaled:
		return last.say("") + fmt.Sprintf(", the last of %d steps", len(g))
	}
	if first.kind == workloadCounted {
		return fmt.Sprintf("counted %s %s", numbersOf(g), first.verb)
	}
	return fmt.Sprintf("Service %s answers from %s", first.subject, numbersOf(g))
}

// numbersOf lists the numbers of Pods that a Service answered from, one after the other.
func numbersOf(g group) string {
	var all []string
	for _, m := range g {
		if n := len(all); n == 0 || all[n-1] != m.detail {
			all = append(all, m.detail)
		}
	}
	if len(all) == 1 {
		n, _ := strconv.Atoi(all[0])
		return snapshot.Count(n, "Pod")
	}
	if len(all) > 5 {
		all = append(append(all[:2:2], "…"), all[len(all)-2:]...)
	}
	final := "then " + all[len(all)-1] + " Pods"
	if all[len(all)-1] == "1" {
		final = "then 1 Pod"
	}
	return strings.Join(all[:len(all)-1], ", ") + ", " + final
}

// verb is what was done to each of a group. What was counted is left out where the moves were not
// made at one count.
func (g group) verb() string {
	verb := g[0].verb
	if g.scattered() {
		if _, bare, ok := strings.Cut(verb, " and "); ok {
			return bare
		}
	}
	return verb
}

// scattered says that other moves stood between those of a group.
func (g group) scattered() bool {
	for i := 1; i < len(g); i++ {
		if g[i].place != g[i-1].place+1 {
			return true
		}
	}
	return false
}

// placed lists Pods by node.
func placed(g group) string {
	by := map[string][]string{}
	for _, m := range g {
		by[m.detail] = append(by[m.detail], m.subject)
	}
	var said []string
	for _, node := range sortedKeys(by) {
		said = append(said, strings.Join(by[node], ", ")+" on "+node)
	}
	return strings.Join(said, "; ")
}

// severalEvidence is the evidence where all moves of a group have the same, else that of the kind:
// what stands before the node.
func severalEvidence(g group) string {
	common := g[0].evidence
	for _, m := range g {
		if m.evidence != common {
			common, _, _ = strings.Cut(common, ",")
			if !strings.HasPrefix(m.evidence, common) {
				return g[len(g)-1].evidence
			}
		}
	}
	return common
}

func distinctSubjects(g group) []string {
	var names []string
	seen := map[string]bool{}
	for _, m := range g {
		if !seen[m.subject] {
			seen[m.subject] = true
			names = append(names, m.subject)
		}
	}
	return names
}

func objectsOf(g group) []string {
	var names []string
	seen := map[string]bool{}
	for _, m := range g {
		for _, name := range append([]string{m.subject}, m.names...) {
			if name != "" && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
