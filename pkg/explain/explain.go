// Package explain draws conclusions from what was seen of a cluster: who owns whom, what caused
// what, why something is not well, how it healed. It is pure: a Snapshot and a Timeline in, plain
// data out. Package observe does the looking, package render the showing.
package explain

import (
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// The kinds of explanation, as a lesson names them.
const (
	KindTimeline  = "timeline"
	KindTree      = "tree"
	KindOwners    = "owners"
	KindPlacement = "placement"
	KindWhy       = "why"
	KindMap       = "map"
)

// ErrNoTarget says that nothing of the target was seen, neither now nor in the timeline.
var ErrNoTarget = errors.New("nothing of that name was seen")

// Kinds lists the kinds of explanation.
func Kinds() []string {
	return []string{KindTimeline, KindTree, KindOwners, KindPlacement, KindWhy, KindMap}
}

// Explanation is one answer. Of Story, Tree, Placement, Diagnosis, Map and Object exactly one is set.
type Explanation struct {
	Kind      string    `json:"kind"`
	Target    string    `json:"target,omitempty"`
	Namespace string    `json:"namespace,omitempty"`
	At        time.Time `json:"at"`

	Story     *Story     `json:"story,omitempty"`
	Tree      *Tree      `json:"tree,omitempty"`
	Placement *Placement `json:"placement,omitempty"`
	Diagnosis *Diagnosis `json:"diagnosis,omitempty"`
	Map       *Map       `json:"map,omitempty"`
	Object    *Object    `json:"object,omitempty"`

	// Unread says, for each resource that could not be read, why; what hangs on it is then not known.
	Unread map[string]string `json:"unread,omitempty"`
}

// Explain answers one kind of question about target. The zero Query means the whole snapshot where
// the kind allows that (tree, placement, map). A nil timeline is an empty one.
func Explain(kind string, target snapshot.Query, now *snapshot.Snapshot, tl *snapshot.Timeline) (*Explanation, error) {
	e := &Explanation{
		Kind: kind, Target: target.String(), Namespace: now.Namespace, At: now.At, Unread: now.Errors,
	}
	var err error
	switch kind {
	case KindTimeline:
		e.Story, err = Timeline(target, now, tl)
	case KindTree:
		e.Tree, err = OwnershipTree(target, now)
	case KindOwners:
		e.Tree, err = Owners(target, now)
	case KindPlacement:
		e.Placement, err = Place(target, now)
	case KindWhy:
		e.Diagnosis, err = Why(target, now)
	case KindMap:
		e.Map = Draw(now)
	default:
		return nil, fmt.Errorf("explain %s: no such kind of explanation %q", target.String(), kind)
	}
	if err != nil {
		return nil, fmt.Errorf("explain %s %s: %w", kind, target.String(), err)
	}
	return e, nil
}
