//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestHealIsBrokenOff has somebody lose patience: that is said, and how things stood.
func TestHealIsBrokenOff(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, strings.NewReplacer("replicas: 3", "replicas: 1", "periodSeconds: 1", "initialDelaySeconds: 8").Replace(web))
	s.rollout(t, "web")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := s.command(ctx, "heal", "-n", s.name, "deployment/web", "--kill", "pod", "--no-requests", "--yes")
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
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
