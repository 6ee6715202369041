//go:build unix

package e2e

import (
	"os"
	"strings"
	"testing"
)

// TestHealIsBrokenOff has somebody lose patience: that is said, and how things stood.
func TestHealIsBrokenOff(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, strings.NewReplacer("replicas: 3", "replicas: 1", "periodSeconds: 1", "initialDelaySeconds: 8").Replace(web))
	s.rollout(t, "web")
	cmd, lines, out := s.started(t, "heal", "-n", s.name, "deployment/web", "--kill", "pod", "--no-requests", "--yes")
	for lines.Scan() {
		if strings.Contains(lines.Text(), "0 of 1 Pods ready") {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	text := unwrapped(out.String())
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(text, "It was broken off after") || !strings.Contains(text, "0 of 1 Pod was ready then.") {
		t.Errorf("it ends with %d and\n%s", code, out.String())
	}
	if strings.Contains(text, "time that was given") || strings.Contains(text, "Faster or slower") {
		t.Errorf("it says too much of what was broken off:\n%s", out.String())
	}
}
