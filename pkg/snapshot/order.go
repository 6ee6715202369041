package snapshot

import (
	"sort"
	"time"
)

// SortChanges sorts changes by their time, what was made before all else that is told of it: on a busy machine the API
// server may answer who made a Pod after it answered who bound it to a node.
func SortChanges(changes []Change) {
	when := func(c Change) time.Time {
		if c.Verb == "create" && c.Subresource == "" && !c.Received.IsZero() && c.Received.Before(c.At) {
			return c.Received
		}
		return c.At
	}
	sort.SliceStable(changes, func(i, j int) bool { return when(changes[i]).Before(when(changes[j])) })
}
