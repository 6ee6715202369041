//go:build unix

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// kind skips a test that is about kind clusters, unless the tests run on one: make e2e-kind.
func kind(t *testing.T) {
	t.Helper()
	if provider() != "kind" {
		t.Skip("set LEARN_PROVIDER=kind to run this; make e2e-kind does")
	}
}

// engineSees lists the containers of a kind cluster, as the engine's own command line does.
func engineSees(t *testing.T, cluster string) []string {
	t.Helper()
	out, err := exec.Command("docker", "ps", "-a", "--filter", "label=io.x-k8s.kind.cluster="+cluster, "--format", "{{.Names}}").CombinedOutput()
	if err != nil {
		t.Fatalf("docker ps: %v\n%s", err, out)
	}
	return strings.Fields(string(out))
}

// noContainers fails the test when containers of a cluster are left.
func noContainers(t *testing.T, cluster, when string) {
	t.Helper()
	if left := engineSees(t, cluster); len(left) > 0 {
		t.Fatalf("%s: containers are left: %s", when, strings.Join(left, ", "))
	}
}

// TestKindIsTaken: with an engine there, a command that needs a cluster makes it with kind, and says so.
func TestKindIsTaken(t *testing.T) {
	kind(t)
	l := newLearn(t)
	out := l.run(t, "start", "containers", "--no-shell", "--name", "e2e-auto")
	if !strings.Contains(out, "Taking kind") || !strings.Contains(out, "--provider sandbox") {
		t.Errorf("it does not say what it took, and how to take the other:\n%s", out)
	}
	if got := engineSees(t, "e2e-auto"); len(got) != 3 {
		t.Errorf("the engine has the containers %q, want 3", got)
	}
	if out := l.fails(t, 2, "cluster", "create", "--name", "e2e-auto", "--provider", "sandbox"); !strings.Contains(out, "already exists") {
		t.Errorf("a sandbox of the same name:\n%s", out)
	}
	l.run(t, "cluster", "delete", "--name", "e2e-auto")
	noContainers(t, "e2e-auto", "after delete")
}

// TestKindLeavesTheUsersKubeconfig: kind writes into the user's kubeconfig unless it is told not to.
func TestKindLeavesTheUsersKubeconfig(t *testing.T) {
	kind(t)
	if _, err := os.Stat(filepath.Join(shared.home, "no-such-file")); err == nil {
		t.Error("making the cluster wrote the file that KUBECONFIG names")
	}
	info, err := os.Stat(filepath.Join(shared.home, "kind", "learn", "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the cluster's kubeconfig has mode %o, want 600", info.Mode().Perm())
	}
}

// TestKindNodes stops and starts a node; what kind can't do it says.
func TestKindNodes(t *testing.T) {
	kind(t)
	s := newSpace(t)
	s.kubectl(t, "create", "deployment", "web", "--image=nginx:1.29", "--replicas=3")
	s.rollout(t, "web")
	node := strings.TrimSpace(s.kubectl(t, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].spec.nodeName}"))
	s.run(t, "cluster", "node", "stop", node)
	s.kubectl(t, "wait", "--for=condition=Ready=Unknown", "node/"+node, "--timeout=60s")
	eventually(t, "three ready Pods on nodes that live", func() bool {
		out, err := s.try("get", "pods", "-l", "app=web", "-o", `jsonpath={range .items[?(@.spec.nodeName!="`+node+`")]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`)
		return err == nil && strings.Count(out, "True") == 3
	})
	s.run(t, "cluster", "node", "start", node)
	s.kubectl(t, "wait", "--for=condition=Ready", "node/"+node, "--timeout=10s") // start returned, so it is ready
	for _, args := range [][]string{{"add"}, {"remove", node}} {
		if out := s.fails(t, 2, append([]string{"cluster", "node"}, args...)...); !strings.Contains(out, "--nodes N") {
			t.Errorf("node %v does not say what to do instead:\n%s", args, out)
		}
	}
	if out := s.fails(t, 2, "cluster", "node", "stop", "learn-control-plane"); !strings.Contains(out, "carries the whole cluster") {
		t.Errorf("stopping the control plane's node:\n%s", out)
	}
}

