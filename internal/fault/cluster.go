// Package fault ends and pauses the processes of a sandbox cluster as accidents do, and finds what is
// left of them. It has what the tests in e2e and the soak (internal/soak) have in common; which
// faults there are to be, and what must hold after them, those say themselves. It needs /proc.
package fault

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Cluster is the program under test with a home of its own, and one sandbox cluster in it.
type Cluster struct{ Program, Home, Name string }

// Dir is the cluster's folder.
func (c Cluster) Dir() string { return filepath.Join(c.Home, "clusters", c.Name) }

// Kubeconfig is the learner's.
func (c Cluster) Kubeconfig() string { return filepath.Join(c.Dir(), "kubeconfig") }

// Command is the program on this cluster.
func (c Cluster) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Program, args...)
	cmd.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+c.Home, "KUBECTL_LEARN_CLUSTER="+c.Name,
		"KUBECTL_LEARN_PROVIDER=sandbox", "NO_COLOR=1", "LC_ALL=C.UTF-8", "KUBECONFIG="+filepath.Join(c.Home, "no-such-file"))
	cmd.WaitDelay = time.Second
	return cmd
}

// Run runs the program and returns what it printed; the error has it, too.
func (c Cluster) Run(ctx context.Context, args ...string) (string, error) {
	out, err := c.Command(ctx, args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("kubectl-learn %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// Parts are the names of the cluster's parts: the control plane and each worker.
func (c Cluster) Parts() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(c.Dir(), "run", "*.lock"))
	if err != nil {
		return nil, err
	}
	var parts []string
	for _, f := range found {
		parts = append(parts, strings.TrimSuffix(filepath.Base(f), ".lock"))
	}
	return parts, nil
}

// PID is the process of a part. It is that of an earlier run where the part has ended.
func (c Cluster) PID(part string) (int, error) {
	b, err := os.ReadFile(filepath.Join(c.Dir(), "run", part))
	if err != nil {
		return 0, fmt.Errorf("find process of %s: %w", part, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("find process of %s: %w", part, err)
	}
	return pid, nil
}

// goneWithin is how long a container may outlive its node, and all that its cluster had the cluster.
const goneWithin = 5 * time.Second

// Lasting is what look finds and finds still when what ends by itself, once it notices that what it belongs to is
// gone, has had the time for that.
func Lasting[T any](ctx context.Context, look func() []T) (left []T) {
	_ = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, goneWithin, true, func(context.Context) (bool, error) {
		left = look()
		return len(left) == 0, nil
	})
	return left
}

// Process is one that has a folder in its command line.
type Process struct {
	PID, Parent int
	Args        []string
}

// String is the process as ps shows it.
func (p Process) String() string { return fmt.Sprintf("%d %s", p.PID, strings.Join(p.Args, " ")) }

// Container says that the process is a container's.
func (p Process) Container() bool {
	return len(p.Args) > 1 && strings.HasSuffix(p.Args[1], ".json")
}

// Processes are all that have a folder in their command line, but for zombies.
func Processes(folder string) (found []Process) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		b, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !bytes.Contains(b, []byte(folder)) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if pid == os.Getpid() {
			continue
		}
		args := strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
		found = append(found, Process{pid, parent(dir), args})
	}
	return found
}

// parent is the process ID of a process's parent; 0 when it has ended.
func parent(dir string) int {
	b, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return 0
	}
	// The name, in brackets, may have blanks in it.
	_, rest, _ := strings.Cut(string(b[bytes.LastIndexByte(b, ')'):]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	pid, _ := strconv.Atoi(fields[1])
	return pid
}

// Orphans are containers' processes that no node of the cluster holds any more.
func (c Cluster) Orphans() (orphans []Process) {
	all := Processes(c.Dir())
	held := func(pid int) bool { return slices.ContainsFunc(all, func(p Process) bool { return p.PID == pid }) }
	for _, p := range all {
		if p.Container() && !held(p.Parent) {
			orphans = append(orphans, p)
		}
	}
	return orphans
}
