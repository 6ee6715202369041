//go:build unix

package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/internal/fault"
)

// TestOddHome keeps a cluster in a folder whose name has blanks, quotes and letters of other scripts.
func TestOddHome(t *testing.T) {
	t.Parallel()
	l := newLearn(t)
	l.home = filepath.Join(l.home, "B'üro 学 100%")
	t.Cleanup(func() {
		if out, err := l.output("cluster", "delete"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	l.run(t, "cluster", "create", "--provider", "sandbox", "--nodes", "1")
	l.run(t, "kubectl", "--", "run", "web", "--image=nginx:1.29", "--port=80", "--expose")
	s := space{l, "default"}
	s.waitReady(t, "pod/web")
	s.says(t, "web", "nginx", "curl", "-s", "http://web")
	if out := l.run(t, "kubectl", "--", "exec", "web", "--", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/namespace"); out != "default" {
		t.Errorf("the token's volume has %q", out)
	}
	l.run(t, "kubectl", "--", "logs", "web")
	l.run(t, "cluster", "status")
}

// TestTwoCommands has commands meet: one that makes a cluster while another does, and several that
// find it broken.
func TestTwoCommands(t *testing.T) {
	t.Parallel()
	l := newLearn(t)
	c := l.cluster()
	outs := l.together(4, "cluster", "create", "--provider", "sandbox", "--nodes", "1")
	made, refused := 0, 0
	for _, o := range outs {
		switch {
		case o.err == nil:
			made++
		case strings.Contains(o.out, "already exists"):
			refused++
		default:
			t.Errorf("create: %v\n%s", o.err, o.out)
		}
	}
	if made != 1 || refused != 3 {
		t.Errorf("%d made the cluster and %d were refused, want 1 and 3", made, refused)
	}
	for _, part := range []string{"control-plane", "worker-1"} {
		pid, err := c.PID(part)
		if err != nil {
			t.Fatal(err)
		}
		if err := fault.Kill(pid); err != nil {
			t.Fatal(err)
		}
	}
	mended := 0
	for _, o := range l.together(4, "kubectl", "--", "get", "nodes") {
		if o.err != nil || strings.Count(o.out, " Ready") != 2 {
			t.Errorf("%v\n%s", o.err, o.out)
		}
		mended += strings.Count(unwrapped(o.out), "starting it again")
	}
	if mended != 1 {
		t.Errorf("%d commands mended the cluster, want 1", mended)
	}
	if n := len(parts(c)); n != 2 {
		t.Errorf("%d processes of parts run, want 2", n)
	}
}

type outcome struct {
	out string
	err error
}

// together runs the same command several times at once.
func (l learn) together(n int, args ...string) []outcome {
	all := make([]outcome, n)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i].out, all[i].err = l.output(args...) })
	}
	wg.Wait()
	return all
}

func parts(c fault.Cluster) (found []fault.Process) {
	for _, p := range fault.Processes(c.Dir()) {
		if !p.Container() && strings.HasPrefix(p.Args[0], "learn-") {
			found = append(found, p)
		}
	}
	return found
}

