package runtime

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// started is a process in a group of its own that runs a script, whose first lines are names with process IDs.
func started(t *testing.T, script string, lines int) (main int, pids map[string]int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", "exec 3<&0; "+script)
	cmd.SysProcAttr = ownGroup()
	// What reads what nobody writes ends with the test.
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		killGroup(cmd.Process)
		_ = cmd.Wait()
	})
	pids = map[string]int{}
	for s := bufio.NewScanner(out); len(pids) < lines && s.Scan(); {
		name, pid, _ := strings.Cut(s.Text(), " ")
		if pids[name], err = strconv.Atoi(pid); err != nil {
			t.Fatal(err)
		}
	}
	return cmd.Process.Pid, pids
}

// What a process began is its container's also in a session of its own, and when whoever began it has ended.
func TestKin(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("needs setsid of util-linux")
	}
	main, children := started(t, `sh -c 'echo child $$; read x <&3' &
setsid sh -c 'echo parent $$; sh -c "echo orphan \$\$; read x <&3"; read x <&3' &
wait`, 3)
	joined, further := started(t, `sh -c 'echo further $$; read x <&3'; :`, 1)
	other, _ := started(t, `echo itself $$; read x <&3`, 1)
	all := leaders{main: main, joined: main, other: other}
	want := []int{children["child"], children["parent"], children["orphan"], further["further"]}
	slices.Sort(want)
	var k kin
	for look := range 2 {
		begun := k.begun(all)
		got := begun[main]
		slices.Sort(got)
		if !slices.Equal(got, want) || len(begun) != 1 {
			t.Errorf("look %d: %v, want %v of %d", look, begun, want, main)
		}
	}
	if p, err := os.FindProcess(children["parent"]); err != nil || p.Kill() != nil {
		t.Fatal("the parent is not there")
	}
	for deadline := time.Now().Add(20 * time.Second); parentOf(children["orphan"]) == children["parent"]; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a process that was killed has a child")
		}
	}
	if got := k.begun(all)[main]; !slices.Contains(got, children["orphan"]) {
		t.Errorf("process %d, whose parent has ended, is not among %v", children["orphan"], got)
	}
	delete(all, main)
	delete(all, joined)
	if begun := k.begun(all); len(begun) != 0 {
		t.Errorf("after the container ended: %v", begun)
	}
}

func BenchmarkKin(b *testing.B) {
	var k kin
	all := leaders{1 << 30: 1 << 30}
	k.begun(all)
	for b.Loop() {
		k.begun(all)
	}
	b.ReportMetric(float64(len(k.seen)), "processes")
}
