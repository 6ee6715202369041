package main

import (
	"runtime"
	"testing"
)

func TestTally(t *testing.T) {
	if got := tally(map[string]int{"a": 1, "b": 7}, "none"); got != "7 times: b; 1 times: a" {
		t.Errorf("tally = %q", got)
	}
	if got := tally(nil, "none"); got != "none" {
		t.Errorf("tally of nothing = %q", got)
	}
}

func TestAvailable(t *testing.T) {
	if bytes, known := available(); runtime.GOOS == "linux" && (!known || bytes < 1<<20 || bytes > 1<<50) {
		t.Errorf("available = %d, %v", bytes, known)
	}
}
