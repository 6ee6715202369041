package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestNodes adds, stops, starts and removes nodes under running Pods.
func TestNodes(t *testing.T) {
	s := newSpace(t)
	s.apply(t, web)
	s.rollout(t, "web")

	s.run(t, "cluster", "node", "add", "worker-3")
	s.kubectl(t, "wait", "--for=condition=Ready", "node/worker-3", "--timeout=30s")
	s.kubectl(t, "scale", "deployment/web", "--replicas=6")
	s.rollout(t, "web")
	if n := s.podsOn(t, "worker-3"); n == 0 {
		t.Error("no Pod came to the new node")
	}

	// The node dies: its Pods move, and nobody loses one.
	s.run(t, "cluster", "node", "stop", "worker-3")
	within(t, 30*time.Second, "six Pods ready on the other nodes", func() bool {
		out, _ := s.try("get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}")
		return out == "6" && s.runningOn("worker-3") == 0
	})
	if out := s.fails(t, 1, "cluster", "status"); !strings.Contains(out, "worker-3") {
		t.Errorf("status does not tell of the stopped node:\n%s", out)
	}
	// A node that was stopped on purpose is not mended.
	if out := s.kubectl(t, "get", "node", "worker-3"); !strings.Contains(out, "NotReady") {
		t.Errorf("the stopped node came back by itself:\n%s", out)
	}

	s.run(t, "cluster", "node", "start", "worker-3")
	s.kubectl(t, "wait", "--for=condition=Ready", "node/worker-3", "--timeout=30s")
	s.kubectl(t, "rollout", "restart", "deployment/web")
	s.rollout(t, "web")

	s.kubectl(t, "drain", "worker-3", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")
	if n := s.podsOn(t, "worker-3"); n != 0 {
		t.Errorf("%d Pods are left on the drained node", n)
	}
	s.run(t, "cluster", "node", "remove", "worker-3")
	if out, err := s.try("get", "node", "worker-3"); err == nil {
		t.Errorf("the removed node is still there:\n%s", out)
	}
	s.rollout(t, "web")
	s.fails(t, 2, "cluster", "node", "stop", "worker-9")
}

func (s space) podsOn(t *testing.T, node string) int {
	t.Helper()
	return len(strings.Fields(s.kubectl(t, "get", "pods", "-l", "app=web", "--field-selector=spec.nodeName="+node, "-o", "name")))
}

func (s space) runningOn(node string) int {
	out, _ := s.try("get", "pods", "-l", "app=web", "--field-selector=spec.nodeName="+node, "-o", "go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}")
	return len(strings.Fields(out))
}
