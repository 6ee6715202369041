//go:build linux && (amd64 || arm64)

package native

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// web is the program of testdata/web; it is built once, by TestMain.
var web string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "native")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	web = filepath.Join(dir, "web")
	if err := Build(context.Background(), Source{Dir: "testdata/web", Package: "."}, web, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestGoAtHand: the additions fit the Go installation, on each architecture.
func TestGoAtHand(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		tool := &toolchain{command: "go", dir: "testdata/web", messages: os.Stderr, arch: arch}
		if err := tool.describe(t.Context()); err != nil {
			t.Fatal(err)
		}
		packages, err := tool.list(t.Context(), ".")
		if err != nil {
			t.Fatal(err)
		}
		work := t.TempDir()
		if _, err := makeOverlay(work, tool, packages); err != nil {
			t.Errorf("%s: %v", arch, err)
		}
		if files, _ := filepath.Glob(filepath.Join(work, "*"+additionName+"_"+arch+".go")); len(files) != 1 {
			t.Errorf("%s: the numbers of its system calls are missing: %v", arch, files)
		}
	}
}

// names resolves what the tests dial.
type names struct{}

func (names) Resolve(_ context.Context, _ podnet.Source, _, host string, port int) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil && podnet.PodCIDR().Contains(ip) {
		return fmt.Sprintf("%s:%d", host, port), nil
	}
	if host == "10.96.0.20" {
		return "10.244.1.2:8080", nil
	}
	return "", podnet.Outside
}

func (names) Lookup(_ context.Context, _ podnet.Source, typ, name string) ([]string, error) {
	switch {
	case name != "web.default.svc.cluster.local.":
		return nil, podnet.NoSuchHost
	case typ != "A":
		return nil, nil
	}
	return []string{"10.96.0.20"}, nil
}

// pod is a container with the program in it, on a network of its own.
type pod struct {
	t       *testing.T
	network podnet.Network
	spec    *container.Spec
}

