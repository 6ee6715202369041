//go:build unix

package e2e

import (
	"bufio"
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMapWatch follows Pods as they come, and the loss of one.
func TestMapWatch(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, stall)
	s.rollout(t, "web")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := s.command(ctx, "map", "--watch", "-n", s.name)
	_, out := startPiped(t, cmd)
	lines := bufio.NewScanner(out)
	sees := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("it ended (%v) without %q", lines.Err(), want)
	}
	sees("2 of 2 Pods answer")
	s.kubectl(t, "scale", "deployment", "web", "--replicas=4")
	sees("4 of 4 Pods answer")
	s.kubectl(t, "delete", "pod", "typo", "--wait=false")
	s.kubectl(t, "scale", "deployment", "web", "--replicas=1")
	sees("1 of 1 Pod answers")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what is on its way
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("Ctrl-C ends it with %v", err)
	}
}
