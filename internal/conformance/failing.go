package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/realness"
)

// excuse is why a spec fails on the sandbox, and will go on failing.
type excuse struct {
	spec   *regexp.Regexp
	reason string
}

// excuses are the specs that fail, each with its reason. Any other failure is a defect.
func excuses() []excuse { return nil }

// excused returns why a spec fails, or "".
func excused(name string) string {
	for _, e := range excuses() {
		if e.spec.MatchString(name) {
			return e.reason
		}
	}
	return ""
}

// judge fails when a spec failed that should not have, or passed that should not have.
func judge(results []result) error {
	var bad []error
	for _, r := range results {
		reason := excused(r.Spec)
		switch {
		case r.Verdict == failed && reason == "":
			bad = append(bad, fmt.Errorf("failed: %s: %s", r.Spec, r.Reason))
		case r.Verdict == passed && reason != "":
			bad = append(bad, fmt.Errorf("passed: %s: take its excuse out of internal/conformance/failing.go: %s", r.Spec, reason))
		}
	}
	return errors.Join(bad...)
}

// stale names what is said of specs that the suite does not have.
func stale(specs []spec) error {
	matched := func(r *regexp.Regexp) bool {
		for _, s := range specs {
			if r.MatchString(s.Name) {
				return true
			}
		}
		return false
	}
	var bad []error
	for _, p := range realness.Parts() {
		for _, e := range p.Emulations {
			for _, r := range e.Specs {
				if !matched(r) {
					bad = append(bad, fmt.Errorf("pkg/sandbox/realness: %s: no spec matches %s", e.What, r))
				}
			}
		}
	}
	for _, e := range excuses() {
		if !matched(e.spec) {
			bad = append(bad, fmt.Errorf("internal/conformance/failing.go: no spec matches %s", e.spec))
		}
	}
	return errors.Join(bad...)
}
