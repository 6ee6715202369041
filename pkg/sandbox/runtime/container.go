package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	spec "github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/role"
)

// startErrorCode is the exit code of a container that never came to run, as in containerd.
const startErrorCode = 128

// specFile describes the container, in its folder.
const specFile = "spec.json"

type container struct {
	id      string
	dir     string
	pod     *pod
	config  *runtimeapi.ContainerConfig
	image   *program.Image
	spec    spec.Spec
	created time.Time
	output  *output
	cgroup  string        // host folder of its control group
	written count         // into its root file system
	done    chan struct{} // closed when it has ended

	unwanted chan struct{} // closed when the node ends or removes it
	reject   sync.Once     // closes unwanted

	mu       sync.Mutex
	state    runtimeapi.ContainerState
	started  time.Time
	finished time.Time
	exit     int32
	reason   string
	message  string
	cmd      *exec.Cmd
	unlist   func() // takes a native program out of the process table
	stdin    io.WriteCloser
	execs    int
	figures  figures
	shown    figures      // the last that its control group shows
	joined   map[int]bool // processes that came by exec
	left     uint64       // nanoseconds of CPU of those that ended
	parent   bool         // its processes begin others
	oom      bool
}

// CreateContainer implements RuntimeService.
func (r *Runtime) CreateContainer(_ context.Context, podID string, config *runtimeapi.ContainerConfig, podConfig *runtimeapi.PodSandboxConfig) (string, error) {
	r.mu.Lock()
	p, ok := r.pods[podID]
	r.mu.Unlock()
	if !ok {
		return "", status.Errorf(codes.NotFound, "Pod sandbox %q not found", podID)
	}
	ref := config.GetImage().GetUserSpecifiedImage()
	if ref == "" {
		ref = config.GetImage().GetImage()
	}
	image, err := r.o.Images.Lookup(ref)
	if err != nil {
		return "", status.Error(codes.NotFound, err.Error())
	}
	c := &container{
		id: newID(), pod: p, config: config, image: image, created: time.Now(), done: make(chan struct{}), unwanted: make(chan struct{}),
		state: runtimeapi.ContainerState_CONTAINER_CREATED,
	}
	c.dir = filepath.Join(r.containersDir(), c.id[:12])
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return "", fmt.Errorf("create container %s: %w", config.GetMetadata().GetName(), err)
	}
	c.cgroup = filepath.Join(r.cgroup(podConfig), c.id)
	if c.spec, err = r.containerSpec(c, ref, podConfig); err != nil {
		_ = os.RemoveAll(c.dir)
		return "", err
	}
	c.output = newOutput(filepath.Join(podConfig.GetLogDirectory(), config.GetLogPath()))
	c.spec.NativeFile, c.spec.Program = filepath.Join(c.dir, "spec.native"), r.o.Program
	// The root folder is open to the container's users; nobody else gets through those above it.
	err = errors.Join(os.MkdirAll(c.spec.Root, 0o755), os.MkdirAll(c.spec.Procs, 0o700))
	if err != nil {
		return "", fmt.Errorf("create container %s: %w", c.spec.Name, err)
	}
	if err := program.Unpack(image, c.spec.Root); err != nil {
		_ = os.RemoveAll(c.dir)
		return "", fmt.Errorf("unpack image %s: %w", ref, err)
	}
	if err := os.WriteFile(c.spec.NativeFile, c.spec.EncodeNative(filepath.Join(c.dir, specFile)), 0o600); err != nil {
		return "", fmt.Errorf("describe container %s: %w", c.spec.Name, err)
	}
	if err := setLimits(c.cgroup, config.GetLinux().GetResources()); err != nil {
		return "", fmt.Errorf("create container %s: %w", c.spec.Name, err)
	}
	c.showUse()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.containers[c.id] = c
	return c.id, nil
}