func newPods(t *testing.T, ips ...string) []*pod {
	t.Helper()
	dir, err := os.MkdirTemp("", "n") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	gate, err := podnet.NewGate(1, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	network := podnet.Network{Dir: filepath.Join(dir, "net"), Gate: gate}
	if err := network.Init(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	proxy := &podnet.Proxy{Network: network, Resolver: names{}}
	var pods []*pod
	for _, ip := range ips {
		place, err := network.AddPod(ip)
		if err != nil {
			t.Fatal(err)
		}
		root, way := filepath.Join(dir, "root-"+ip), filepath.Join(dir, ip+".sock")
		door, err := proxy.OpenDoor(ctx, way, podnet.Pod{Addr: netip.MustParseAddr(ip), Namespace: "default"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = door.Close() })
		p := &pod{t: t, network: network, spec: &container.Spec{
			Root: root, Hostname: "web-" + ip, PodIP: ip, Namespace: "default", Net: place, Proxy: way, NodeKey: gate.Key(),
			NativeFile: filepath.Join(dir, "native-"+ip),
		}}
		for name, text := range map[string]string{"etc/hosts": "127.0.0.1 localhost\n::1 localhost\n10.244.1.2 one\n", "data/real": "text", "tmp/.keep": "",
			"etc/resolv.conf": "search default.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"} {
			p.put(name, text)
		}
		p.describe()
		pods = append(pods, p)
	}
	return pods
}

func listen(t *testing.T, file string) net.Listener {
	t.Helper()
	l, err := net.Listen("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func (p *pod) put(name, text string) {
	p.t.Helper()
	file := filepath.Join(p.spec.Root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pod) describe() {
	p.t.Helper()
	if err := os.WriteFile(p.spec.NativeFile, p.spec.EncodeNative(""), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pod) command(args ...string) *exec.Cmd {
	cmd := exec.Command(web, args...)
	cmd.Dir = p.spec.Root
	cmd.Env = append([]string{"GREETING=hi"}, p.spec.NativeEnv("/web", "/")...)
	return cmd
}

// says runs a command of the program to its end.
func (p *pod) says(args ...string) string {
	out, err := p.command(args...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// serve starts the program and waits until it listens.
func (p *pod) serve() *exec.Cmd {
	p.t.Helper()
	cmd := p.command()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for _, port := range []string{"8080.sock", "8081.udp.sock"} {
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if c, err := net.Dial("unix", filepath.Join(p.spec.Net, port)); err == nil {
				_ = c.Close()
				break
			}
			if time.Now().After(end) {
				p.t.Fatalf("port %s was never there", port)
			}
		}
	}
	return cmd
}

func TestNetwork(t *testing.T) {
	pods := newPods(t, "10.244.1.2", "10.244.1.3")
	server, client := pods[0], pods[1]
	cmd := server.serve()
	for _, tt := range []struct {
		from *pod
		args []string
		want string
	}{
		{client, []string{"get", "http://10.244.1.2:8080/"}, "hello from web-10.244.1.2 to 10.244.1.3:"},
		{client, []string{"get", "http://10.96.0.20:80/"}, "hello from web-10.244.1.2 to 10.244.1.3:"},
		{client, []string{"get", "http://one:8080/"}, "hello from"},
		{server, []string{"get", "http://localhost:8080/"}, "to 127.0.0.1:"},
		{server, []string{"get", "http://[::1]:8080/"}, "to 127.0.0.1:"},
		{server, []string{"get", "http://10.244.1.2:8080/"}, "to 10.244.1.2:"},
		{client, []string{"udp", "10.244.1.2:8081"}, "echo ping from 10.244.1.3"},
		{server, []string{"udp", "127.0.0.1:8081"}, "echo ping from 127.0.0.1"},
		{client, []string{"udp", "10.244.1.2:9"}, "connection refused"},
		{client, []string{"get", "http://10.244.1.2:81/"}, "dial tcp 10.244.1.2:81: connect: connection refused"},
		{client, []string{"get", "http://10.244.1.9:81/"}, "connect: no route to host"},
		{client, []string{"get", "http://192.0.2.1/"}, "connect: network is unreachable"},
		{client, []string{"get", "http://[2001:db8::1]/"}, "connect: network is unreachable"},
		{client, []string{"lookup", "localhost"}, "127.0.0.1"},
		{client, []string{"lookup", "web"}, "10.96.0.20"},
		{client, []string{"get", "http://web/"}, "hello from"},
		{client, []string{"lookup", "nobody"}, "lookup nobody on 10.96.0.10:53: no such host"},
		{client, []string{"raw"}, "address family not supported"},
		{client, []string{"interfaces"}, "[127.0.0.1/8 10.244.1.3/24]"},
		{server, []string{}, "bind: address already in use"},
	} {
		if got := tt.from.says(tt.args...); !strings.Contains(got, tt.want) {
			t.Errorf("%v in Pod %s: %q, want %q", tt.args, tt.from.spec.PodIP, got, tt.want)
		}
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil || !strings.Contains(fmt.Sprint(cmd.Stdout), "asked to end") {
		t.Errorf("after SIGTERM: %v, output %s", err, cmd.Stdout)
	}
	if got := client.says("get", "http://10.244.1.2:8080/"); !strings.Contains(got, "refused") {
		t.Errorf("after its end: %s", got)
	}
}

// TestPackageNetSpeaksWithPodnet dials the program as the node's own processes do.
func TestPackageNetSpeaksWithPodnet(t *testing.T) {
	p := newPods(t, "10.244.1.2")[0]
	p.serve()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := p.network.Dial(ctx, "tcp", "10.244.1.2:8080")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
	if b, _ := io.ReadAll(c); !strings.Contains(string(b), "hello from web-10.244.1.2 to ") {
		t.Errorf("over TCP: %s", b)
	}
	// A second server of the same program must not be seen as free by ours, and the other way round.
	if _, err := podnet.NewStack(p.spec).Listen(ctx, "tcp", ":8080"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a port that the program has: %v", err)
	}
	l, err := podnet.NewStack(p.spec).Listen(ctx, "tcp", ":9090")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		// An answer that comes before its request is an error to the client.
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			fmt.Fprintf(c, "HTTP/1.0 200 OK\r\n\r\nyou are %s", c.RemoteAddr())
		}
	}()
	if got := p.says("get", "http://10.244.1.2:9090/"); !strings.HasPrefix(got, "you are 10.244.1.2:") {
		t.Errorf("a server of package podnet: %q", got)
	}
}

func TestFiles(t *testing.T) {
	p := newPods(t, "10.244.1.2")[0]
	volume, single := t.TempDir(), filepath.Join(t.TempDir(), "resolv.conf")
	if err := errors.Join(os.MkdirAll(filepath.Join(volume, "..v1"), 0o755), os.WriteFile(filepath.Join(volume, "..v1", "key"), []byte("value"), 0o644),
		os.Symlink("..v1", filepath.Join(volume, "..data")), os.Symlink("..data/key", filepath.Join(volume, "key")),
		os.WriteFile(single, []byte("nameserver 10.96.0.10"), 0o644), os.Symlink("/data/real", filepath.Join(p.spec.Root, "link")),
		os.Symlink("/etc/passwd", filepath.Join(p.spec.Root, "out")), os.MkdirAll(filepath.Join(p.spec.Root, "config"), 0o755)); err != nil {
		t.Fatal(err)
	}
	p.spec.Mounts = []container.Mount{{Path: "/config", Source: volume, ReadOnly: true}, {Path: "/etc/resolv.conf", Source: single}}
	p.describe()
	for _, tt := range []struct{ args, want string }{
		{"cat /config/key", "value"},
		{"cat /etc/resolv.conf", "nameserver 10.96.0.10"},
		{"cat /link", "text"},
		{"cat data/real", "text"},
		{"cat /data/../data/./real", "text"},
		{"cat /../../../../etc/passwd", "open /../../../../etc/passwd: no such file or directory"},
		{"cat /out", "open /out: no such file or directory"},
		{"cat /proc/1/environ", "no such file"},
		{"cat /proc/self/environ", "no such file"},
		{"write /config/new x", "open /config/new: read-only file system"},
		{"write /tmp/new x", ""},
		{"cat /tmp/new", "x"},
		{"write /dev/null x", ""},
		{"ls /config", "..data ..v1 key"},
		{"ls /", "config data etc link out tmp"},
		{"pwd", "/"},
		{"self", "/web"},
		{"env", "GREETING=hi"},
		{"run /web pwd", "no such file"},
	} {
		if got := p.says(strings.Fields(tt.args)...); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt.args, got, tt.want)
		}
	}
	if got := p.says("env"); strings.Contains(got, "LEARN_") {
		t.Errorf("the environment shows what the node told: %s", got)
	}
}

// TestPrograms: what a program starts is one of the container's.
func TestPrograms(t *testing.T) {
	p := newPods(t, "10.244.1.2")[0]
	if err := os.Link(web, filepath.Join(p.spec.Root, "web")); err != nil {
		t.Fatal(err)
	}
	p.put("host", "\x7fELF of somebody else")
	if err := os.Chmod(filepath.Join(p.spec.Root, "host"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, want string }{
		{"run /web cat /data/real", "text"},
		{"run /web run /web self", "/web"},
		{"run /host", "exec format error"},
		{"run /bin/ls", "no such file"},
	} {
		if got := p.says(strings.Fields(tt.args)...); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.args, got, tt.want)
		}
	}
}

func TestLife(t *testing.T) {
	p := newPods(t, "10.244.1.2")[0]
	p.spec.Control = filepath.Join(filepath.Dir(p.spec.NativeFile), "c.sock")
	l := listen(t, p.spec.Control)
	p.describe()
	cmd := p.serve()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 137 {
		t.Errorf("when its node goes it ends with %d, want 137", code)
	}
	alone := exec.Command(web)
	alone.Env = []string{}
	if out, err := alone.CombinedOutput(); err == nil || !strings.Contains(string(out), "runs in its containers only") {
		t.Errorf("outside of a container: %v, %s", err, out)
	}
}
