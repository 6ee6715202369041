package lesson

import (
	"sort"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Queries names what must be in a snapshot for this step: the resources that its blocks read, and
// those that say why an object is as it is (the owners of Pods, their nodes and events). Whole
// resources each, sorted, none twice.
func (s *Step) Queries() []snapshot.Query {
	wanted := map[string]bool{}
	for _, b := range s.Blocks {
		for _, q := range queriesOf(b) {
			wanted[q.Resource] = true
			for _, r := range related(q) {
				wanted[r] = true
			}
		}
	}
	delete(wanted, "")
	var queries []snapshot.Query
	for _, r := range sortedKeys(wanted) {
		if q, err := snapshot.ParseQuery(r); err == nil {
			queries = append(queries, q)
		}
	}
	sort.Slice(queries, func(i, j int) bool { return queries[i].Resource < queries[j].Resource })
	return queries
}

// readsNodes says that a block of the lesson asks about what belongs to no namespace, or shows it.
func (l *Lesson) readsNodes() bool {
	for _, s := range l.Steps {
		for _, b := range s.Blocks {
			if e, ok := b.(*Explain); ok && e.Kind == Map {
				return true
			}
			for _, q := range queriesOf(b) {
				if !q.IsZero() && !q.Namespaced {
					return true
				}
			}
		}
	}
	return false
}

// related names the resources that explain objects of a query.
func related(q snapshot.Query) []string {
	switch q.Kind {
	case "Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job":
		return []string{"pods", "deployments", "replicasets", "statefulsets", "nodes", "events"}
	case "Service", "Endpoints", "EndpointSlice":
		return []string{"pods", "services", "endpointslices", "deployments", "replicasets", "nodes", "events"}
	}
	return nil
}

func queriesOf(b Block) []snapshot.Query {
	var found []snapshot.Query
	switch b := b.(type) {
	case *Predict:
		for _, o := range b.Options {
			found = append(found, o.On)
		}
	case *Do:
		found = commandQueries(b.Commands)
	case *Checks:
		for _, c := range b.Checks {
			found = append(found, c.On)
			found = append(found, phraseQueries(c.actual, c.look)...)
			for _, o := range c.Otherwise {
				found = append(found, phraseQueries(o.say)...)
			}
		}
	case *Explain:
		found = append(found, b.Target)
	case *Ask:
		found = append(found, b.On)
	case *Hint:
		found = phraseQueries(b.tmpl)
	case *Wrong:
		for _, t := range b.Turns {
			found = append(found, commandQueries(t.Do)...)
		}
	case *Fault:
		found = append(phraseQueries(b.target), b.query)
		if b.Target == stoppedNodes {
			nodes, _ := snapshot.ParseQuery("nodes")
			found = append(found, nodes)
		}
	case *Get:
		found = append(found, b.On)
	}
	return found
}

func commandQueries(commands []Command) []snapshot.Query {
	var found []snapshot.Query
	for _, c := range commands {
		found = append(found, phraseQueries(c.tmpl)...)
	}
	return found
}

func phraseQueries(list ...*phrase) []snapshot.Query {
	var found []snapshot.Query
	for _, p := range list {
		if p != nil {
			found = append(found, p.queries...)
		}
	}
	return found
}
