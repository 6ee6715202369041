//go:build linux && (amd64 || arm64)

package runtime_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/native"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// store puts the web server of package native's tests into the node's store, as web:v1 with nothing
// else in it, and as web:shell.
func (n *node) store() {
	n.t.Helper()
	file := filepath.Join(n.dir, "web")
	if err := native.Build(n.t.Context(), native.Source{Dir: "../native/testdata/web", Package: "."}, file, os.Stderr); err != nil {
		n.t.Fatal(err)
	}
	for _, i := range []image.Image{
		{Reference: "web:v1", Program: "/web", Env: []string{"GREETING=from the image"}},
		{Reference: "web:shell", Program: "/web", Base: "alpine:3.22"},
	} {
		if _, err := n.images().Add(n.t.Context(), i, file); err != nil {
			n.t.Fatal(err)
		}
	}
}

func (c *container) ask(path string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	conn, err := c.network.Dial(ctx, "tcp", c.ip()+":8080")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("GET " + path + " HTTP/1.0\r\n\r\n")); err != nil {
		return err.Error()
	}
	b, _ := io.ReadAll(conn)
	return string(b)
}

func (c *container) exec(argv ...string) string {
	out, errs, err := c.ExecSync(c.t.Context(), c.id, argv, 30*time.Second)
	if err != nil {
		return string(out) + string(errs) + err.Error()
	}
	return string(out) + string(errs)
}

// TestAProgramOfTheLearnersOwn is pulled, started, asked, looked into, and ended, as any other.
func TestAProgramOfTheLearnersOwn(t *testing.T) {
	n := newNode(t)
	_, err := n.PullImage(t.Context(), &runtimeapi.ImageSpec{Image: "web:v1"}, nil, nil)
	if status.Code(err) != codes.NotFound {
		t.Fatalf("before it was built: %v", err)
	}
	n.store()
	if _, err = n.PullImage(t.Context(), &runtimeapi.ImageSpec{Image: "web:v1"}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := n.PullImage(t.Context(), &runtimeapi.ImageSpec{Image: "web:v9"}, nil, nil); err == nil || !strings.Contains(err.Error(), "built for this cluster: web:shell, web:v1") {
		t.Errorf("a tag that was not built: %v", err)
	}
	if all, err := n.ListImages(t.Context(), nil); err != nil || len(all) != 1 || all[0].GetRepoTags()[0] != "web:v1" {
		t.Errorf("images of the node: %v, %v", all, err)
	}
	p := n.runPod("web")
	begun := time.Now()
	c := p.create("web:v1")
	c.begin()
	c.eventually("it answers", func() bool { return strings.Contains(c.ask("/"), "hello from web") })
	t.Logf("it answers %s after the container was made", time.Since(begun))
	if got := c.ask("/"); !strings.Contains(got, "from the image") {
		t.Errorf("its environment: %s", got)
	}
	if got := c.ask("/file?name=/etc/resolv.conf"); !strings.Contains(got, "nameserver 10.96.0.10") {
		t.Errorf("its files: %s", got)
	}
	if got := c.exec("/web", "env"); !strings.Contains(got, "GREETING=from the image") || strings.Contains(got, "LEARN_") {
		t.Errorf("exec of the program itself: %s", got)
	}
	if got := c.exec("sh", "-c", "ls"); !strings.Contains(got, `exec: "sh": executable file not found in $PATH`) {
		t.Errorf("a shell where there is none: %s", got)
	}
	if err := c.StopContainer(t.Context(), c.id, 20); err != nil {
		t.Fatal(err)
	}
	if s := c.ended(); s.GetExitCode() != 0 || !strings.Contains(c.log(), "asked to end") {
		t.Errorf("after SIGTERM: %v, log %s", s, c.log())
	}
}

func TestAShellBesideAProgram(t *testing.T) {
	n := newNode(t)
	n.store()
	c := n.runPod("web").create("web:shell")
	c.begin()
	c.eventually("it answers", func() bool { return strings.Contains(c.ask("/"), "hello from web") })
	for _, tt := range []struct{ script, want string }{
		{"ls /web && cat /etc/alpine-release", "3.22"},
		{"ps", "/web"},
		{"wget -qO- http://127.0.0.1:8080/", "to 127.0.0.1:"},
		{"/web get http://127.0.0.1:8080/ | tr a-z A-Z", "HELLO FROM WEB"},
		{"/web run sh -c 'echo $0 in $(pwd); exit 3'; echo $?", "exit status 3"},
		{"/web run /bin/ls /etc", "resolv.conf"},
		{"cp /web /tmp/copy && /tmp/copy self", "/tmp/copy"},
		{"kill -0 1 && echo alive", "alive"},
	} {
		if got := c.exec("sh", "-c", tt.script); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.script, got, tt.want)
		}
	}
	c.exec("sh", "-c", "kill 1")
	if s := c.ended(); s.GetExitCode() != 0 || !strings.Contains(c.log(), "asked to end") {
		t.Errorf("after kill 1: %v, log %s", s, c.log())
	}
}

