package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	criclient "k8s.io/cri-client/pkg"
	"k8s.io/cri-streaming/pkg/streaming"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
)

// How long a process that joined a container may outlive it: what ended the container (kill 1) is let go by
// itself, so that its exit code is its own.
const (
	execGrace = 5 * time.Second
	// terminalGrace is for a process with a terminal: most are shells, which would wait for a line all the time.
	terminalGrace = time.Second
	// stoppedGrace is for those in a container that the node ended or removes.
	stoppedGrace = 250 * time.Millisecond
)

// serveStreams serves exec, attach and port-forward on loopback; every session has a token that
// is good once, which only the kubelet is told.
func (r *Runtime) serveStreams() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	config := streaming.DefaultConfig
	config.BaseURL = &url.URL{Scheme: "http", Host: l.Addr().String()}
	if r.stream, err = streaming.NewServer(config, streams{r}); err != nil {
		return errors.Join(err, l.Close())
	}
	// Its own Start listens when it comes to it, and writes the address that others read by then.
	server := &http.Server{Handler: r.stream, ReadHeaderTimeout: 10 * time.Second}
	r.closing = append(r.closing, server.Close)
	go func() { _ = server.Serve(l) }()
	return nil
}

// Exec implements RuntimeService.
func (r *Runtime) Exec(_ context.Context, req *runtimeapi.ExecRequest) (*runtimeapi.ExecResponse, error) {
	return r.stream.GetExec(req)
}

// Attach implements RuntimeService.
func (r *Runtime) Attach(_ context.Context, req *runtimeapi.AttachRequest) (*runtimeapi.AttachResponse, error) {
	return r.stream.GetAttach(req)
}

// ExecSync implements RuntimeService: probes and lifecycle hooks.
func (r *Runtime) ExecSync(ctx context.Context, id string, argv []string, timeout time.Duration) (stdout, stderr []byte, err error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	var out, errs bytes.Buffer
	err = r.exec(ctx, id, argv, nil, &out, &errs, false, nil)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// What the kubelet's own client of CRI makes of it: a probe that takes too long has failed.
		return nil, nil, fmt.Errorf("%w: %q timed out after %s", criclient.ErrCommandTimedOut, strings.Join(argv, " "), timeout)
	}
	if notStarted, ok := errors.AsType[notStartedError](err); ok {
		err = status.Error(codes.Unknown, notStarted.Error())
	}
	return out.Bytes(), errs.Bytes(), err
}

// notStartedError says that a command could not be run in a container, in containerd's words.
type notStartedError struct {
	exec string // the ID of the attempt
	err  error
}

func (e notStartedError) Error() string {
	return fmt.Sprintf("failed to exec in container: failed to start exec %q: OCI runtime exec failed: exec failed: unable to start container process: %v", e.exec, e.err)
}

// exec runs argv in a running container; sizes are those of its terminal, if any. An exit code other than 0 is a utilexec.CodeExitError.
func (r *Runtime) exec(ctx context.Context, id string, argv []string, stdin io.Reader, stdout, stderr io.Writer, tty bool, sizes <-chan remotecommand.TerminalSize) error {
	if len(argv) == 0 {
		return status.Error(codes.InvalidArgument, "exec needs a command")
	}
	c, err := r.find(id)
	if err != nil {
		return err
	}
	x, err := c.execCommand(r, argv, stdin != nil, tty)
	if err != nil {
		return err
	}
	cmd := x.Cmd
	defer os.Remove(x.described)
	if tty && sizes != nil {
		go func() {
			r.windows.follow(x.described, sizes)
			r.windows.forget(x.described)
		}()
	}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if tty {
		cmd.Stderr = stdout
	}
	cmd.WaitDelay = time.Second
	if stdin != nil {
		pipe, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(pipe, stdin)
			_ = pipe.Close()
		}()
	}
	if err := r.groups.start(cmd, c.pod); err != nil {
		return fmt.Errorf("failed to start exec: %w", err)
	}
	c.join(cmd)
	defer r.groups.ended(cmd)
	if x.native {
		if leave, err := process.Open(c.spec.Procs).Enter(cmd.Process.Pid, false, argv); err == nil {
			defer leave()
		}
	}
	// It ends with its container, and with who asked for it.
	waited := make(chan struct{})
	go func() {
		select {
		case <-waited:
		case <-ctx.Done():
			killGroup(cmd.Process)
		case <-c.done:
			if c.outlived(ctx, waited, tty) {
				killGroup(cmd.Process)
			}
		}
	}()
	_ = cmd.Wait()
	close(waited)
	c.leave(cmd)
	if code := exitCode(cmd.ProcessState); code != 0 {
		return utilexec.CodeExitError{Err: fmt.Errorf("command terminated with exit code %d", code), Code: int(code)}
	}
	return nil
}

