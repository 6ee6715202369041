//go:build unix

package kind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// installed puts programs of the given names on the PATH, as shell scripts.
func installed(t *testing.T, scripts map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("KIND_EXPERIMENTAL_PROVIDER", "")
}

const podmanAnswers = `echo '{"host":{"cgroupVersion":"v2"},"version":{"Version":"5.1"}}'`

func TestFindTakesTheFirstThatAnswers(t *testing.T) {
	installed(t, map[string]string{"docker": "echo 'Cannot connect to the Docker daemon' >&2; exit 1", "nerdctl": "exit 1", "podman": podmanAnswers})
	e, info, err := find(t.Context(), engines(os.Getenv), 10*time.Second)
	if err != nil || e.name != "podman" || info.Version != "5.1" {
		t.Errorf("found %s %+v, %v, want podman", e.name, info, err)
	}
}

func TestFindSaysWhyTheFirstOneDoesNot(t *testing.T) {
	installed(t, map[string]string{"docker": "echo 'permission denied' >&2; exit 1", "nerdctl": "exit 1", "podman": "exit 1"})
	if _, _, err := find(t.Context(), engines(os.Getenv), 10*time.Second); err == nil || !strings.Contains(err.Error(), "you may not use it") {
		t.Errorf("find gives %v", err)
	}
}

// TestFindDoesNotWaitForOneThatHangs has an engine that never answers.
func TestFindDoesNotWaitForOneThatHangs(t *testing.T) {
	installed(t, map[string]string{"docker": "exec sleep 60", "nerdctl": "exit 1", "podman": "exit 1"})
	if _, _, err := find(t.Context(), engines(os.Getenv), 100*time.Millisecond); err == nil || !strings.Contains(err.Error(), "does not answer within 100ms") {
		t.Errorf("find gives %v", err)
	}
}

// TestListSeesNodesAsTheEngineTellsThem: one container goes between the engine's two answers.
func TestListSeesNodesAsTheEngineTellsThem(t *testing.T) {
	installed(t, map[string]string{"docker": `
case $1 in
ps) echo aa; echo bb ;;
inspect) echo 'aa /c-control-plane true control-plane "2030-01-02T03:04:05Z"'; echo "Error: No such object: bb" >&2; exit 1 ;;
esac`})
	got, err := engine{name: "docker"}.nodes(t.Context(), "c")
	if err != nil || len(got) != 1 || got[0].Name != "c-control-plane" {
		t.Errorf("nodes are %+v, %v", got, err)
	}
}

// TestPreflightSaysWhatToDo looks at machines on which a cluster can't be made, or with a word of warning.
func TestPreflightSaysWhatToDo(t *testing.T) {
	for name, tt := range map[string]struct {
		info  engineInfo
		there string // what the engine has of a cluster of that name
		want  string // in the error
		note  string
	}{
		"enough":                {info: engineInfo{Memory: 8 << 30, Cgroup: 2}},
		"nothing is told":       {},
		"old cgroups":           {info: engineInfo{Memory: 8 << 30, Cgroup: 1}, note: "failCgroupV1: false"},
		"old ones without root": {info: engineInfo{Cgroup: 1, Rootless: true}, want: "cgroup v2"},
		"little memory":         {info: engineInfo{Memory: 1 << 30}, want: "--nodes 1"},
		"the name is taken":     {there: `aa /c-control-plane true control-plane "2030-01-02T03:04:05Z"`, want: "did not make"},
	} {
		installed(t, map[string]string{"docker": `
case $1 in
ps) [ -z '` + tt.there + `' ] || echo aa ;;
inspect) echo '` + tt.there + `' ;;
esac`})
		var said heard
		err := preflight(t.Context(), engine{name: "docker"}, tt.info, "c", 3, &said)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: refused: %v", name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if tt.note != "" && !strings.Contains(strings.Join(said.lines, " "), tt.note) {
			t.Errorf("%s: it says %q, want %q", name, said.lines, tt.note)
		}
	}
}
