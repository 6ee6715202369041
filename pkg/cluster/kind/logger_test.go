package kind

import (
	"fmt"
	"strings"
	"testing"
)

// heard is a cluster.Progress that remembers.
type heard struct{ lines []string }

func (h *heard) Stage(name string) func(error) {
	h.lines = append(h.lines, name)
	return func(err error) { h.lines = append(h.lines, fmt.Sprintf("%s: %v", name, err)) }
}

func (h *heard) Note(format string, args ...any) {
	h.lines = append(h.lines, fmt.Sprintf(format, args...))
}

func TestLoggerTurnsKindsLinesIntoStages(t *testing.T) {
	var h heard
	var before []string
	l := &logger{progress: &h, before: func(stage string) { before = append(before, stage) }}
	for _, line := range []string{
		"Creating cluster \"c\" ...\n",
		" • Preparing nodes 📦 📦   ...\n", " ✓ Preparing nodes 📦 📦 \n",
		" • Writing configuration 📜  ...\n", " ✗ Writing configuration 📜\n",
	} {
		l.V(0).Infof("%s", line)
	}
	l.V(1).Info(" • a detail ...")
	l.close(nil) // kind said that it failed; there is nothing left to end
	l.V(0).Info(" • Installing CNI  ...")
	want := "a container for each node|a container for each node: <nil>|configuration|configuration: it failed"
	if got := strings.Join(h.lines, "|"); got != want {
		t.Errorf("progress is %q, want %q", got, want)
	}
	if got := strings.Join(before, "|"); got != "Preparing nodes|Writing configuration" {
		t.Errorf("the stages that were announced are %q", got)
	}
}