// TestProcessesAreFound names the container of each process, whatever its command line, and counts what it began.
func TestProcessesAreFound(t *testing.T) {
	n := newNode(t)
	n.store()
	const size = 64 // MiB
	n.runPod("built-in").shell("sleep 3600")
	n.runPod("alone").create("web:v1", "/web", "hold", "1").begin()
	n.runPod("parent").create("web:v1", "/web", "run", "/web", "hold", strconv.Itoa(size)).begin()
	found := func() map[string]uint64 {
		memory := map[string]uint64{}
		for _, p := range runtime.Processes(t.Context(), os.Getpid(), n.dir) {
			memory[p.Namespace+"/"+p.Pod+"/"+p.Container] += p.Memory
		}
		return memory
	}
	n.eventually("the child has its memory", func() bool { return found()["default/parent/c"] >= size<<20 })
	all := found()
	for _, name := range []string{"default/built-in/c", "default/alone/c"} {
		if m := all[name]; m == 0 || m >= size<<20 {
			t.Errorf("%s has %d bytes", name, m)
		}
	}
	if len(all) != 3 {
		t.Errorf("processes: %v", all)
	}
	if of := runtime.Processes(t.Context(), os.Getpid(), n.dir+"x"); len(of) != 0 {
		t.Errorf("processes of another node: %v", of)
	}
}

// TestChildrenCount: what a container's processes begin is the container's, in figures and for its memory limit.
func TestChildrenCount(t *testing.T) {
	n := newNode(t)
	n.store()
	const size = 64 // MiB
	limited := func(name string, limit int64, command ...string) *container {
		c := n.runPod(name).createAs(&runtimeapi.ContainerConfig{
			Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, LogPath: "c.log", Image: &runtimeapi.ImageSpec{Image: "web:v1"}, Command: command,
			Linux: &runtimeapi.LinuxContainerConfig{Resources: &runtimeapi.LinuxContainerResources{MemoryLimitInBytes: limit}},
		})
		c.begin()
		return c
	}
	hold := []string{"/web", "run", "/web", "hold", strconv.Itoa(size)}
	below := limited("below", 3*size<<20, hold...)
	spins := limited("spins", 0, "/web", "run", "/web", "spin", "1h")
	repeats := limited("repeats", 0, "/web", "repeat", "/web", "spin", "50ms")
	above := limited("above", size<<20, hold...)
	if s := above.ended(); s.GetExitCode() != 137 || s.GetReason() != "OOMKilled" {
		t.Errorf("a container whose child is over its limit: %v", s)
	}
	n.eventually("the child's memory counts", func() bool {
		return below.stats().GetMemory().GetWorkingSetBytes().GetValue() >= size<<20
	})
	if m := below.stats().GetMemory().GetWorkingSetBytes().GetValue(); m > 2*size<<20 {
		t.Errorf("a container whose child has %d MiB has %d bytes", size, m)
	}
	cpu := func(c *container) uint64 { return c.stats().GetCpu().GetUsageCoreNanoSeconds().GetValue() }
	n.eventually("the CPU time of a child counts", func() bool { return cpu(spins) > 300_000_000 })
	n.eventually("the CPU time of children that have ended counts", func() bool { return cpu(repeats) > 200_000_000 })
	if !below.running() {
		t.Errorf("a container below its limit has ended: %v", below.status())
	}
}
