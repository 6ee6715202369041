package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	utilexec "k8s.io/utils/exec"
)

// screen is what a client sees, while it is being written.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// stream opens what the runtime's streaming server offers at address, as the kubelet's client does.
func stream(ctx context.Context, t *testing.T, address string, o remotecommand.StreamOptions) error {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if u.Hostname() != "127.0.0.1" {
		t.Fatalf("the streaming server is at %s", u)
	}
	e, err := remotecommand.NewSPDYExecutor(&rest.Config{}, http.MethodPost, u)
	if err != nil {
		t.Fatal(err)
	}
	return e.StreamWithContext(ctx, o)
}

func TestAttachSeesWhatTheContainerWrites(t *testing.T) {
	c := newNode(t).runPod("p").shell("n=0; while :; do n=$((n+1)); echo tick $n; echo tock $n >&2; sleep 0.05; done")
	a, err := c.Attach(t.Context(), &runtimeapi.AttachRequest{ContainerId: c.id, Stdout: true, Stderr: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs screen
	ended := make(chan error, 1)
	go func() { ended <- stream(ctx, t, a.GetUrl(), remotecommand.StreamOptions{Stdout: &out, Stderr: &errs}) }()
	c.eventually("both streams are seen", func() bool {
		return strings.Contains(out.String(), "tick") && strings.Contains(errs.String(), "tock")
	})
	if strings.Contains(out.String(), "tock") {
		t.Errorf("standard output has %q", out.String())
	}
	// Whoever is attached learns that the container has ended.
	if err := c.StopContainer(t.Context(), c.id, 0); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("attach ended with %v", err)
	}
}

func TestExecWithInput(t *testing.T) {
	c := newNode(t).runPod("p").shell("sleep 3600")
	e, err := c.Exec(t.Context(), &runtimeapi.ExecRequest{ContainerId: c.id, Cmd: []string{"sh", "-c", "cat; echo done >&2; exit 3"}, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		t.Fatal(err)
	}
	var out, errs screen
	err = stream(t.Context(), t, e.GetUrl(), remotecommand.StreamOptions{Stdin: strings.NewReader("one\ntwo\n"), Stdout: &out, Stderr: &errs})
	var exit utilexec.ExitError
	if !errors.As(err, &exit) || exit.ExitStatus() != 3 {
		t.Errorf("it ended with %v, want exit code 3", err)
	}
	if out.String() != "one\ntwo\n" || errs.String() != "done\n" {
		t.Errorf("it wrote %q and %q", out.String(), errs.String())
	}
	if err := stream(t.Context(), t, e.GetUrl(), remotecommand.StreamOptions{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}); err == nil {
		t.Error("a session's address is good twice")
	}
}

func TestPortForward(t *testing.T) {
	n := newNode(t)
	p := n.runPod("web")
	p.create("nginx:1.29").begin()
	n.eventually("nginx answers", func() bool { _, err := fetch(n, p.ip()); return err == nil })
	f, err := n.PortForward(t.Context(), &runtimeapi.PortForwardRequest{PodSandboxId: p.id, Port: []int32{80}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(f.GetUrl())
	if err != nil {
		t.Fatal(err)
	}
	transport, upgrader, err := spdy.RoundTripperFor(&rest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	stop, ready := make(chan struct{}), make(chan struct{})
	forward, err := portforward.NewOnAddresses(spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, u),
		[]string{"127.0.0.1"}, []string{"0:80"}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- forward.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	defer func() { close(stop); _ = <-ended }()
	ports, err := forward.GetPorts()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get((&url.URL{Scheme: "http", Host: "127.0.0.1:" + strconv.Itoa(int(ports[0].Local))}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if page, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(page), "Welcome to nginx!") {
		t.Errorf("the page is %s, %v", page, err)
	}
}

// sizes are those that a client's terminal has, one after the other.
type sizes chan remotecommand.TerminalSize

func (s sizes) Next() *remotecommand.TerminalSize {
	size, ok := <-s
	if !ok {
		return nil
	}
	return &size
}

// The terminal of an exec, and of a container that somebody is attached to, is as big as the client's, and changes with it.
func TestTheSizeOfATerminal(t *testing.T) {
	p := newNode(t).runPod("p")
	const script = "while :; do stty size; sleep 0.05; done"
	c := p.createAs(&runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, LogPath: "c.log", Image: &runtimeapi.ImageSpec{Image: "busybox:1.36"},
		Command: []string{"sh", "-c", script}, Tty: true, Stdin: true,
	})
	c.begin()
	e, err := c.Exec(t.Context(), &runtimeapi.ExecRequest{ContainerId: c.id, Cmd: []string{"sh", "-c", script}, Stdin: true, Stdout: true, Tty: true})
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Attach(t.Context(), &runtimeapi.AttachRequest{ContainerId: c.id, Stdin: true, Stdout: true, Tty: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, address := range map[string]string{"exec": e.GetUrl(), "attach": a.GetUrl()} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			in, keys := io.Pipe()
			queue, ended := make(sizes, 2), make(chan error, 1)
			defer func() {
				cancel()
				_ = keys.Close()
				close(queue)
				<-ended
			}()
			var out screen
			go func() {
				ended <- stream(ctx, t, address, remotecommand.StreamOptions{Stdin: in, Stdout: &out, Tty: true, TerminalSizeQueue: queue})
			}()
			queue <- remotecommand.TerminalSize{Width: 132, Height: 50}
			c.eventually("the first size", func() bool { return strings.Contains(out.String(), "50 132\r\n") })
			queue <- remotecommand.TerminalSize{Width: 99, Height: 33}
			c.eventually("the second size", func() bool { return strings.Contains(out.String(), "33 99\r\n") })
		})
	}
}
