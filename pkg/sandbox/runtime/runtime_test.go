package runtime_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"testing"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// containerProgram is the executable of all containers. It is set once, by TestMain.
var containerProgram string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lrt-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	containerProgram = filepath.Join(dir, "learn-container")
	if goruntime.GOOS == "windows" {
		containerProgram += ".exe"
	}
	build := exec.Command("go", "build", "-o", containerProgram, "github.com/kubectl-learn/kubectl-learn/cmd/learn-container")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program of the containers: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// node is a runtime with what the node would give it; the test is its kubelet.
type node struct {
	*runtime.Runtime
	t       *testing.T
	dir     string
	network podnet.Network
}

func newNode(t *testing.T) *node {
	t.Helper()
	// Unix sockets have short paths, which a test's own temporary folder may be too deep for.
	dir, err := os.MkdirTemp("", "lrt-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	n := &node{t: t, dir: filepath.Join(dir, "node"), network: podnet.Network{Dir: filepath.Join(dir, "net")}}
	if err := n.network.Init(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	n.start()
	t.Cleanup(func() {
		if err := n.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return n
}

func (n *node) start() {
	n.t.Helper()
	var err error
	n.Runtime, err = runtime.New(runtime.Options{
		Dir: n.dir, Disk: filepath.Join(n.dir, "disk"), Node: sandbox.Node{Name: "worker-1", Index: 1}, Network: n.network,
		Program: containerProgram, Images: n.images(),
		FileSystem: func(path string) (string, int64) {
			if filepath.Base(path) == "memory" {
				return "tmpfs", 1 << 20
			}
			return "", 0
		},
	})
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.network.MarkUp(1); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) images() image.Store {
	return image.Store{Dir: filepath.Join(filepath.Dir(n.dir), "images")}
}

func (n *node) control() string { return filepath.Join(n.dir, "control.sock") }

// pod is a sandbox of the runtime.
type pod struct {
	*node
	id     string
	config *runtimeapi.PodSandboxConfig
}

func (n *node) runPod(name string) *pod {
	n.t.Helper()
	return n.runPodAs(name, nil)
}

func (n *node) runPodAs(name string, namespaces *runtimeapi.NamespaceOption) *pod {
	n.t.Helper()
	p := &pod{node: n, config: &runtimeapi.PodSandboxConfig{
		Metadata: &runtimeapi.PodSandboxMetadata{Name: name, Namespace: "default", Uid: name + "-uid"}, Hostname: name,
		LogDirectory: filepath.Join(n.dir, "logs", name), Labels: map[string]string{"app": name},
		DnsConfig: &runtimeapi.DNSConfig{Servers: []string{"10.96.0.10"}, Searches: []string{"default.svc.cluster.local"}, Options: []string{"ndots:5"}},
		Linux:     &runtimeapi.LinuxPodSandboxConfig{SecurityContext: &runtimeapi.LinuxSandboxSecurityContext{NamespaceOptions: namespaces}},
	}}
	var err error
	if p.id, err = n.RunPodSandbox(n.t.Context(), p.config, ""); err != nil {
		n.t.Fatal(err)
	}
	return p
}

func (p *pod) ip() string {
	p.t.Helper()
	s, err := p.PodSandboxStatus(p.t.Context(), p.id, false)
	if err != nil {
		p.t.Fatal(err)
	}
	return s.GetStatus().GetNetwork().GetIp()
}

// container is a container of the Pod.
type container struct {
	*pod
	id string
}

// create makes a container whose command is given whole; without one it is the image's own.
func (p *pod) create(image string, command ...string) *container {
	p.t.Helper()
	return p.createAs(&runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, LogPath: "c.log",
		Image: &runtimeapi.ImageSpec{Image: image, UserSpecifiedImage: image}, Command: command,
	})
}

func (p *pod) createAs(config *runtimeapi.ContainerConfig) *container {
	p.t.Helper()
	id, err := p.CreateContainer(p.t.Context(), p.id, config, p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	return &container{pod: p, id: id}
}

// joined is a running container with a script, in the given namespaces.
func (p *pod) joined(namespaces *runtimeapi.NamespaceOption, script string) *container {
	p.t.Helper()
	c := p.createAs(&runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, LogPath: "c.log", Image: &runtimeapi.ImageSpec{Image: "busybox:1.36"},
		Command: []string{"sh", "-c", "exec " + script},
		Linux:   &runtimeapi.LinuxContainerConfig{SecurityContext: &runtimeapi.LinuxContainerSecurityContext{NamespaceOptions: namespaces}},
	})
	c.begin()
	return c
}

// shell is a running container with a script.
func (p *pod) shell(script string) *container {
	p.t.Helper()
	c := p.create("busybox:1.36", "sh", "-c", script)
	c.begin()
	return c
}

func (c *container) begin() {
	c.t.Helper()
	if err := c.StartContainer(c.t.Context(), c.id); err != nil {
		c.t.Fatal(err)
	}
}

func (c *container) status() *runtimeapi.ContainerStatus {
	c.t.Helper()
	s, err := c.ContainerStatus(c.t.Context(), c.id, false)
	if err != nil {
		c.t.Fatal(err)
	}
	return s.GetStatus()
}

func (c *container) running() bool {
	return c.status().GetState() == runtimeapi.ContainerState_CONTAINER_RUNNING
}

// ended waits until the container has ended, and gives its status.
func (c *container) ended() *runtimeapi.ContainerStatus {
	c.t.Helper()
	c.eventually("the container has ended", func() bool { return c.status().GetState() == runtimeapi.ContainerState_CONTAINER_EXITED })
	return c.status()
}

// log is the log as it stands.
func (c *container) log() string {
	c.t.Helper()
	b, err := os.ReadFile(c.status().GetLogPath())
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}

// eventually waits for a condition that nothing can be watched for.
func (n *node) eventually(what string, ok func() bool) {
	n.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			n.t.Fatalf("not within 20 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