// TestKindStopAndStart brings a cluster back with its state, on purpose and after its containers died.
func TestKindStopAndStart(t *testing.T) {
	kind(t)
	s := newSpace(t)
	s.kubectl(t, "create", "deployment", "web", "--image=nginx:1.29", "--replicas=2")
	s.rollout(t, "web")
	s.run(t, "cluster", "stop")
	if out := s.run(t, "cluster", "list"); !strings.Contains(out, "stopped") {
		t.Errorf("list does not say that it is stopped:\n%s", out)
	}
	s.run(t, "cluster", "start")
	s.rollout(t, "web")
	if out, err := exec.Command("docker", append([]string{"kill"}, engineSees(t, "learn")...)...).CombinedOutput(); err != nil {
		t.Fatalf("docker kill: %v\n%s", err, out)
	}
	out := s.run(t, "cluster", "status")
	if !strings.Contains(out, "No node of cluster learn is running") {
		t.Errorf("status does not say what it found:\n%s", out)
	}
	s.rollout(t, "web")
}

// TestKindImages loads an archive onto every node.
func TestKindImages(t *testing.T) {
	kind(t)
	archive := imageArchive(t, "example.test/own:1")
	shared.run(t, "cluster", "load-images", archive)
	nodes := shared.run(t, "kubectl", "--", "get", "nodes", "-o", "json")
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(nodes), &list); err != nil {
		t.Fatal(err)
	}
	for _, n := range list.Items {
		out, err := exec.Command("docker", "exec", n.Metadata.Name, "ctr", "-n", "k8s.io", "images", "ls", "-q").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "example.test/own:1") {
			t.Errorf("node %s has not got the image: %v\n%s", n.Metadata.Name, err, out)
		}
	}
	if out := shared.fails(t, 2, "cluster", "load-images", filepath.Join(t.TempDir(), "none.tar")); !strings.Contains(out, "none.tar") {
		t.Errorf("a file that is not there:\n%s", out)
	}
}