func (r *Runtime) containerSpec(c *container, ref string, podConfig *runtimeapi.PodSandboxConfig) (spec.Spec, error) {
	config := c.config
	hostname := r.hostnameOf(podConfig)
	user, home, err := userOf(c.image, config.GetLinux().GetSecurityContext())
	if err != nil {
		return spec.Spec{}, err
	}
	volumes, err := r.mounts(c)
	if err != nil {
		return spec.Spec{}, err
	}
	s := spec.Spec{
		ID: c.id, Namespace: podConfig.GetMetadata().GetNamespace(), Pod: podConfig.GetMetadata().GetName(), Name: config.GetMetadata().GetName(),
		Hostname: hostname, Image: ref, Args: commandLine(c.image, config), Env: environment(c.image, config, hostname, home),
		Dir: config.GetWorkingDir(), Root: filepath.Join(c.dir, "root"),
		ReadOnlyRoot: config.GetLinux().GetSecurityContext().GetReadonlyRootfs(),
		OOMScore:     config.GetLinux().GetResources().GetOomScoreAdj(),
		Mounts: []spec.Mount{
			{Path: "/etc/resolv.conf", Source: c.pod.resolv()}, {Path: "/etc/hostname", Source: c.pod.hostname()},
			{Path: "/" + cgroupPath, Source: c.cgroup, ReadOnly: true},
		},
		PodIP: c.pod.ip, NodeName: r.o.Node.Name, Net: c.pod.net, Proxy: c.pod.doorFile(), NodeKey: r.nodeKey(), Control: r.control, Kubectl: r.o.Kubectl,
		User: user, Sysctls: podConfig.GetLinux().GetSysctls(),
		Terminal: config.GetTty(), Stdin: config.GetStdin(),
	}
	s.Procs, s.Joined = r.processTable(c)
	if s.PodIP == "" {
		s.PodIP = r.o.Node.IP()
	}
	if s.Dir == "" {
		s.Dir = c.image.WorkingDir
	}
	if s.Dir == "" {
		s.Dir = "/"
	}
	// A volume may stand where the runtime has something of its own.
	s.Mounts = slices.DeleteFunc(s.Mounts, func(own spec.Mount) bool {
		return slices.ContainsFunc(volumes, func(v spec.Mount) bool { return path.Clean(v.Path) == own.Path })
	})
	s.Mounts = append(s.Mounts, volumes...)
	return s, nil
}

// sharesProcesses says that a Pod's containers are to see each other's processes. That is the zero
// value, so it counts where the kubelet said something.
func sharesProcesses(o *runtimeapi.NamespaceOption) bool {
	return o != nil && o.GetPid() == runtimeapi.NamespaceMode_POD
}

// processTable is the folder of the container's process table, and whether it joins one that is
// another's: the Pod's, or that of the container at which kubectl debug --target points.
func (r *Runtime) processTable(c *container) (dir string, joined bool) {
	o := c.config.GetLinux().GetSecurityContext().GetNamespaceOptions()
	if o.GetPid() == runtimeapi.NamespaceMode_TARGET {
		if target, err := r.find(o.GetTargetId()); err == nil {
			return target.spec.Procs, true
		}
	}
	if sharesProcesses(o) {
		return c.pod.procs(), true
	}
	return filepath.Join(c.dir, "procs"), false
}

// commandLine puts entrypoint and arguments together as a container engine does: a command of the
// Pod replaces both of the image's, arguments alone replace its arguments.
func commandLine(image *program.Image, config *runtimeapi.ContainerConfig) []string {
	command, args := config.GetCommand(), config.GetArgs()
	if len(command) == 0 {
		command = image.Entrypoint
		if len(args) == 0 {
			args = image.Cmd
		}
	}
	return append(append([]string{}, command...), args...)
}

func environment(image *program.Image, config *runtimeapi.ContainerConfig, hostname, home string) []string {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + hostname, "HOME=" + home}
	env = append(env, image.Env...)
	for _, e := range config.GetEnvs() {
		env = append(env, e.GetKey()+"="+string(e.GetValue()))
	}
	if config.GetTty() {
		env = append(env, "TERM=xterm")
	}
	return env
}

