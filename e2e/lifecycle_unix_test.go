//go:build unix

package e2e

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/internal/fault"
)

// TestStopAndStart brings everything back, and a second cluster beside it has a state of its own.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	l := newLearn(t)
	l.run(t, "cluster", "create", "--provider", "sandbox", "--name", "one", "--nodes", "1")
	l.run(t, "--name", "one", "kubectl", "--", "create", "deployment", "web", "--image=nginx:1.29")
	l.run(t, "--name", "one", "kubectl", "--", "rollout", "status", "deployment/web", "--timeout=60s")
	l.run(t, "cluster", "create", "--provider", "sandbox", "--name", "two", "--nodes", "1")
	if out := l.run(t, "--name", "two", "kubectl", "--", "get", "deployments"); strings.Contains(out, "web") {
		t.Errorf("cluster two has what was made in cluster one:\n%s", out)
	}
	if out := l.run(t, "cluster", "list"); !strings.Contains(out, "one") || !strings.Contains(out, "two") {
		t.Errorf("list does not name both clusters:\n%s", out)
	}
	l.run(t, "cluster", "stop", "--name", "one")
	for _, p := range processes(l.home) {
		if strings.Contains(p, filepath.Join("clusters", "one")) {
			t.Errorf("still running after stop: %s", p)
		}
	}
	// Who looks does not start it again.
	for _, look := range []string{"map", "why", "trace"} {
		if out := l.fails(t, 2, "--name", "one", look); !strings.Contains(out, "cluster one is stopped") || !strings.Contains(out, "cluster start") {
			t.Errorf("%s of a stopped cluster says:\n%s", look, out)
		}
	}
	if out := l.run(t, "cluster", "list"); !strings.Contains(out, "stopped") {
		t.Errorf("it was started by looking at it:\n%s", out)
	}
	l.run(t, "cluster", "start", "--name", "one")
	l.run(t, "--name", "one", "kubectl", "--", "rollout", "status", "deployment/web", "--timeout=60s")
}

// rounds is how often each thing is killed at a random moment.
const rounds = 10

// TestSlowKillPlugin kills the command that makes a cluster, at a random moment: the next finishes it.
func TestSlowKillPlugin(t *testing.T) {
	slow(t)
	t.Parallel()
	l := newLearn(t)
	for range rounds {
		ctx, cancel := context.WithCancel(context.Background())
		cmd := l.command(ctx, "cluster", "create", "--provider", "sandbox", "--nodes", "1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		moment := rand.N(5 * time.Second)
		time.Sleep(moment) // the moment is what this test is about
		cancel()
		_ = cmd.Wait()
		if _, err := os.Stat(filepath.Join(l.home, "clusters", "learn", "cluster.json")); err == nil {
			out := l.run(t, "cluster", "status")
			t.Logf("killed after %v; status then said:\n%s", moment, firstLines(out, 4))
			l.run(t, "kubectl", "--", "wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s")
		}
		if _, err := os.Stat(filepath.Join(l.home, "clusters", "learn")); err == nil {
			l.run(t, "cluster", "delete")
		}
		if left := outlive(l.home); len(left) > 0 {
			t.Fatalf("killed after %v; left running after delete:\n%s", moment, strings.Join(left, "\n"))
		}
	}
}

// TestSlowKillParts kills the control plane and a node at random moments: the next command says so,
// mends it, and the state is kept.
func TestSlowKillParts(t *testing.T) {
	slow(t)
	t.Parallel()
	l := newLearn(t)
	l.run(t, "cluster", "create", "--provider", "sandbox")
	l.run(t, "kubectl", "--", "create", "deployment", "web", "--image=nginx:1.29", "--replicas=4")
	for _, part := range []string{"control-plane", "worker-1"} {
		for range rounds {
			time.Sleep(rand.N(3 * time.Second)) // the moment is what this test is about
			pid, err := l.cluster().PID(part)
			if err != nil {
				t.Fatal(err)
			}
			if err := fault.Kill(pid); err != nil {
				t.Fatal(err)
			}
			out := l.run(t, "cluster", "status")
			if !strings.Contains(out, part) || !strings.Contains(out, "starting it again") {
				t.Errorf("status does not say what it found:\n%s", out)
			}
			l.run(t, "kubectl", "--", "wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s")
			l.run(t, "kubectl", "--", "rollout", "status", "deployment/web", "--timeout=90s")
		}
	}
}

// TestSlowSoak is a short run of what make soak does.
func TestSlowSoak(t *testing.T) {
	slow(t)
	l := newLearn(t)
	soak := fault.Soak{Cluster: l.cluster(), Rounds: rounds, Told: t.Output(), Rand: rand.New(rand.NewPCG(rand.Uint64(), 0))}
	f, err := soak.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range f.Wrong {
		t.Error(w)
	}
	if f.Rounds != rounds || f.Acknowledged == 0 {
		t.Errorf("%d rounds with %d acknowledged writes", f.Rounds, f.Acknowledged)
	}
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(s, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}
