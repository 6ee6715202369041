package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/realness"
)

const inMemory = `
apiVersion: v1
kind: Pod
metadata: {name: memory}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: busybox:1.37
    command: [sh, -c, "echo kept > /memory/file; sleep 1d"]
    volumeMounts: [{name: memory, mountPath: /memory}]
  volumes:
  - {name: memory, emptyDir: {medium: Memory, sizeLimit: 4Mi}}
`

// TestVolumesInMemory looks at a volume in memory from outside: where nodes have mounts of their own, nobody else sees
// its files, and it has a size; where they have none it is a folder. What `cluster status` says is so.
func TestVolumesInMemory(t *testing.T) {
	t.Parallel()
	if provider() == "kind" {
		t.Skip("kind's nodes mount as any node does")
	}
	t.Run("as the system has it", func(t *testing.T) { volumesInMemory(t, newLearn(t)) })
	t.Run("without namespaces", func(t *testing.T) {
		l := newLearn(t)
		l.env = []string{"KUBECTL_LEARN_NAMESPACES=off"}
		if volumesInMemory(t, l) {
			t.Error("they are real although namespaces were forbidden")
		}
	})
}

func volumesInMemory(t *testing.T, l learn) (inMounts bool) {
	s := space{l, "default"}
	s.run(t, "cluster", "create")
	s.apply(t, inMemory)
	s.waitReady(t, "pod/memory")
	eventually(t, "the file that the container writes", func() bool {
		_, err := s.try("exec", "memory", "--", "cat", "/memory/file")
		return err == nil
	})
	var status cluster.Status
	if err := json.Unmarshal([]byte(s.run(t, "cluster", "status", "-o", "json")), &status); err != nil {
		t.Fatal(err)
	}
	for _, p := range status.Parts {
		inMounts = inMounts || p.Name == realness.MemoryVolumes && p.Realness == cluster.Real
	}
	seen, err := filepath.Glob(filepath.Join(s.home, "clusters", "*", "k", "*", "pods", "*", "volumes", "kubernetes.io~empty-dir", "memory"))
	if err != nil || len(seen) != 1 {
		t.Fatalf("the volumes' folders are %q (%v)", seen, err)
	}
	entries, err := os.ReadDir(seen[0])
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.try("exec", "memory", "--", "dd", "if=/dev/zero", "of=/memory/large", "bs=1M", "count=6")
	full := strings.Contains(out, "No space left on device")
	if inMounts != (len(entries) == 0) || inMounts != full {
		t.Errorf("nodes mount: %t; from outside the volume has %d files; 6 MB in 4 gave %v\n%s", inMounts, len(entries), err, out)
	}
	if out := s.kubectl(t, "exec", "memory", "--", "cat", "/memory/file"); out != "kept\n" {
		t.Errorf("the file in memory has %q", out)
	}
	if rights := rightsOf(t, status, "default/memory/main"); os.Geteuid() != 0 && strings.Trim(rights, "0") != "" {
		t.Errorf("the container has its node's rights: %s", rights)
	}
	s.kubectl(t, "delete", "pod", "memory")
	if mounted, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounted), s.home) {
		t.Errorf("the machine has mounts of the cluster's (%v):\n%s", err, mounted)
	}
	return inMounts
}

// rightsOf are the effective capabilities of a container's process, in hexadecimal.
func rightsOf(t *testing.T, status cluster.Status, name string) string {
	t.Helper()
	for _, p := range status.Processes {
		if p.Name != name {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\nCapEff:\t")
		rights, _, _ := strings.Cut(rest, "\n")
		return rights
	}
	t.Fatalf("no process is %s: %v", name, status.Processes)
	return ""
}
