//go:build unix

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/internal/fault"
)

// TestSlowPause stops processes for a minute, as a laptop's sleep or a machine under load does: no Pod
// is lost to a node that was taken for dead, and no node is called NotReady.
func TestSlowPause(t *testing.T) {
	slow(t)
	const pods = "-o=jsonpath={range .items[*]}{.metadata.uid} {.spec.nodeName} {.status.containerStatuses[0].restartCount}\n{end}"
	for _, who := range []string{"all", "control-plane", "worker-1"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel() // they wait
			l := newLearn(t)
			c := l.cluster()
			l.run(t, "cluster", "create", "--provider", "sandbox")
			l.run(t, "kubectl", "--", "create", "deployment", "web", "--image=nginx:1.29", "--replicas=4")
			l.run(t, "kubectl", "--", "rollout", "status", "deployment/web", "--timeout=90s")
			before := l.run(t, "kubectl", "--", "get", "pods", pods)
			var pids []int
			for _, p := range fault.Processes(c.Dir()) {
				if who == "all" || !p.Container() && p.Args[2] == who {
					pids = append(pids, p.PID)
				}
			}
			if len(pids) == 0 {
				t.Fatal("no process was found")
			}
			for _, pid := range pids {
				if err := fault.Pause(pid); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute) // what this test is about
			for _, pid := range pids {
				if err := fault.Resume(pid); err != nil {
					t.Fatal(err)
				}
			}
			// A false verdict would come within 5 s, and take the Pods 3 s later.
			time.Sleep(15 * time.Second)
			if after := l.run(t, "kubectl", "--", "get", "pods", pods); after != before {
				t.Errorf("Pods before:\n%safter:\n%s", before, after)
			}
			if out := l.run(t, "kubectl", "--", "get", "events", "-A", "--field-selector=reason=NodeNotReady"); strings.Contains(out, "NodeNotReady") {
				t.Errorf("a node was called not ready:\n%s", out)
			}
			l.run(t, "cluster", "status")
		})
	}
}

// TestPausedIsTold has a command find a control plane that somebody stopped, and say so.
func TestPausedIsTold(t *testing.T) {
	t.Parallel()
	l := newLearn(t)
	c := l.cluster()
	l.run(t, "cluster", "create", "--provider", "sandbox", "--nodes", "1")
	pid, err := c.PID("worker-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := fault.Pause(pid); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fault.Resume(pid) }()
	// The node is Ready to the cluster, for it is not taken for dead.
	out := unwrapped(l.run(t, "cluster", "status"))
	if !strings.Contains(out, "kill -CONT") || !strings.Contains(out, "worker-1 is paused") {
		t.Errorf("status does not tell that the process is paused:\n%s", out)
	}
	if out := l.run(t, "cluster", "status", "-o", `jsonpath={.processes[?(@.name=="worker-1")].paused}`); !strings.HasSuffix(out, "\ntrue") {
		t.Errorf("-o json says paused: %q", out)
	}
}

// cluster is the program's cluster, for faults.
func (l learn) cluster() fault.Cluster {
	return fault.Cluster{Program: l.bin, Home: l.home, Name: "learn"}
}
