package explain

// Tree is who owns whom, from the owner down.
type Tree struct {
	Roots []*Branch `json:"roots"`
	// Rule is what the picture shows, in a sentence.
	Rule string `json:"rule,omitempty"`
}

// Branch is one object with what it owns.
type Branch struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"uid,omitempty"`
	// Is says what such an object is for.
	Is string `json:"is,omitempty"`
	// MadeBy is who made it, as far as the object tells; "unknown" where it does not.
	MadeBy string `json:"madeBy"`
	// Evidence is how MadeBy is known.
	Evidence string `json:"evidence,omitempty"`
	// Status is how it is, in a word or two.
	Status string `json:"status,omitempty"`
	Health Health `json:"health,omitempty"`
	// Target is true for what was asked about.
	Target bool `json:"target,omitempty"`
	// Missing is true for an owner that is named by ownerReferences and was not found.
	Missing bool      `json:"missing,omitempty"`
	Owns    []*Branch `json:"owns,omitempty"`
}

// Health is how an object is, coarsely.
type Health string

const (
	Well    Health = "well"
	Unwell  Health = "unwell"
	Waiting Health = "waiting"
	Unknown Health = "unknown"
	// Idle is what does nothing by wish: a Service whose Deployment asks for no Pods.
	Idle Health = "idle"
)
