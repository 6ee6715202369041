package cmd

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// TestShellKubectl has several kubectls, of which the one that called the plugin counts.
func TestShellKubectl(t *testing.T) {
	exe := ""
	if runtime.GOOS == "windows" {
		exe = ".exe"
	}
	program := func(dir, name string) string {
		path := filepath.Join(dir, name+exe)
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	onPath, elsewhere := t.TempDir(), t.TempDir()
	found, calling, self := program(onPath, "kubectl"), program(elsewhere, "kubectl"), program(elsewhere, "kubectl-learn")
	ours := []string{self, "kubectl", "--"}
	for _, tt := range []struct {
		name, path, calling string
		want                []string
	}{
		{"none at all", elsewhere + "/none", "", ours},
		{"one on PATH", onPath, "", nil},
		{"that one called", onPath, found, nil},
		{"another one called", onPath, calling, []string{calling}},
		{"another one called, none on PATH", elsewhere + "/none", calling, []string{calling}},
		{"one called that is gone", elsewhere + "/none", elsewhere + "/gone", ours},
		{"the one that is compiled in called", elsewhere + "/none", self, ours},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", tt.path)
			streams, _, _, _ := genericiooptions.NewTestIOStreams()
			a := NewApp(streams, Deps{Self: self, Environ: []string{"KUBECTL_PATH=" + tt.calling}})
			if got := a.shellKubectl(); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestShellEnviron has kubectl remember API servers beside all else, unless the user has a place for that.
func TestShellEnviron(t *testing.T) {
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	for theirs, want := range map[string]string{"": filepath.Join("/learn", "kubectl-cache"), "/theirs": "/theirs"} {
		var environ []string
		if theirs != "" {
			environ = []string{"KUBECACHEDIR=" + theirs}
		}
		got := ""
		for _, v := range NewApp(streams, Deps{Home: "/learn", Environ: environ}).shellEnviron() {
			if name, value, _ := strings.Cut(v, "="); name == "KUBECACHEDIR" {
				got = value
			}
		}
		if got != want {
			t.Errorf("with %q of the user's: %q, want %q", theirs, got, want)
		}
	}
}
