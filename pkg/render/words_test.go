package render

import (
	"slices"
	"testing"
)

// A number and its unit stand on one line; what only looks like a unit is a word.
func TestANumberKeepsItsUnit(t *testing.T) {
	for text, want := range map[string][]string{
		"the slowest took 723 ms":       {"the slowest took", "723 ms"},
		"six times, last 2 s ago, then": {"six times, last", "2 s ago, then"},
		"Pod web and s and what follow": {"Pod web and s and", "what follow"},
	} {
		if got := wrap(text, 18); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
