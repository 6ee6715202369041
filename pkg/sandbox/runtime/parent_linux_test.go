package runtime

import (
	"bufio"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestGroupsOfDescendants follows a process that began a session of its own to the container that began it.
func TestGroupsOfDescendants(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("needs setsid of util-linux")
	}
	var g groups
	p := &pod{}
	cmd := exec.Command("sh", "-c", "setsid sh -c 'echo $$; exec sleep 60' & wait")
	cmd.SysProcAttr = ownGroup()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.start(cmd, p); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("kill", "-9", line[:len(line)-1]).Run()
		killGroup(cmd.Process)
		_ = cmd.Wait()
	})
	if groupOf(pid) == groupOf(cmd.Process.Pid) {
		t.Fatal("setsid made no group of its own")
	}
	if !g.owns(p, pid) {
		t.Error("a process that descends from the container's is not taken for the Pod's")
	}
}
