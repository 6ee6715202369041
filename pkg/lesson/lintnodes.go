package lesson

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// lintNodes: on a cluster that others work on too, nodes are not for lessons. A lesson that needs them
// says so in its front matter, and is refused there before it starts.
func lintNodes(l *Lesson) []Problem {
	var found []Problem
	for _, s := range l.Steps {
		asked, mistakes := s.typed()
		for i, c := range append(asked, mistakes...) {
			changes, looks := nodesIn(&c)
			looks = looks && i < len(asked) // a mistake that only looks does no harm where it is refused
			switch {
			case changes && !l.Needs.CordonNodes:
				found = append(found, Problem{c.Pos, "nodes", fmt.Sprintf("%q changes a node; write needs: {cordonNodes: true}", c.Line), Defect})
			case looks && !l.Needs.SeeNodes && !l.Needs.CordonNodes:
				found = append(found, Problem{c.Pos, "nodes", fmt.Sprintf("%q looks at nodes; write needs: {seeNodes: true}", c.Line), Defect})
			}
		}
	}
	return found
}

// typed are all commands that the step has somebody type: what it asks for, and mistakes.
func (s *Step) typed() (asked, mistakes []Command) {
	for _, d := range All[*Do](s) {
		asked = append(asked, d.Commands...)
	}
	for _, w := range All[*Wrong](s) {
		for _, t := range w.Turns {
			mistakes = append(mistakes, t.Do...)
		}
	}
	return asked, mistakes
}

// nodesIn says what a command does with nodes.
func nodesIn(c *Command) (changes, looks bool) {
	if len(c.Args) < 2 {
		return false, false
	}
	verb := c.Args[1]
	switch verb {
	case "cordon", "uncordon", "drain", "taint":
		return true, false
	case "get", "describe", "top", "wait", "label", "annotate", "edit", "patch", "debug":
	default:
		return false, false
	}
	for _, arg := range c.Args[2:] {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		kinds, _, _ := strings.Cut(arg, "/")
		names := slices.ContainsFunc(strings.Split(kinds, ","), func(name string) bool {
			k, known := snapshot.KindNamed(name)
			return known && k.Resource == "nodes"
		})
		reads := verbs()[verb]
		return names && !reads, names && reads // the first word names the kind
	}
	return false, false
}
