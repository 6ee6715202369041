// Package realness says how near each part of the sandbox is to that of a production cluster. It is the
// one place where that stands: `cluster status`, the table in docs/sandbox.md and docs/conformance.md,
// which marks the specs that pass only because something is emulated, are made of it. What the parts do
// is left to the packages beside this one.
package realness

import (
	"iter"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// Part is one part of a cluster as docs/sandbox.md lists it.
type Part struct {
	Name     string
	Realness cluster.Realness
	// Means is what a learner should know, in Markdown.
	Means string
	// Status is how `cluster status` shows the part; empty for what has no line of its own there.
	Status []Line
	// Emulations are what of the part only looks as if it were there.
	Emulations []Emulation
}

// Line is a part's line in `cluster status`.
type Line struct {
	Name string
	// Evidence is for what is always healthy; the others are asked.
	Evidence string
	Note     string
}

// Emulation is something that shows what a real cluster shows without doing all of it.
type Emulation struct {
	// What is emulated, as "tmpfs".
	What string
	// Seen is what a learner sees, as opposed to what is so.
	Seen string
	// WithoutMounts says that it is one only where nodes have no mounts of their own.
	WithoutMounts bool
	// Asks says whether a Pod asks for it; nil where no Pod can.
	Asks func(*corev1.Pod) bool
	// Specs match the names of Kubernetes' conformance specs that pass only because of it.
	Specs []*regexp.Regexp
}

// Find finds a line of `cluster status` by its name, with the realness of its part.
func Find(name string) (Line, cluster.Realness) {
	for _, p := range Parts() {
		for _, l := range p.Status {
			if l.Name == name {
				return l, p.Realness
			}
		}
	}
	return Line{Name: name}, cluster.Absent
}

// emulations are all of the table. ownMounts leaves out those that there are only where nodes have no mounts of
// their own.
func emulations(ownMounts bool) iter.Seq[Emulation] {
	return func(yield func(Emulation) bool) {
		for _, p := range Parts() {
			for _, e := range p.Emulations {
				if !(ownMounts && e.WithoutMounts) && !yield(e) {
					return
				}
			}
		}
	}
}

// Emulated returns what a conformance spec passes only because of, and false when nothing of it is
// emulated. ownMounts says whether nodes have mounts of their own.
func Emulated(spec string, ownMounts bool) (Emulation, bool) {
	for e := range emulations(ownMounts) {
		if slices.ContainsFunc(e.Specs, func(r *regexp.Regexp) bool { return r.MatchString(spec) }) {
			return e, true
		}
	}
	return Emulation{}, false
}

// Asked returns, by name, what of the table a Pod asks for: it will see it, and not have it. ownMounts is as for Emulated.
func Asked(p *corev1.Pod, ownMounts bool) []string {
	var asked []string
	for e := range emulations(ownMounts) {
		if e.Asks != nil && e.Asks(p) {
			asked = append(asked, e.What)
		}
	}
	return asked
}

// Names are those of all that is emulated. ownMounts is as for Emulated.
func Names(ownMounts bool) []string {
	var names []string
	for e := range emulations(ownMounts) {
		names = append(names, e.What)
	}
	return names
}
