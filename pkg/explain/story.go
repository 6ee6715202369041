package explain

import (
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// FromFault marks a change that is not a write to the API: something was done to the cluster from
// outside (a node stopped, a process killed), and whoever did it kept the moment. See Fault.
const FromFault snapshot.Source = "fault"

// Fault is the record of something done to the cluster from outside the API, by a lesson; set its
// User to "learner" where the learner did it. Kind is kill-container, stop-node, start-node or load; resource
// and name say to what (pods and its name, nodes and its name). Timelines begin with it where it
// concerns their target.
func Fault(at time.Time, kind, resource, namespace, name string) snapshot.Change {
	return snapshot.Change{
		At: at, Source: FromFault, Verb: kind, User: lesson,
		Resource: resource, Namespace: namespace, Name: name,
	}
}

// Story is what happened to a target, in order.
type Story struct {
	// Intro is one sentence to read before the rows.
	Intro string `json:"intro"`
	// Zero is the moment that offsets count from: the first act on the target that was recorded.
	Zero time.Time `json:"zero"`
	Rows []Row     `json:"rows"`
	// Elided is how many moves the rows leave out; the row that stands for them says so.
	Elided int     `json:"elided,omitempty"`
	Series *Series `json:"series,omitempty"`
	// Outcome says how it ended.
	Outcome Outcome `json:"outcome"`
	// HealedMS is the time from Zero until the target was whole again; set where Outcome is Healed or Reached.
	HealedMS int64 `json:"healedMS,omitempty"`
	// Summary is the outcome as a sentence or two.
	Summary string `json:"summary"`
	// Gone and Came are the Pods that ended and that were made, with what tells them apart.
	Gone []Identity `json:"gone,omitempty"`
	Came []Identity `json:"came,omitempty"`
	// Times says where the times come from.
	Times string `json:"times"`
}

// Outcome is how a story ended.
type Outcome string

const (
	// Healed: fewer were ready than wanted, and now as many are as wanted all along.
	Healed Outcome = "healed"
	// Reached: what is wanted was changed, and as many are ready as that.
	Reached Outcome = "reached"
	// Under: fewer are ready than wanted.
	Under Outcome = "under way"
	// Gone: the target is gone and nothing brings it back.
	Gone Outcome = "gone"
	// Steady: as many were ready as wanted the whole time.
	Steady Outcome = "steady"
	// Untold: the target has no number that is wanted.
	Untold Outcome = "untold"
)

// Row is one move of one actor.
type Row struct {
	// OffsetMS is the time since the story's Zero, in milliseconds; negative for what led to it.
	OffsetMS int64 `json:"offsetMS"`
	// UntilMS is the offset of the last of the moves that this row stands for, where it stands for several.
	UntilMS int64 `json:"untilMS,omitempty"`
	// Actor is who did it in a learner's words: you, ReplicaSet, scheduler, kubelet.
	Actor string `json:"actor"`
	// What is what the actor did, as a clause that reads on from the actor.
	What string `json:"what"`
	// Evidence is where this can be seen.
	Evidence string `json:"evidence,omitempty"`
	// Objects are the full names of objects in What, which a narrow screen may shorten.
	Objects []string `json:"objects,omitempty"`
	// Moves is how many moves this row stands for.
	Moves int `json:"moves"`
	// Source is where the time comes from.
	Source snapshot.Source `json:"source,omitempty"`
}

// Series is the number of Pods that was wanted and the number that was ready over time, each point
// holding until the next.
type Series struct {
	Wanted []Point `json:"wanted,omitempty"`
	Ready  []Point `json:"ready"`
	// EndMS is where the series end.
	EndMS int64 `json:"endMS"`
}

// Point is a value from an offset on.
type Point struct {
	OffsetMS int64 `json:"offsetMS"`
	N        int   `json:"pods"`
}

// Identity is what tells one Pod from another of the same kind.
type Identity struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
	Node string `json:"node,omitempty"`
	// State is the last thing known of it, in a word.
	State string `json:"state"`
}
