package program_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

func TestMain(m *testing.M) { os.Exit(withBinary(m)) }

// withBinary builds the real program once for all tests.
func withBinary(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lc")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "learn-container")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	args := []string{"build", "-o", bin}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "github.com/kubectl-learn/kubectl-learn/cmd/learn-container")...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build learn-container:", err)
		return 1
	}
	if err := os.Setenv("LEARN_CONTAINER_UNDER_TEST", bin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func binary() string { return os.Getenv("LEARN_CONTAINER_UNDER_TEST") }

// pod is a container with a root of its own on a Pod network of its own.
type pod struct {
	t     *testing.T
	image *program.Image
	spec  container.Spec
	dir   string
	execs int
	// held are the control connections.
	control net.Listener
	held    chan net.Conn
}

// newPod unpacks an image. The folder's path is short: sockets stand in it.
func newPod(t *testing.T, ref string) *pod {
	t.Helper()
	img, err := program.Lookup(ref)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	n := podnet.Network{Dir: filepath.Join(dir, "net")}
	if err := n.Init(); err != nil {
		t.Fatal(err)
	}
	netDir, err := n.AddPod("10.244.1.5")
	if err != nil {
		t.Fatal(err)
	}
	user, _, err := img.FindUser(img.User)
	if err != nil {
		t.Fatal(err)
	}
	p := &pod{t: t, image: img, dir: dir}
	p.spec = container.Spec{
		ID: strings.Repeat("ab", 32), Namespace: "learn", Pod: "web-0", Name: "main", Hostname: "web-0", Image: ref,
		Args: append(append([]string{}, img.Entrypoint...), img.Cmd...), Env: append([]string{"HOSTNAME=web-0", "HOME=/root"}, img.Env...),
		Dir: img.WorkingDir, Root: filepath.Join(dir, "root"), PodIP: "10.244.1.5", NodeName: "worker-1", Net: netDir,
		Proxy: filepath.Join(dir, "proxy.sock"), Procs: filepath.Join(dir, "procs"), User: user,
	}
	if err := os.MkdirAll(p.spec.Procs, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := program.Unpack(img, p.spec.Root); err != nil {
		t.Fatal(err)
	}
	return p
}

// run is one process of a pod.
type run struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *buffer
	err  *buffer
	done chan struct{}
}

func (p *pod) start(s container.Spec, in io.Reader) *run {
	p.t.Helper()
	p.execs++
	b, err := json.Marshal(s)
	if err != nil {
		p.t.Fatal(err)
	}
	file := filepath.Join(p.dir, fmt.Sprintf("spec-%d.json", p.execs))
	if err := os.WriteFile(file, b, 0o600); err != nil {
		p.t.Fatal(err)
	}
	r := &run{t: p.t, cmd: exec.Command(binary(), file), out: newBuffer(), err: newBuffer(), done: make(chan struct{})}
	r.cmd.Env = []string{"GORACE=halt_on_error=1 atexit_sleep_ms=0"}
	r.cmd.Dir = s.Root
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = in, r.out, r.err
	r.cmd.WaitDelay = patience
	if err := r.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() { _ = r.cmd.Wait(); close(r.done) }()
	p.t.Cleanup(func() { _ = r.cmd.Process.Kill(); <-r.done })
	return r
}

// main starts the container's main process; without args the image's.
func (p *pod) main(args ...string) *run {
	s := p.spec
	if len(args) > 0 {
		s.Args = args
	}
	return p.start(s, nil)
}

// exec starts a process that joins the container.
func (p *pod) exec(in string, args ...string) *run {
	s := p.spec
	s.Args, s.Exec, s.Stdin = args, true, in != ""
	var r io.Reader
	if in != "" {
		r = strings.NewReader(in)
	}
	return p.start(s, r)
}

// sh runs a script and returns standard output, standard error and the exit code.
func (p *pod) sh(script string) (out, errs string, code int) {
	p.t.Helper()
	r := p.exec("", "sh", "-c", script)
	code = r.wait()
	return r.out.String(), r.err.String(), code
}

// wait waits for the end and returns the exit code.
func (r *run) wait() int {
	r.t.Helper()
	select {
	case <-r.done:
		return r.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		r.t.Fatalf("still running: %v\nstdout: %s\nstderr: %s", r.cmd.Args, r.out, r.err)
		return -1
	}
}

func (r *run) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatalf("%v\nstdout: %s\nstderr: %s", err, r.out, r.err)
	}
}

// until waits for a text on standard output or error.
func (r *run) until(text string) {
	r.t.Helper()
	end := time.After(patience)
	for {
		// The channels are taken before looking, so that no change is missed.
		out, errs := r.out.changed(), r.err.changed()
		if strings.Contains(r.out.String(), text) || strings.Contains(r.err.String(), text) {
			return
		}
		select {
		case <-end:
			r.t.Fatalf("no %q\nstdout: %s\nstderr: %s", text, r.out, r.err)
		case <-out:
		case <-errs:
		case <-r.done:
			if strings.Contains(r.out.String(), text) || strings.Contains(r.err.String(), text) {
				return
			}
			r.t.Fatalf("ended with %d without %q\nstdout: %s\nstderr: %s", r.cmd.ProcessState.ExitCode(), text, r.out, r.err)
		}
	}
}

// alive fails the test if the process ends within a while.
func (r *run) alive(d time.Duration) {
	r.t.Helper()
	select {
	case <-r.done:
		r.t.Fatalf("ended with %d\nstdout: %s\nstderr: %s", r.cmd.ProcessState.ExitCode(), r.out, r.err)
	case <-time.After(d):
	}
}

// buffer is an io.Writer whose reader can wait for more.
type buffer struct {
	ch chan struct{}
	mu chan struct{}
	b  bytes.Buffer
}

func newBuffer() *buffer {
	b := &buffer{ch: make(chan struct{}), mu: make(chan struct{}, 1)}
	b.mu <- struct{}{}
	return b
}

func (b *buffer) Write(p []byte) (int, error) {
	<-b.mu
	defer func() { b.mu <- struct{}{} }()
	close(b.ch)
	b.ch = make(chan struct{})
	return b.b.Write(p)
}

func (b *buffer) String() string {
	<-b.mu
	defer func() { b.mu <- struct{}{} }()
	return b.b.String()
}

func (b *buffer) changed() <-chan struct{} {
	<-b.mu
	defer func() { b.mu <- struct{}{} }()
	return b.ch
}

// dial connects to a port of the pod as another Pod would.
func (p *pod) dial(ctx context.Context, port int) (net.Conn, error) {
	return podnet.Network{Dir: filepath.Join(p.dir, "net")}.DialPod(ctx, p.spec.PodIP, port)
}
