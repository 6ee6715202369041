package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/internal/fault"
)

func TestPrintFigures(t *testing.T) {
	f := fault.Figures{Rounds: 3, Killed: map[string]int{"a worker": 2, "a container": 1}, Acknowledged: 12, Refused: 4, Silent: 1500 * time.Millisecond}
	f.Whole = []time.Duration{6 * time.Second, time.Second, 2 * time.Second}
	var out bytes.Buffer
	printFigures(&out, f)
	for _, want := range []string{
		"| rounds | 3: a container 1; a worker 2 |",
		"| acknowledged writes, of them lost | 12, 0 |",
		"| 4; 1.5 s |",
		"| 2.00 s, 6.00 s, 6.00 s |",
		"| of these within 5 s | 2 of 3 |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
