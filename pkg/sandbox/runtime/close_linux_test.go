package runtime_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// processes are those of containers of the node: the path of their description is their argument.
func (n *node) processes() (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range all {
		if line, err := os.ReadFile(file); err == nil && bytes.Contains(line, []byte(n.dir)) {
			found = append(found, filepath.Base(filepath.Dir(file))+" "+string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
	}
	return found
}

func TestCloseLeavesNoProcess(t *testing.T) {
	n := newNode(t)
	deaf := n.runPod("deaf").shell("trap '' TERM; (while :; do sleep 1; done) & echo ready; while :; do sleep 1; done")
	n.runPod("web").create("nginx:1.29").begin()
	deaf.eventually("the script has begun", func() bool { return strings.Contains(deaf.log(), "ready") })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _, _ = deaf.ExecSync(context.Background(), deaf.id, []string{"sh", "-c", "echo 1 >/tmp/begun; sleep 3600"}, 0)
	}()
	deaf.eventually("an exec has begun", func() bool {
		_, _, err := deaf.ExecSync(t.Context(), deaf.id, []string{"cat", "/tmp/begun"}, time.Minute)
		return err == nil
	})
	if found := n.processes(); len(found) < 3 {
		t.Fatalf("two containers and an exec are %d processes: %v", len(found), found)
	}
	for _, p := range n.processes() {
		pid, _, _ := strings.Cut(p, " ")
		if env, err := os.ReadFile(filepath.Join("/proc", pid, "environ")); err != nil || len(env) > 0 {
			t.Errorf("process %s has an environment of %d bytes from its node, %v", p, len(env), err)
		}
	}
	if err := n.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-ended
	n.eventually("no process is left", func() bool { return len(n.processes()) == 0 })
	n.start() // what the cleanup closes
}

// A node that comes back after a power failure knows nothing of what ran, and nothing runs.
func TestANewRuntimeBeginsClean(t *testing.T) {
	n := newNode(t)
	p := n.runPod("p")
	p.shell("sleep 3600")
	ip := p.ip()
	if err := n.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.start()
	if pods, err := n.ListPodSandbox(t.Context(), nil); err != nil || len(pods) > 0 {
		t.Errorf("Pods: %v, %v", pods, err)
	}
	if list, err := n.ListContainers(t.Context(), nil); err != nil || len(list) > 0 {
		t.Errorf("containers: %v, %v", list, err)
	}
	if left, _ := filepath.Glob(filepath.Join(n.dir, "c", "*")); len(left) > 0 {
		t.Errorf("files: %v", left)
	}
	if conn, err := n.network.DialPod(t.Context(), ip, 80); err == nil {
		_ = conn.Close()
		t.Error("the old Pod's address answers")
	}
	if s := n.runPod("q").shell("exit 0").ended(); s.GetExitCode() != 0 {
		t.Errorf("a new container: %v", s)
	}
}
