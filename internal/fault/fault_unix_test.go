//go:build unix

package fault

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// TestProcesses finds a container whose node is gone, and one whose node is there.
func TestProcesses(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it needs /proc")
	}
	c := Cluster{Home: t.TempDir(), Name: "learn"}
	spec := filepath.Join(c.Dir(), "k", "1", "c", "spec.json")
	if err := os.MkdirAll(filepath.Dir(spec), 0o700); err != nil {
		t.Fatal(err)
	}
	// A container's process reads what it is from the file that is its first argument.
	if err := os.WriteFile(spec, []byte("echo up\nread line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", spec)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// A process has its command line only when it has come to run.
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	is := func(p Process) bool { return p.PID == cmd.Process.Pid && p.Container() && p.Parent == os.Getpid() }
	if all := Processes(c.Dir()); !slices.ContainsFunc(all, is) {
		t.Errorf("the container is not among %v", all)
	}
	// This test is no part of the cluster, so nobody holds it.
	if all := c.Orphans(); !slices.ContainsFunc(all, is) {
		t.Errorf("it is no orphan: %v", all)
	}
	if err := Pause(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := Resume(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := Kill(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	_ = stdin.Close()
	if all := Processes(c.Dir()); len(all) > 0 {
		t.Errorf("after its end there is %v", all)
	}
}
