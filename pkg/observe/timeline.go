package observe

import (
	"sort"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// cut makes a timeline of the changes between two moments, with one older change for each object
// that was there at the first. A zero until is the moment of the last change.
func cut(all []snapshot.Change, since, until time.Time) *snapshot.Timeline {
	snapshot.SortChanges(all)
	t := &snapshot.Timeline{Start: since, End: until}
	state := map[string]int{}
	for i, c := range all {
		switch {
		case !until.IsZero() && c.At.After(until):
		case !c.At.Before(since):
			t.Changes = append(t.Changes, c)
		case c.Type == snapshot.Deleted:
			delete(state, place(c))
		case c.Object != nil && whole(c):
			state[place(c)] = i
		}
	}
	var before []snapshot.Change
	for _, i := range state {
		before = append(before, all[i])
	}
	sort.Slice(before, func(i, j int) bool {
		if !before[i].At.Equal(before[j].At) {
			return before[i].At.Before(before[j].At)
		}
		return place(before[i]) < place(before[j])
	})
	t.Changes = append(before, t.Changes...)
	if until.IsZero() {
		t.End = since
		if n := len(t.Changes); n > 0 && t.Changes[n-1].At.After(since) {
			t.End = t.Changes[n-1].At
		}
	}
	return t
}

// place is what an object is called, whichever of the same name it is.
func place(c snapshot.Change) string {
	kind := c.Resource
	if c.Object != nil {
		if k, ok := snapshot.KindOf(c.Object.GroupVersionKind()); ok {
			kind = k.Resource
		}
	}
	return kind + "/" + c.Namespace + "/" + c.Name
}

// whole says whether a change holds the object itself, and not a view of a part of it, such as a
// Scale, a Binding or its metadata alone.
func whole(c snapshot.Change) bool {
	if c.Object != nil && c.Object.GetKind() == "PartialObjectMetadata" {
		return false
	}
	return c.Subresource == "" || c.Subresource == "status" || c.Subresource == "ephemeralcontainers" || c.Subresource == "resize"
}

// Merge makes one timeline of several. A write that the audit log and a watch both saw counts once,
// as the audit log has it, which knows who did it. The result begins with the earliest and ends
// with the latest of them.
func Merge(timelines ...*snapshot.Timeline) *snapshot.Timeline {
	merged := &snapshot.Timeline{}
	audited := map[string]bool{}
	for _, t := range timelines {
		if t == nil {
			continue
		}
		if merged.Start.IsZero() || t.Start.Before(merged.Start) {
			merged.Start = t.Start
		}
		if t.End.After(merged.End) {
			merged.End = t.End
		}
		for _, c := range t.Changes {
			if c.Source == snapshot.FromAudit {
				audited[write(c)] = true
			}
		}
	}
	seen := map[string]bool{}
	for _, t := range timelines {
		if t == nil {
			continue
		}
		for _, c := range t.Changes {
			id := write(c)
			if id != "" && c.Source == snapshot.FromWatch && (audited[id] || seen[id]) {
				continue
			}
			seen[id] = true
			merged.Changes = append(merged.Changes, c)
		}
	}
	snapshot.SortChanges(merged.Changes)
	return merged
}

// write names one write to one object; empty when the change does not tell.
func write(c snapshot.Change) string {
	if c.Object == nil || c.Object.GetUID() == "" {
		return ""
	}
	if c.Type == snapshot.Deleted {
		return string(c.Object.GetUID()) + "/deleted"
	}
	return string(c.Object.GetUID()) + "/" + c.Object.GetResourceVersion()
}
