package check

import (
	"slices"
	"time"
)

// Verdict is the answer of one check.
type Verdict string

const (
	// Pass: what the step asks for is so.
	Pass Verdict = "pass"
	// NotYet: it is not so, and nothing that is under way will make it so.
	NotYet Verdict = "not yet"
	// Converging: it is not so yet, and the cluster is on its way there.
	Converging Verdict = "converging"
	// CantTell: the cluster could not be asked, or the check itself broke. Never the learner's fault.
	CantTell Verdict = "can't tell"
)

// Report is the answer to all checks of a step at one moment.
type Report struct {
	At      time.Time `json:"at"`
	Results []Result  `json:"results"`
}

// Result is the answer to one check.
type Result struct {
	That    string  `json:"that"`
	Verdict Verdict `json:"verdict"`
	// Expected is what the check wants, in words.
	Expected string `json:"expected"`
	// Actual is what was found, in words; empty when it could not be read.
	Actual string `json:"actual,omitempty"`
	// Why is the reason: for NotYet what stands in the way, for Converging what the cluster is still doing,
	// for CantTell the API's own error. Empty for Pass.
	Why string `json:"why,omitempty"`
	// Look is a kubectl command that shows more. Empty for Pass.
	Look string `json:"look,omitempty"`
	// Evidence is what the answer rests on, a line each, as kubectl would show it.
	Evidence []string `json:"evidence,omitempty"`
	// On is the query that the check looks at.
	On string `json:"on"`
	// Otherwise is the index of the check's `otherwise` whose text is Why; -1 when it is none of them.
	Otherwise int `json:"otherwise"`
	// Unexplained says that the objects give no reason, and Why says just that. It may be so for a moment only: a
	// program that has started and is about to fail looks like one that is well.
	Unexplained bool `json:"unexplained,omitempty"`
	// Within is how long the cluster may take from the learner's act until this passes.
	Within time.Duration `json:"within"`
}

// Passed says that every check passed. A report without results passed: a step may have no checks.
func (r Report) Passed() bool {
	for _, result := range r.Results {
		if result.Verdict != Pass {
			return false
		}
	}
	return true
}

// Differs says that some check is answered otherwise in another report of the same step. Words that differ
// alone, such as how long ago something was, are the same answer.
func (r Report) Differs(other Report) bool {
	return !slices.EqualFunc(r.Results, other.Results, func(a, b Result) bool {
		return a.That == b.That && a.Verdict == b.Verdict && a.Otherwise == b.Otherwise
	})
}

// Settled says that no check is converging: waiting alone changes nothing.
func (r Report) Settled() bool {
	for _, result := range r.Results {
		if result.Verdict == Converging {
			return false
		}
	}
	return true
}