// outlived waits for the end of a process that joined the container, which has ended; ended is closed then. It says
// whether the process has not ended in its time.
func (c *container) outlived(ctx context.Context, ended <-chan struct{}, tty bool) bool {
	grace := execGrace
	if tty {
		grace = terminalGrace
	}
	select {
	case <-ended:
		return false
	case <-ctx.Done():
		return true
	case <-time.After(grace):
		return true
	case <-c.unwanted:
	}
	select {
	case <-ended:
		return false
	case <-ctx.Done():
	case <-time.After(stoppedGrace):
	}
	return true
}

// execution is a process that is to join a container.
type execution struct {
	*exec.Cmd
	described string // the file with its Spec
	native    bool
}

func (c *container) execCommand(r *Runtime, argv []string, stdin, tty bool) (*execution, error) {
	c.mu.Lock()
	state := c.state
	c.execs++
	file := "exec-" + strconv.Itoa(c.execs) + ".json"
	c.mu.Unlock()
	if state != runtimeapi.ContainerState_CONTAINER_RUNNING {
		return nil, status.Errorf(codes.FailedPrecondition, "container is in state %s", state)
	}
	s := c.spec
	s.Args, s.Exec, s.Stdin, s.Terminal = argv, true, stdin, tty
	if tty {
		s.Env = append(append([]string{}, s.Env...), "TERM=xterm")
	}
	if err := c.image.LookPath(&s, argv[0]); err != nil {
		return nil, notStartedError{newID(), err}
	}
	cmd, native, err := r.command(c, s, file)
	return &execution{cmd, filepath.Join(c.dir, file), native}, err
}

// streams gives the streaming server what it calls; the names are those of RuntimeService with
// other parameters.
type streams struct{ r *Runtime }

func (s streams) Exec(ctx context.Context, id string, argv []string, in io.Reader, out, errs io.WriteCloser, tty bool, sizes <-chan remotecommand.TerminalSize) error {
	return s.r.exec(ctx, id, argv, in, writer(out), writer(errs), tty, sizes)
}

// Attach joins a running container's own streams, until it ends or the client goes.
func (s streams) Attach(ctx context.Context, id string, in io.Reader, out, errs io.WriteCloser, tty bool, sizes <-chan remotecommand.TerminalSize) error {
	c, err := s.r.find(id)
	if err != nil {
		return err
	}
	if !c.running() {
		return status.Errorf(codes.FailedPrecondition, "container %s is not running", c.spec.Name)
	}
	detach := c.output.attach(writer(out), writer(errs))
	defer detach()
	if tty && sizes != nil {
		go s.r.windows.follow(filepath.Join(c.dir, specFile), sizes)
	}
	gone := make(chan struct{})
	if in != nil && c.stdin != nil {
		go func() {
			_, err := io.Copy(c.stdin, in)
			if c.config.GetStdinOnce() {
				_ = c.stdin.Close()
			}
			if tty || err != nil {
				close(gone)
			}
		}()
	}
	select {
	case <-c.done:
	case <-gone:
	case <-ctx.Done():
	}
	return nil
}

// PortForward connects one stream with a port of the Pod.
func (s streams) PortForward(ctx context.Context, id string, port int32, stream io.ReadWriteCloser) error {
	s.r.mu.Lock()
	p, ok := s.r.pods[id]
	s.r.mu.Unlock()
	if !ok {
		return status.Errorf(codes.NotFound, "Pod sandbox %q not found", id)
	}
	ip := p.ip
	if ip == "" {
		ip = s.r.o.Node.IP()
	}
	conn, err := s.r.o.Network.DialPod(ctx, ip, int(port))
	if err != nil {
		return fmt.Errorf("failed to execute portforward in network namespace %q: failed to connect to localhost:%d inside namespace %q, IPv4: %w", "Pod "+filepath.Base(p.net), port, id, err)
	}
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, stream)
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	_, err = io.Copy(stream, conn)
	return err
}

// writer keeps a nil stream nil when it becomes an io.Writer.
func writer(w io.WriteCloser) io.Writer {
	if w == nil {
		return nil
	}
	return w
}