// StartContainer implements RuntimeService. A command that the image does not have ends the
// container with code 128 and the error that runc gives.
func (r *Runtime) StartContainer(_ context.Context, id string) error {
	c, err := r.find(id)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != runtimeapi.ContainerState_CONTAINER_CREATED {
		return status.Errorf(codes.FailedPrecondition, "container %q is not in state created", id)
	}
	if err := c.start(r); err != nil {
		err = fmt.Errorf("failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: %w", err)
		c.output.close()
		c.ended(startErrorCode, "StartError", err.Error())
		return err
	}
	c.state, c.started = runtimeapi.ContainerState_CONTAINER_RUNNING, time.Now()
	go c.wait(r)
	return nil
}

// start starts the process; c.mu is held.
func (c *container) start(r *Runtime) error {
	// The log is there even when nothing comes to write it.
	if err := c.output.open(); err != nil {
		return err
	}
	if len(c.spec.Args) == 0 {
		return errors.New("no command specified")
	}
	if err := c.image.LookPath(&c.spec, c.spec.Args[0]); err != nil {
		return err
	}
	cmd, native, err := r.command(c, c.spec, specFile)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = c.output.stream("stdout"), c.output.stream("stderr")
	if c.spec.Terminal {
		cmd.Stderr = cmd.Stdout
	}
	if c.spec.Stdin {
		if c.stdin, err = cmd.StdinPipe(); err != nil {
			return err
		}
	}
	// A process that outlives its parent must not keep the pipes, and so the container, open.
	cmd.WaitDelay = time.Second
	if err := r.groups.start(cmd, c.pod); err != nil {
		return err
	}
	c.cmd, c.parent = cmd, native
	if native {
		c.unlist, err = process.Open(c.spec.Procs).Enter(cmd.Process.Pid, !c.spec.Joined, c.spec.Args)
	}
	if err != nil {
		killGroup(cmd.Process)
		_ = cmd.Wait()
	}
	return err
}

// command is a process of the container that has not been started: s goes to file, in the
// container's folder. The process gets nothing else of ours, and nothing of the host's environment.
func (r *Runtime) command(c *container, s spec.Spec, file string) (cmd *exec.Cmd, native bool, err error) {
	path := filepath.Join(c.dir, file)
	s.Window = path
	b, err := json.Marshal(s)
	if err != nil {
		return nil, false, fmt.Errorf("describe container: %w", err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return nil, false, fmt.Errorf("describe container: %w", err)
	}
	if n := program.FindNative(&s); n != nil {
		return &exec.Cmd{Path: n.Path, Args: n.Args, Dir: n.Dir, Env: n.Env, SysProcAttr: ownGroup()}, true, nil
	}
	cmd = &exec.Cmd{Path: r.o.Program, Args: []string{string(role.Container), path}, Dir: s.Root, Env: hostEnvironment(), SysProcAttr: ownGroup()}
	return cmd, false, nil
}

// wait notes how the process ended.
func (c *container) wait(r *Runtime) {
	_ = c.cmd.Wait()
	killGroup(c.cmd.Process) // whatever it left behind
	r.groups.ended(c.cmd)
	r.windows.forget(filepath.Join(c.dir, specFile))
	if c.unlist != nil {
		c.unlist()
	}
	c.output.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	code, reason := exitCode(c.cmd.ProcessState), "Error"
	switch {
	case c.oom:
		code, reason = 137, "OOMKilled"
	case code == 0:
		reason = "Completed"
	}
	c.ended(code, reason, "")
}

// ended notes the end; c.mu is held.
func (c *container) ended(code int32, reason, message string) {
	c.state, c.finished = runtimeapi.ContainerState_CONTAINER_EXITED, time.Now()
	c.exit, c.reason, c.message = code, reason, message
	close(c.done)
}

func (c *container) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == runtimeapi.ContainerState_CONTAINER_RUNNING
}

// unwant says that it is the node that ends the container, or that it removes one that has ended.
func (c *container) unwant() { c.reject.Do(func() { close(c.unwanted) }) }

// kill ends the container's processes as the kernel would, and waits until they are gone.
func (c *container) kill() {
	if !c.running() {
		return
	}
	c.unwant()
	killGroup(c.cmd.Process)
	<-c.done
}

