package completion

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// stand has a plugin in a folder of PATH.
func stand(t *testing.T) (o *InstallOptions, bin string) {
	t.Helper()
	bin = t.TempDir()
	program := filepath.Join(bin, plugin.Program)
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	return &InstallOptions{App: cmd.NewApp(streams, cmd.Deps{Self: "/elsewhere/" + plugin.Program, Environ: []string{"PATH=" + bin}})}, bin
}

func TestMakeAndRemove(t *testing.T) {
	o, bin := stand(t)
	l, err := o.link()
	if err != nil {
		t.Fatal(err)
	}
	if !l.onPath || l.path != filepath.Join(bin, plugin.Completer) {
		t.Fatalf("the link is to be %s (on PATH: %t)", l.path, l.onPath)
	}
	for _, want := range []bool{true, false} {
		if made, err := l.make(); err != nil || made != want {
			t.Fatalf("made %t (%v), want %t", made, err, want)
		}
	}
	if to, err := os.Readlink(l.path); err != nil || to != plugin.Program {
		t.Errorf("the link leads to %q (%v): it should go on working where the folder moves", to, err)
	}
	for _, want := range []bool{true, false} {
		if removed, err := l.remove(); err != nil || removed != want {
			t.Fatalf("removed %t (%v), want %t", removed, err, want)
		}
	}
}

// In the practice shell the link on PATH is the shell's own: it is left alone, and nobody is told to remove it.
func TestTheShellHasItAlready(t *testing.T) {
	o, bin := stand(t)
	o.Environ = append(o.Environ, cmd.ShellVariable+"="+filepath.Join(o.Home.Session(o.Cluster), "shell"))
	if err := o.Install(t.Context()); err == nil || !strings.Contains(err.Error(), "the practice shell completes all of this already") {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(filepath.Join(bin, plugin.Completer)); err == nil {
		t.Error("it was made")
	}
}

func TestLinkInAnotherFolder(t *testing.T) {
	o, bin := stand(t)
	o.To = t.TempDir()
	l, err := o.link()
	if err != nil {
		t.Fatal(err)
	}
	if l.onPath {
		t.Errorf("%s counts as on PATH", o.To)
	}
	if err := os.Symlink("/gone/"+plugin.Program, l.path); err != nil {
		t.Fatal(err)
	}
	if made, err := l.make(); err != nil || !made {
		t.Fatalf("a link of an older plugin is left as it was: %t, %v", made, err)
	}
	if to, _ := os.Readlink(l.path); to != filepath.Join(bin, plugin.Program) {
		t.Errorf("the link leads to %s", to)
	}
}

func TestStrangersAreLeftAlone(t *testing.T) {
	o, _ := stand(t)
	l, err := o.link()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.path, []byte("something else"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() (bool, error){"make": l.make, "remove": l.remove} {
		if _, err := do(); err == nil || !strings.Contains(err.Error(), l.path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if data, _ := os.ReadFile(l.path); string(data) != "something else" {
		t.Errorf("the file holds %q", data)
	}
}

func TestFolderThatIsNone(t *testing.T) {
	o, bin := stand(t)
	for _, to := range []string{filepath.Join(bin, "none"), filepath.Join(bin, plugin.Program)} {
		o.To = to
		if l, err := o.link(); err == nil {
			t.Errorf("%s is taken for a folder: %s", to, l.path)
		}
	}
}

// TestWindows makes the file of Windows, which is text, on whatever system this is.
func TestWindows(t *testing.T) {
	dir := t.TempDir()
	l := link{path: filepath.Join(dir, plugin.Completer+".cmd"), program: filepath.Join(dir, plugin.Program+".exe"), windows: true}
	if made, err := l.make(); err != nil || !made {
		t.Fatal(made, err)
	}
	data, err := os.ReadFile(l.path)
	if want := "@\"%~dp0" + plugin.Program + ".exe\" __complete %*\r\n"; err != nil || string(data) != want {
		t.Errorf("%q (%v), want %q", data, err, want)
	}
	moved := l
	moved.program = filepath.Join(t.TempDir(), plugin.Program+".exe")
	if made, err := moved.make(); err != nil || !made {
		t.Fatal(made, err)
	}
	if removed, err := moved.remove(); err != nil || !removed {
		t.Fatal(removed, err)
	}
}