// TestReboot ends every process at once, leaves what a restart of the machine leaves (process IDs that
// are now those of others), and goes on with one command.
func TestReboot(t *testing.T) {
	t.Parallel()
	l := newLearn(t)
	c := l.cluster()
	l.run(t, "cluster", "create", "--provider", "sandbox", "--nodes", "1")
	l.run(t, "kubectl", "--", "create", "deployment", "web", "--image=nginx:1.29")
	l.run(t, "kubectl", "--", "rollout", "status", "deployment/web", "--timeout=60s")
	for _, p := range fault.Processes(c.Dir()) {
		_ = fault.Kill(p.PID)
	}
	eventually(t, "the end of all processes", func() bool { return len(fault.Processes(c.Dir())) == 0 })
	innocent := exec.Command("sleep", "600")
	if err := innocent.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = innocent.Process.Kill(); _ = innocent.Wait() }()
	for _, part := range []string{"control-plane", "worker-1"} {
		if err := os.WriteFile(filepath.Join(c.Dir(), "run", part), []byte(strconv.Itoa(innocent.Process.Pid)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := unwrapped(l.run(t, "cluster", "status")); !strings.Contains(out, "was the machine restarted?") || strings.Contains(out, strconv.Itoa(innocent.Process.Pid)+" ") {
		t.Errorf("the next command says:\n%s", out)
	}
	l.run(t, "kubectl", "--", "rollout", "status", "deployment/web", "--timeout=60s")
	l.run(t, "cluster", "delete")
	if err := innocent.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("a process that has nothing to do with the cluster was ended: %v", err)
	}
}

// TestVersions has this program find clusters that other versions of it made.
func TestVersions(t *testing.T) {
	t.Parallel()
	l := newLearn(t)
	c := l.cluster()
	l.run(t, "cluster", "create", "--provider", "sandbox", "--nodes", "1")
	l.run(t, "kubectl", "--", "create", "configmap", "mine", "--from-literal=a=b")
	file := filepath.Join(c.Dir(), "cluster.json")
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	version := strings.Fields(l.run(t, "cluster", "status", "-o", "jsonpath={.info.version}"))[0]
	of := func(other string) {
		b := bytes.Replace(config, []byte(version), []byte(other), 1)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kill := func() {
		pid, err := c.PID("worker-1")
		if err != nil {
			t.Fatal(err)
		}
		_ = fault.Kill(pid)
	}
	previous := "v1." + strconv.Itoa(minor(t, version)-1) + ".1"

	// While all of it runs, it is used as it is.
	of(previous)
	if out := l.run(t, "kubectl", "--", "get", "configmap", "mine"); strings.Contains(out, "goes on with") {
		t.Errorf("a cluster that runs was upgraded:\n%s", out)
	}
	kill()
	for _, other := range []string{"v1.9.0", "v1.99.0"} {
		of(other)
		out := unwrapped(l.fails(t, 2, "kubectl", "--", "get", "configmap", "mine"))
		if !strings.Contains(unwrapped(out), other) || !strings.Contains(out, "cluster delete") {
			t.Errorf("of a cluster of Kubernetes %s it says:\n%s", other, out)
		}
	}
	of(previous)
	out := l.run(t, "kubectl", "--", "get", "configmap", "mine", "-o", "jsonpath={.data.a}")
	if !strings.Contains(unwrapped(out), "goes on with "+version) || !strings.HasSuffix(strings.TrimSpace(out), "b") {
		t.Errorf("of a cluster of Kubernetes %s it says:\n%s", previous, out)
	}
	if out := l.run(t, "cluster", "status", "-o", "jsonpath={.info.version}"); out != version {
		t.Errorf("then it is of %s, want %s", out, version)
	}
}

func minor(t *testing.T, version string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.Split(version, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFullDisk fills the disk of the home under a cluster that runs. It mounts one that is small.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	l := newLearn(t)
	l.home = filepath.Join(l.home, "m")
	mountSmall(t, l.home, "16m")
	if out := l.fails(t, 2, "cluster", "create", "--provider", "sandbox"); !strings.Contains(unwrapped(out), "MB left") || !strings.Contains(unwrapped(out), "free some space") {
		t.Errorf("on a small disk it says:\n%s", out)
	}
	remount(t, l.home, "size=300m")
	c := l.cluster()
	l.run(t, "cluster", "create", "--provider", "sandbox", "--nodes", "1")
	t.Cleanup(func() {
		if out, err := l.output("cluster", "delete"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	w := fault.NewWriter(c.Kubeconfig(), "default", "w")
	var writing sync.WaitGroup
	writing.Go(func() { w.Run(ctx) })
	eventually(t, "a first write", func() bool { n, _, _ := w.Count(); return n > 10 })
	full := filepath.Join(l.home, "full")
	fill(t, full)
	// What is written ahead has a few megabytes of its own: the writes go on, or fail, but none is lost.
	time.Sleep(10 * time.Second)
	fill(t, full+"2")
	pid, err := c.PID("control-plane")
	if err != nil {
		t.Fatal(err)
	}
	_ = fault.Kill(pid)
	if out := l.fails(t, 2, "kubectl", "--", "get", "nodes"); !strings.Contains(unwrapped(out), "MB left") {
		t.Errorf("of a full disk it says:\n%s", out)
	}
	for _, f := range []string{full, full + "2"} {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	l.run(t, "cluster", "status")
	stop()
	writing.Wait()
	lost, err := w.Lost(t.Context())
	if err != nil || len(lost) > 0 {
		t.Errorf("lost: %v %q", err, lost)
	}
	acked, failed, _ := w.Count()
	t.Logf("%d writes were acknowledged, %d were not", acked, failed)
}

// TestReadOnlyHome has the disk of the home be mounted read-only, which stops root, too.
func TestReadOnlyHome(t *testing.T) {
	t.Parallel()
	l := newLearn(t)
	l.home = filepath.Join(l.home, "m")
	mountSmall(t, l.home, "1m")
	remount(t, l.home, "ro")
	if out := l.fails(t, 2, "cluster", "create", "--provider", "sandbox"); !strings.Contains(unwrapped(out), "read-only file system") || !strings.Contains(out, l.home) {
		t.Errorf("create says:\n%s", out)
	}
	l.run(t, "list")
}

// mountSmall mounts a small disk at a folder until the test ends, or skips the test.
func mountSmall(t *testing.T, dir, size string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "mode=0700,size="+size, "none", dir).CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
}

func remount(t *testing.T, dir, option string) {
	t.Helper()
	if out, err := exec.Command("mount", "-o", "remount,"+option, dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v: %s", err, out)
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 1; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 16
		}
	}
}
