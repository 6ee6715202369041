package explain

// Diagnosis is why something is not well.
type Diagnosis struct {
	// Headline is the state in one line: "deployment/shop: 0 of 2 Pods ready".
	Headline string    `json:"headline"`
	Health   Health    `json:"health"`
	Problems []Problem `json:"problems,omitempty"`
	// Rest is a sentence on what was looked at besides.
	Rest string `json:"rest,omitempty"`
}

// Problem is one cause with what it brings about.
type Problem struct {
	// Code is a stable name: ImagePull, CrashLoop, Unschedulable, ProbeFailing, SelectorMismatch,
	// NoEndpoints, Quota, NodeDown, ConfigMissing, VolumeNotReady, Starting, Terminating, Gone.
	Code string `json:"code"`
	// Title says the problem as a sentence: symptom and cause.
	Title string `json:"title"`
	// Waiting is true where nothing is wrong and the cluster is on its way.
	Waiting bool `json:"waiting,omitempty"`
	// Chain leads from what is seen to what causes it.
	Chain []Link `json:"chain,omitempty"`
	// Advice says what it means, in a sentence or two.
	Advice string `json:"advice,omitempty"`
	// Look and Try are whole kubectl commands: the first only read, the second change something.
	Look []string `json:"look,omitempty"`
	Try  []string `json:"try,omitempty"`
	// Back undoes the change that caused it.
	Back []string `json:"back,omitempty"`
	// Objects are kind/name of what has this problem, sorted.
	Objects []string `json:"objects,omitempty"`
}

// Link is one claim with its evidence.
type Link struct {
	Claim    string `json:"claim"`
	Evidence string `json:"evidence,omitempty"`
}
