package kind

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseInfo(t *testing.T) {
	for name, tt := range map[string]struct {
		out  string
		want engineInfo
	}{
		"docker": {
			`{"ServerVersion":"28.2.2","MemTotal":25200000000,"CgroupVersion":"1","DockerRootDir":"/var/lib/docker","SecurityOptions":["name=seccomp,profile=default"]}`,
			engineInfo{Version: "28.2.2", Memory: 25200000000, Cgroup: 1, Root: "/var/lib/docker"},
		},
		"docker without root": {
			`{"ServerVersion":"28.2.2","CgroupVersion":"2","SecurityOptions":["name=rootless","name=cgroupns"]}`,
			engineInfo{Version: "28.2.2", Cgroup: 2, Rootless: true},
		},
		"podman": {
			`{"host":{"cgroupVersion":"v2","memTotal":8200000000,"security":{"rootless":true}},"store":{"graphRoot":"/home/a/.local/share/containers/storage"},"version":{"Version":"4.3.1"}}`,
			engineInfo{Version: "4.3.1", Memory: 8200000000, Cgroup: 2, Root: "/home/a/.local/share/containers/storage", Rootless: true},
		},
	} {
		got, err := parseInfo([]byte(tt.out))
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, tt.want)
		}
	}
	for _, out := range []string{`{"ServerErrors":["Cannot connect to the Docker daemon"]}`, `{}`, `permission denied`} {
		if got, err := parseInfo([]byte(out)); err == nil {
			t.Errorf("%s is taken for an engine that answers: %+v", out, got)
		}
	}
}

func TestExplainSaysWhatToDo(t *testing.T) {
	ended, cancel := context.WithTimeoutCause(t.Context(), 0, slow{2 * time.Second})
	defer cancel()
	for _, tt := range []struct {
		ctx        context.Context
		said, want string
	}{
		{t.Context(), "permission denied while trying to connect to the Docker daemon socket", "usermod -aG docker"},
		{t.Context(), "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", "not running: start it"},
		{t.Context(), "error during connect: open //./pipe/dockerDesktopLinuxEngine: The system cannot find the file", "not running: start it"},
		{ended, "signal: killed", "does not answer within 2s"},
		{t.Context(), "something else", "something else"},
	} {
		if got := (engine{name: "docker"}).explain(tt.ctx, errors.New(tt.said)).Error(); !strings.Contains(got, tt.want) {
			t.Errorf("%s\n  is told as %s\n  without %s", tt.said, got, tt.want)
		}
	}
}

func TestFindWithoutEngine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, _, err := find(t.Context(), engines(func(string) string { return "" }), time.Second); !errors.Is(err, errNoEngine) {
		t.Errorf("without any engine: %v", err)
	}
}

func TestEnginesTakesTheOneThatIsNamed(t *testing.T) {
	all := engines(func(string) string { return "" })
	if len(all) != 3 || all[0].name != "docker" {
		t.Errorf("engines are %v, want docker first of three", all)
	}
	named := engines(func(name string) string { return map[string]string{"KIND_EXPERIMENTAL_PROVIDER": "podman"}[name] })
	if len(named) != 1 || named[0].name != "podman" {
		t.Errorf("with podman named, engines are %v", named)
	}
}

func TestFullName(t *testing.T) {
	for _, tt := range [][3]string{
		{"docker", "kindest/node:v1", "kindest/node:v1"},
		{"podman", "kindest/node:v1", "docker.io/kindest/node:v1"},
		{"podman", "localhost/node:v1", "localhost/node:v1"},
		{"podman", "no image!", "no image!"},
	} {
		if got := (engine{name: tt[0]}).fullName(tt[1]); got != tt[2] {
			t.Errorf("%s calls %s %s, want %s", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestParseNodesOrdersAsKindCounts(t *testing.T) {
	got := parseNodes(`3 /c-worker10 true worker "2030-01-02T03:04:05.6Z"
2 /c-worker2 false worker "2030-01-02T03:04:05Z"
1 /c-worker true worker "2030-01-02T03:04:05Z"
0 /c-control-plane true control-plane "yesterday"
torn line
`)
	var names []string
	for _, n := range got {
		names = append(names, n.Name)
	}
	if strings.Join(names, " ") != "c-control-plane c-worker c-worker2 c-worker10" {
		t.Errorf("order is %v", names)
	}
	if got[2].Running || !got[1].Running || got[0].Role != controlPlane || got[0].ID != "0" {
		t.Errorf("nodes are %+v", got)
	}
}

func TestStrangersAreContainersThatWeDidNotMake(t *testing.T) {
	begun := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	there := []node{
		{ID: "a", Name: "c-control-plane", Role: controlPlane, Created: begun.Add(time.Second)},
		{ID: "b", Name: "c-worker", Created: begun.Add(-time.Second)},
	}
	for name, tt := range map[string]struct {
		r    record
		want string
	}{
		"kind was not told yet":    {record{}, "c-control-plane c-worker"},
		"while it makes them":      {record{Begun: begun}, "c-worker"},
		"when they are taken down": {record{Nodes: []nodeRecord{{Container: "b"}}}, "c-control-plane"},
		"when not all are":         {record{Begun: begun, Nodes: []nodeRecord{{Container: "z"}}}, "c-worker"},
	} {
		if got := strings.Join(tt.r.strangers(there), " "); got != tt.want {
			t.Errorf("%s: strangers are %q, want %q", name, got, tt.want)
		}
	}
	r := record{}
	r.keep(append(there, node{ID: "c", Name: "c-external-load-balancer", Role: balancer}))
	if got := strings.Join(r.names(), " "); got != "c-control-plane c-worker" {
		t.Errorf("the cluster's nodes are %q", got)
	}
	if got := r.strangers(there); got != nil {
		t.Errorf("ours are strangers: %v", got)
	}
	if (&record{Begun: begun}).ours(node{ID: "x"}) {
		t.Error("a container whose age is not known is taken for ours")
	}
}
