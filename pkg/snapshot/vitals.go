package snapshot

import "time"

// Vitals is what the parts that run a cluster were seen to do: what an explanation of the control plane is made
// of. Each of them tells of itself in another way, so that most fields are empty on most clusters.
type Vitals struct {
	// At is when it was seen, by the API server's clock where that is known.
	At time.Time `json:"at"`
	// Version is the API server's, for example v1.37.2.
	Version string `json:"version,omitempty"`
	// Ready is what the API server says of itself; nil where it did not answer.
	Ready *Readiness `json:"ready,omitempty"`
	// System holds Leases and Pods of the namespace kube-system.
	System *Snapshot `json:"system,omitempty"`
	// Reported is what whoever made the cluster knows of its parts; empty for most clusters.
	Reported []Reported `json:"reported,omitempty"`
	// Errors says what could not be read, and why.
	Errors map[string]string `json:"errors,omitempty"`
}

// Readiness is an API server's answer to /readyz?verbose.
type Readiness struct {
	OK   bool          `json:"ok"`
	Took time.Duration `json:"took"`
	// Checks are the single ones, by name, for example etcd.
	Checks map[string]bool `json:"checks,omitempty"`
}

// Reported is how one part is, as the maker of a cluster knows it.
type Reported struct {
	Name     string `json:"name"`
	Healthy  bool   `json:"healthy"`
	Evidence string `json:"evidence"`
}
