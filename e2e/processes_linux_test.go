package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestProcesses finds processes by each thing that may name a folder, and no others.
func TestProcesses(t *testing.T) {
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(cat)
	if err != nil {
		t.Fatal(err)
	}
	// The test's own folder is shared by all of its cases, and would be found in each.
	for what, change := range map[string]func(cmd *exec.Cmd, dir string){
		"cmdline": func(cmd *exec.Cmd, dir string) { cmd.Args = []string{"cat", "-", filepath.Join(dir, "file")} },
		"cwd":     func(cmd *exec.Cmd, dir string) { cmd.Dir = dir },
		"environ": func(cmd *exec.Cmd, dir string) { cmd.Env = []string{"LEARN_CONTAINER=" + dir + "/spec"} },
		"exe": func(cmd *exec.Cmd, dir string) {
			cmd.Path = filepath.Join(dir, filepath.Base(cat))
			if err := os.WriteFile(cmd.Path, program, 0o700); err != nil {
				t.Fatal(err)
			}
		},
		"": func(*exec.Cmd, string) {},
	} {
		dir := t.TempDir()
		cmd := exec.Command(cat)
		cmd.Args, cmd.Dir, cmd.Env = []string{"cat"}, "/", []string{"NONE="}
		change(cmd, dir)
		in, out := startPiped(t, cmd)
		// It is another program once it has answered.
		if _, err := io.WriteString(in, "x"); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
			t.Error(err)
		}
		found := processes(dir)
		if want := what != ""; (len(found) == 1) != want || want && what != "cmdline" && !strings.Contains(found[0], dir) {
			t.Errorf("by %q were found %q", what, found)
		}
		_ = in.Close()
		_ = cmd.Wait()
		if found := processes(dir); len(found) > 0 {
			t.Errorf("after the end were found %q", found)
		}
	}
}
