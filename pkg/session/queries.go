package session

import (
	"regexp"
	"slices"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// queries are what a step's checks look at, and what explains their answers.
func queries(step *lesson.Step) []snapshot.Query {
	if found := step.Queries(); len(found) > 0 {
		return found
	}
	return whole()
}

// subjects are what must be known of a step's beginning: all of it but the events, of which a
// later look shows more.
func subjects(step *lesson.Step) []snapshot.Query {
	return slices.DeleteFunc(queries(step), func(q snapshot.Query) bool { return q.Resource == "events" })
}

// whole is what explanations and templates may look at: everything that a lesson can name but
// what is of no use to them.
func whole() []snapshot.Query { return Everything() }

// Everything is what a lesson's explanations and templates may look at.
func Everything() []snapshot.Query {
	var all []snapshot.Query
	for _, kind := range []string{
		"pods", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs", "services",
		"endpointslices", "configmaps", "persistentvolumeclaims", "nodes", "events",
	} {
		if q, err := snapshot.ParseQuery(kind); err == nil {
			all = append(all, q)
		}
	}
	return all
}

// comparesTimes says that an expression of the step reads the moment at which the step started.
func comparesTimes(step *lesson.Step) bool {
	started := regexp.MustCompile(`\bstarted\b`)
	for _, c := range step.Checks() {
		if started.MatchString(c.Expect) || started.MatchString(c.Converging) || started.MatchString(c.Actual) {
			return true
		}
		for _, o := range c.Otherwise {
			if started.MatchString(o.When) || started.MatchString(o.Say) {
				return true
			}
		}
	}
	for _, a := range lesson.All[*lesson.Ask](step) {
		if started.MatchString(a.Answer) {
			return true
		}
	}
	for _, p := range lesson.All[*lesson.Predict](step) {
		for _, o := range p.Options {
			if started.MatchString(o.Show) {
				return true
			}
		}
	}
	return false
}

// getPatience is how long requests may take to be answered as they should, at least: a container
// that is deaf to SIGTERM takes its 30 s of grace before another answers in its place.
const getPatience = 45 * time.Second

// patience is how long the step's checks may take to pass after its last command.
func patience(step *lesson.Step) time.Duration {
	longest := time.Second
	for _, c := range step.Checks() {
		longest = max(longest, c.Within)
	}
	for _, g := range lesson.All[*lesson.Get](step) {
		longest = max(longest, g.Within, getPatience)
	}
	return longest
}
