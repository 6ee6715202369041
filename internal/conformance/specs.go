package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// spec is one test of the suite.
type spec struct {
	Name string
	// Serial specs disturb others, and have a cluster to themselves while they run.
	Serial bool
	// Expected is how long it took when that was last recorded; 0 when it never was.
	Expected time.Duration
	// Alone has it share no process with others, as when the process it was in ended too early.
	Alone bool
}

const conformance = "[Conformance]"

// listAll asks the suite for its specs.
func listAll(ctx context.Context, suite string) ([]spec, error) {
	out, err := output(ctx, suite, "--list-tests")
	if err != nil {
		return nil, fmt.Errorf("list the suite's specs: %w\n%s", err, out)
	}
	return parseList(string(out)), nil
}

func marked(s spec) bool { return strings.Contains(s.Name, conformance) }

// listOthers asks the suite for those of its specs that are not conformance specs.
func listOthers(ctx context.Context, suite string) ([]spec, error) {
	specs, err := listAll(ctx, suite)
	return slices.DeleteFunc(specs, marked), err
}

// list asks the suite for its conformance specs.
func list(ctx context.Context, suite string) ([]spec, error) {
	specs, err := listAll(ctx, suite)
	if err != nil {
		return nil, err
	}
	specs = slices.DeleteFunc(specs, func(s spec) bool { return !marked(s) })
	documented, err := output(ctx, suite, "--list-conformance-tests")
	if err != nil {
		return nil, fmt.Errorf("list Kubernetes' conformance tests: %w\n%s", err, documented)
	}
	// Kubernetes keeps a list of its own, which is checked against its sources; ours must be as long.
	if n := len(testname.FindAll(documented, -1)); n != len(specs) {
		return nil, fmt.Errorf("list the suite's specs: found %d marked %s, Kubernetes' own list has %d", len(specs), conformance, n)
	}
	return specs, nil
}

// testname begins an entry of --list-conformance-tests.
var testname = regexp.MustCompile(`(?m)^- testname:`)

// listed is a line of --list-tests: the place in the source, then the name.
var listed = regexp.MustCompile(`^\s+\S+:\d+: (.*)$`)

func parseList(out string) []spec {
	var specs []spec
	for line := range strings.Lines(out) {
		m := listed.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		name := m[1]
		specs = append(specs, spec{Name: name, Serial: strings.Contains(name, "[Serial]") || strings.Contains(name, "[Disruptive]")})
	}
	return specs
}

// sig is the special interest group that owns a spec, as in "[sig-node] Pods ...".
func (s spec) sig() string {
	group, _, ok := strings.Cut(strings.TrimPrefix(s.Name, "["), "]")
	if !ok {
		return "unknown"
	}
	return strings.TrimPrefix(group, "sig-")
}

// focus is a regular expression that matches these specs and no others. The suite's own name stands
// before that of a spec, which so is matched as a whole.
func focus(specs []spec) string {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = regexp.QuoteMeta(s.Name)
	}
	return "^Kubernetes e2e suite (" + strings.Join(names, "|") + ")$"
}