// TestKindMetrics does a lesson that needs figures of CPU and memory: the cluster gets what serves them.
func TestKindMetrics(t *testing.T) {
	kind(t)
	file := filepath.Join(t.TempDir(), "top", "lesson.md")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	lesson := "---\nid: top\ntitle: Figures\nsummary: What nodes use.\nminutes: 1\nneeds: {metrics: true, seeNodes: true}\nteaches: [top]\n---\n" +
		"Nodes tell what they use.\n\n## Look\n\nLook at it.\n\n```sh do\nkubectl top nodes\nkubectl create configmap seen\n```\n\n" +
		"```yaml check\n- that: You looked\n  on: configmap/seen\n  expect: object.metadata.name == \"seen\"\n  expected: a ConfigMap seen\n```\n\n```yaml wrong\n- do: kubectl create configmap sene\n  fails: You looked\n  says: a ConfigMap seen\n- do: kubectl top nodes\n  fails: You looked\n  says: a ConfigMap seen\n```\n"
	if err := os.WriteFile(file, []byte(lesson), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Log(shared.run(t, "author", "lint", file), shared.run(t, "author", "test", file))
	if out := shared.run(t, "kubectl", "--", "top", "nodes", "--no-headers"); strings.Count(out, "learn-") != 3 {
		t.Errorf("kubectl top nodes:\n%s", out)
	}
}

// TestKindRefuses says before anything is made why it can't be.
func TestKindRefuses(t *testing.T) {
	kind(t)
	l := newLearn(t)
	if out := l.fails(t, 2, "cluster", "create", "--provider", "kind"); !strings.Contains(out, "did not make") {
		t.Errorf("a kind cluster of the same name, made from another home:\n%s", out)
	}
	file := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(file, []byte("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetwroking: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := l.fails(t, 2, "cluster", "create", "--provider", "kind", "--name", "e2e-bad", "--kind-config", file); !strings.Contains(out, file+":3") {
		t.Errorf("a mistake in the kind config is not located:\n%s", out)
	}
	if out := l.fails(t, 2, "cluster", "create", "--provider", "kind", "--name", "e2e-bad", "--image", "example.test/nobody/node:v0"); !strings.Contains(out, "--image-archive") {
		t.Errorf("a node image that can't be had:\n%s", out)
	}
	noContainers(t, "e2e-bad", "after refusals")
	if out := l.run(t, "cluster", "list"); strings.Contains(out, "e2e-bad") {
		t.Errorf("what was refused is listed:\n%s", out)
	}
}

// TestKindBreakOff breaks off the making of a cluster with Ctrl-C, which reaches the engine's commands
// too: while containers are being made, and at random moments. Nothing is left, and nothing comes later.
func TestKindBreakOff(t *testing.T) {
	kind(t)
	l := newLearn(t)
	moments := []time.Duration{time.Second, 1500 * time.Millisecond, 2 * time.Second, 3 * time.Second}
	for range 3 {
		moments = append(moments, 3*time.Second+rand.N(22*time.Second))
	}
	for _, moment := range moments {
		out := l.brokenOff(t, moment, syscall.SIGINT)
		t.Logf("Ctrl-C after %v:\n%s", moment, out)
		for range 10 { // what the engine was still told to make would come now
			noContainers(t, "e2e-broken", "Ctrl-C after "+moment.String())
			time.Sleep(500 * time.Millisecond)
		}
		if out := l.run(t, "cluster", "list"); strings.Contains(out, "e2e-broken") {
			t.Fatalf("Ctrl-C after %v: the cluster is listed:\n%s", moment, out)
		}
	}
}

// TestKindLeavesOthersAlone: a container that bears the cluster's name, and that we did not make, is
// never removed, whatever is in our record.
func TestKindLeavesOthersAlone(t *testing.T) {
	kind(t)
	l := newLearn(t)
	// As a kill leaves it that came before kind was told to make anything.
	record := filepath.Join(l.home, "kind", "e2e-others", "cluster.json")
	if err := os.MkdirAll(filepath.Dir(record), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(record, []byte(`{"name":"e2e-others","engine":"docker","state":"creating","image":"none","nodes":null}`), 0o600); err != nil {
		t.Fatal(err)
	}
	image := strings.TrimSpace(os.Getenv("KUBECTL_LEARN_NODE_IMAGE"))
	if image == "" {
		t.Skip("KUBECTL_LEARN_NODE_IMAGE names no image to make a container of")
	}
	theirs := exec.Command("docker", "create", "--name", "e2e-theirs", "--label", "io.x-k8s.kind.cluster=e2e-others", "--label", "io.x-k8s.kind.role=worker", image)
	if out, err := theirs.CombinedOutput(); err != nil {
		t.Fatalf("docker create: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "-f", "-v", "e2e-theirs").Run() })
	if out := l.fails(t, 2, "cluster", "status", "--name", "e2e-others"); !strings.Contains(out, "e2e-theirs") {
		t.Errorf("status does not say what is in the way:\n%s", out)
	}
	l.run(t, "cluster", "delete", "--name", "e2e-others")
	if left := engineSees(t, "e2e-others"); len(left) != 1 {
		t.Errorf("after delete there are %q, want the one that we did not make", left)
	}
}

// TestKindKillPlugin kills the command that makes a cluster at random moments: the next command makes
// it whole, or there is nothing.
func TestKindKillPlugin(t *testing.T) {
	kind(t)
	l := newLearn(t)
	for range 3 {
		moment := rand.N(25 * time.Second)
		l.brokenOff(t, moment, syscall.SIGKILL)
		if _, err := os.Stat(filepath.Join(l.home, "kind", "e2e-broken", "cluster.json")); err != nil {
			noContainers(t, "e2e-broken", "killed after "+moment.String()+", no record")
			continue
		}
		out := l.run(t, "cluster", "status", "--name", "e2e-broken")
		t.Logf("killed after %v; status then said:\n%s", moment, firstLines(out, 4))
		l.run(t, "--name", "e2e-broken", "kubectl", "--", "wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s")
		l.run(t, "cluster", "delete", "--name", "e2e-broken")
		noContainers(t, "e2e-broken", "after delete")
	}
}

// TestKindLateContainers kills the command that makes a cluster while the engine still works on what it
// was told, slowly: what comes of that later is taken away too, by whatever command is next.
func TestKindLateContainers(t *testing.T) {
	kind(t)
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Fatal(err)
	}
	l := newLearn(t)
	slowly := filepath.Join(t.TempDir(), "docker")
	begun := filepath.Join(l.home, "begun")
	script := "#!/bin/sh\nif [ \"$1\" = run ]; then touch " + begun + "; sleep 4; fi\nexec " + docker + " \"$@\"\n"
	if err := os.WriteFile(slowly, []byte(script), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	path := os.Getenv("PATH")
	for _, next := range [][]string{{"cluster", "delete"}, {"cluster", "status"}} {
		_ = os.Remove(begun)
		t.Setenv("PATH", filepath.Dir(slowly)+string(os.PathListSeparator)+path)
		cmd := l.command(t.Context(), "cluster", "create", "--provider", "kind", "--nodes", "1", "--name", "e2e-late")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the engine's commands go on
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "kind told the engine to make a node", func() bool {
			_, err := os.Stat(begun)
			return err == nil
		})
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		t.Setenv("PATH", path)
		out := l.run(t, append(next, "--name", "e2e-late")...)
		t.Logf("%v said:\n%s", next, firstLines(out, 4))
		if next[1] == "status" {
			if got := engineSees(t, "e2e-late"); len(got) != 2 {
				t.Errorf("the engine has %q, want the 2 nodes", got)
			}
			l.run(t, "cluster", "delete", "--name", "e2e-late")
		}
		noContainers(t, "e2e-late", "after "+next[1])
	}
}

// TestKindOptions makes a cluster with settings of one's own, images from a file and metrics-server,
// and reads its logs.
func TestKindOptions(t *testing.T) {
	kind(t)
	l := newLearn(t)
	dir := t.TempDir()
	settings := filepath.Join(dir, "own.yaml")
	if err := os.WriteFile(settings, []byte("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n- role: worker\n  labels: {shelf: upper}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	archive := imageArchive(t, "example.test/loaded:1")
	l.within(t, 8*time.Minute, "cluster", "create", "--provider", "kind", "--name", "e2e-own", "--kind-config", settings, "--image-archive", archive, "--metrics")
	own := func(args ...string) string { return l.run(t, append([]string{"--name", "e2e-own"}, args...)...) }
	if out := own("kubectl", "--", "get", "nodes", "-l", "shelf=upper", "-o", "name"); strings.Count(out, "node/") != 1 {
		t.Errorf("nodes with the label of the settings: %q", out)
	}
	out, err := exec.Command("docker", "exec", "e2e-own-worker", "ctr", "-n", "k8s.io", "images", "ls", "-q").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "example.test/loaded:1") {
		t.Errorf("the worker has not got the archive's image: %v\n%s", err, out)
	}
	if out := own("kubectl", "--", "top", "nodes", "--no-headers"); strings.Count(out, "e2e-own-") != 2 {
		t.Errorf("kubectl top nodes:\n%s", out)
	}
	if out := own("cluster", "logs", "kube-apiserver"); len(strings.Split(out, "\n")) < 10 {
		t.Errorf("the API server's log:\n%s", firstLines(out, 10))
	}
	logs := filepath.Join(dir, "logs")
	own("cluster", "logs", "--export", logs)
	if files, err := filepath.Glob(filepath.Join(logs, "*", "kubelet.log")); err != nil || len(files) != 2 {
		t.Errorf("exported kubelets' logs are %q, %v", files, err)
	}
	// Who did what is read from the API server's audit log, which these settings leave on.
	if out := l.within(t, 10*time.Minute, "--name", "e2e-own", "run", "deploy"); !strings.Contains(out, "API server audit log") {
		t.Errorf("the lesson's stories are not told from the audit log:\n%s", out)
	}
}

// imageArchive is a file as docker save writes it, with an image of that name.
func imageArchive(t *testing.T, name string) string {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "images.tar")
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "made-here", Mode: 0o644}), w.Close()); err != nil {
		t.Fatal(err)
	}
	load := exec.Command("docker", "import", "-", name)
	load.Stdin = &files
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", name).Run() })
	if out, err := exec.Command("docker", "save", "-o", archive, name).CombinedOutput(); err != nil {
		t.Fatalf("docker save: %v\n%s", err, out)
	}
	return archive
}

// brokenOff makes a cluster e2e-broken and sends a signal after a moment, to the whole group as a
// terminal does. It returns when the command has ended.
func (l learn) brokenOff(t *testing.T, moment time.Duration, signal syscall.Signal) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := l.command(ctx, "cluster", "create", "--provider", "kind", "--nodes", "1", "--name", "e2e-broken")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(moment) // the moment is what this is about
	target := -cmd.Process.Pid
	if signal == syscall.SIGKILL {
		target = cmd.Process.Pid
	}
	if err := syscall.Kill(target, signal); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	return said.String()
}