// begun returns once the main process stands in the container's process table, at the latest when
// limit is over. From then on it takes signals as process 1 does; one that comes before ends it.
func (c *container) begun(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !c.spec.Joined {
		if _, err := os.Stat(filepath.Join(c.spec.Procs, "1")); err == nil {
			return
		}
		select {
		case <-c.done:
			return
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// StopContainer implements RuntimeService: the image's stop signal to the main process, SIGKILL to all of them
// when timeout (seconds) is over.
func (r *Runtime) StopContainer(ctx context.Context, id string, timeout int64) error {
	c, err := r.find(id)
	if err != nil || !c.running() {
		return nil // what is not there is stopped
	}
	c.unwant()
	if timeout > 0 {
		c.begun(ctx, time.Duration(timeout)*time.Second)
		terminate(c.cmd.Process, c.image.StopSignal)
		select {
		case <-c.done:
			return nil
		case <-time.After(time.Duration(timeout) * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.kill()
	return nil
}

// RemoveContainer implements RuntimeService.
func (r *Runtime) RemoveContainer(_ context.Context, id string) error {
	c, err := r.find(id)
	if err != nil {
		return nil
	}
	c.kill()
	c.unwant()
	if err := errors.Join(os.RemoveAll(c.dir), os.RemoveAll(c.cgroup)); err != nil {
		return fmt.Errorf("remove container: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spent += c.cpu()
	delete(r.containers, c.id)
	return nil
}

// ListContainers implements RuntimeService: newest first.
func (r *Runtime) ListContainers(_ context.Context, f *runtimeapi.ContainerFilter) ([]*runtimeapi.Container, error) {
	var out []*runtimeapi.Container
	for _, c := range r.snapshot() {
		c.mu.Lock()
		state := c.state
		c.mu.Unlock()
		if f.GetId() != "" && f.GetId() != c.id || f.GetState() != nil && f.GetState().State != state ||
			f.GetPodSandboxId() != "" && f.GetPodSandboxId() != c.pod.id || !matches(f.GetLabelSelector(), c.config.Labels) {
			continue
		}
		out = append(out, &runtimeapi.Container{
			Id: c.id, PodSandboxId: c.pod.id, Metadata: c.config.Metadata, Image: c.config.Image, ImageRef: c.image.Digest, ImageId: c.image.Digest,
			State: state, CreatedAt: c.created.UnixNano(), Labels: c.config.Labels, Annotations: c.config.Annotations,
		})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].CreatedAt > out[j].CreatedAt })
	return out, nil
}

// ContainerStatus implements RuntimeService.
func (r *Runtime) ContainerStatus(_ context.Context, id string, _ bool) (*runtimeapi.ContainerStatusResponse, error) {
	c, err := r.find(id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &runtimeapi.ContainerStatusResponse{Status: &runtimeapi.ContainerStatus{
		Id: c.id, Metadata: c.config.Metadata, State: c.state,
		CreatedAt: c.created.UnixNano(), StartedAt: nano(c.started), FinishedAt: nano(c.finished),
		ExitCode: c.exit, Reason: c.reason, Message: c.message,
		Image: &runtimeapi.ImageSpec{Image: program.Reference(c.spec.Image)}, ImageRef: pinned(c.image), ImageId: c.image.Digest,
		Labels: c.config.Labels, Annotations: c.config.Annotations, Mounts: c.config.Mounts, LogPath: c.output.path,
		Resources: &runtimeapi.ContainerResources{Linux: c.config.GetLinux().GetResources()},
		User:      shownUser(c.spec.User),
	}}, nil
}

// pinned is an image's name with its digest.
func pinned(i *program.Image) string { return i.Repository + "@" + i.Digest }

func nano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// UpdateContainerResources implements RuntimeService. The memory limit counts from the next look on.
func (r *Runtime) UpdateContainerResources(_ context.Context, id string, res *runtimeapi.ContainerResources) error {
	c, err := r.find(id)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.config.Linux == nil {
		c.config.Linux = &runtimeapi.LinuxContainerConfig{}
	}
	c.config.Linux.Resources = res.GetLinux()
	return setLimits(c.cgroup, res.GetLinux())
}

// ReopenContainerLog implements RuntimeService.
func (r *Runtime) ReopenContainerLog(_ context.Context, id string) error {
	c, err := r.find(id)
	if err != nil {
		return err
	}
	return c.output.open()
}
