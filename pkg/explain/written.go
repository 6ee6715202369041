package explain

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Written names the objects that the learner wrote, or was refused to write, in a while: what the audit log says so of.
// Of what watches brought it takes what no controller owns and what somebody asked anew for or ended.
func Written(tl *snapshot.Timeline, from, to time.Time) []snapshot.Query {
	var found []snapshot.Query
	seen := map[string]bool{}
	known := map[string]*unstructured.Unstructured{}
	for _, c := range tl.Changes {
		key := placeOf(c.Resource, c.Namespace, c.Name)
		if c.Object != nil && c.Resource == "" {
			key = placeOf(resourceOf(c.Object), c.Namespace, c.Name)
		}
		before := known[key]
		if c.Object != nil && isWhole(c) {
			known[key] = c.Object
		}
		if c.At.Before(from) || c.At.After(to) || !writtenByLearner(c, before) {
			continue
		}
		q, ok := queryFor(c)
		if ok && !seen[q.String()] {
			seen[q.String()] = true
			found = append(found, q)
		}
	}
	return found
}

func writtenByLearner(c snapshot.Change, before *unstructured.Unstructured) bool {
	if c.Source == snapshot.FromAudit || c.Source == FromFault {
		return actor(c) == you
	}
	o := c.Object
	if o == nil || o.GetKind() == "EndpointSlice" || o.GetKind() == "Node" || o.GetKind() == "Event" {
		return false
	}
	ends := c.Type == snapshot.Deleted || o.GetDeletionTimestamp() != nil
	if controllerOf(o) != nil {
		return ends && before != nil && before.GetDeletionTimestamp() == nil
	}
	return ends || before == nil || before.GetGeneration() != o.GetGeneration() || labelChange(before.GetLabels(), o.GetLabels()) != ""
}

func queryFor(c snapshot.Change) (snapshot.Query, bool) {
	resource := c.Resource
	if resource == "" && c.Object != nil {
		resource = resourceOf(c.Object)
	}
	if c.Name == "" {
		return snapshot.Query{}, false
	}
	q, err := snapshot.ParseQuery(resource + "/" + c.Name)
	return q, err == nil
}
