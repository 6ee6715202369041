package runtime

import (
	"os"
	"os/exec"
	goruntime "runtime"
	"testing"
)

// TestGroups tells processes of one Pod from those of another, by what the operating system says.
func TestGroups(t *testing.T) {
	if goruntime.GOOS == "windows" {
		t.Skip("needs process groups")
	}
	var g groups
	a, b := &pod{}, &pod{}
	start := func(p *pod, script string) *exec.Cmd {
		cmd := exec.Command("sh", "-c", script)
		cmd.SysProcAttr = ownGroup()
		if err := g.start(cmd, p); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			killGroup(cmd.Process)
			_ = cmd.Wait()
		})
		return cmd
	}
	of := start(a, "sleep 60 & wait")
	start(b, "sleep 60")
	for _, tt := range []struct {
		name string
		pid  int
		pod  *pod
		want bool
	}{
		{"its main process", of.Process.Pid, a, true},
		{"another Pod's", of.Process.Pid, b, false},
		{"the node", os.Getpid(), a, false},
		{"process 1", 1, a, false},
		{"outside of the node's sight", 0, a, false},
	} {
		if got := g.owns(tt.pod, tt.pid); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	g.ended(of)
	if g.owns(a, of.Process.Pid) {
		t.Error("a process that has ended is the Pod's still")
	}
}
