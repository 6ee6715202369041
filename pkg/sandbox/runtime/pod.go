package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"

	"os"
	"path/filepath"
	"sort"

	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
)

// The hosts of a node's /24 that Pods get; 1 is the node itself.
const (
	firstHost = 2
	lastHost  = 250
)

// pod is what CRI calls a sandbox: an address, and the containers that share it.
type pod struct {
	id      string
	config  *runtimeapi.PodSandboxConfig
	state   runtimeapi.PodSandboxState
	created time.Time
	ip      string // empty on the node's own network
	net     string // folder of its listening sockets
	dir     string // host folder of its files
	door    io.Closer
	// resources are those of all its containers together, as the kubelet last gave them.
	resources *runtimeapi.LinuxContainerResources
}

func (r *Runtime) address(host int) string {
	return fmt.Sprintf("10.244.%d.%d", r.o.Node.Index, host)
}

// allocate takes the next address that is free; r.mu is held.
func (r *Runtime) allocate() (ip, dir string, err error) {
	used := map[string]bool{}
	for _, p := range r.pods {
		if p.state == runtimeapi.PodSandboxState_SANDBOX_READY {
			used[p.ip] = true
		}
	}
	for range lastHost - firstHost + 1 {
		r.lastIP++
		if r.lastIP < firstHost || r.lastIP > lastHost {
			r.lastIP = firstHost
		}
		if ip := r.address(r.lastIP); !used[ip] {
			dir, err := r.o.Network.AddPod(ip)
			return ip, dir, err
		}
	}
	return "", "", errors.New("no free address: the node's range of Pod addresses is used up")
}

// RunPodSandbox implements RuntimeService.
func (r *Runtime) RunPodSandbox(_ context.Context, config *runtimeapi.PodSandboxConfig, _ string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &pod{
		id: newID(), config: config, state: runtimeapi.PodSandboxState_SANDBOX_READY, created: time.Now(),
		resources: config.GetLinux().GetResources(),
	}
	var err error
	if onHostNetwork(config) {
		p.net, err = r.o.Network.AddNode(r.o.Node.IP())
	} else {
		p.ip, p.net, err = r.allocate()
	}
	if err != nil {
		return "", fmt.Errorf("set up network of Pod %s: %w", config.GetMetadata().GetName(), err)
	}
	if err := r.openHostPorts(p, true); err != nil {
		return "", err
	}
	if err := r.writeFiles(p); err != nil {
		return "", fmt.Errorf("set up files of Pod %s: %w", config.GetMetadata().GetName(), err)
	}
	if err := r.openDoor(p); err != nil {
		return "", fmt.Errorf("set up network of Pod %s: %w", config.GetMetadata().GetName(), err)
	}
	if err := setLimits(r.cgroup(config), p.resources); err != nil {
		return "", err
	}
	if config.LogDirectory != "" {
		if err := os.MkdirAll(config.LogDirectory, 0o700); err != nil {
			return "", fmt.Errorf("make log folder: %w", err)
		}
	}
	r.pods[p.id] = p
	return p.id, nil
}

func onHostNetwork(config *runtimeapi.PodSandboxConfig) bool {
	return config.GetLinux().GetSecurityContext().GetNamespaceOptions().GetNetwork() == runtimeapi.NamespaceMode_NODE
}

func (p *pod) resolv() string   { return filepath.Join(p.dir, "resolv.conf") }
func (p *pod) hostname() string { return filepath.Join(p.dir, "hostname") }

// procs is the process table that the Pod's containers share where it asks for that.
func (p *pod) procs() string { return filepath.Join(p.dir, "procs") }

// hostnameOf is what the Pod's containers call themselves.
func (r *Runtime) hostnameOf(config *runtimeapi.PodSandboxConfig) string {
	if h := config.GetHostname(); h != "" {
		return h
	}
	return r.o.Node.Name
}

// writeFiles writes what a container runtime puts into every container of a Pod: /etc/hostname and
// /etc/resolv.conf, in containerd's order of lines.
func (r *Runtime) writeFiles(p *pod) error {
	p.dir = filepath.Join(r.containersDir(), "pod-"+p.id[:12])
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return err
	}
	if sharesProcesses(p.config.GetLinux().GetSecurityContext().GetNamespaceOptions()) {
		if err := process.Reserve(p.procs(), "/pause"); err != nil {
			return err
		}
	}
	return errors.Join(
		writePublic(p.hostname(), r.hostnameOf(p.config)+"\n"),
		writePublic(p.resolv(), resolvConf(p.config.GetDnsConfig())),
	)
}

// writePublic writes a file that any user of a container may read. On the host a folder above it is private.
func writePublic(path, content string) error {
	return errors.Join(os.WriteFile(path, []byte(content), 0o644), os.Chmod(path, 0o644)) // the umask takes from the first
}

func resolvConf(d *runtimeapi.DNSConfig) string {
	var b strings.Builder
	if s := d.GetSearches(); len(s) > 0 {
		fmt.Fprintln(&b, "search", strings.Join(s, " "))
	}
	for _, s := range d.GetServers() {
		fmt.Fprintln(&b, "nameserver", s)
	}
	if o := d.GetOptions(); len(o) > 0 {
		fmt.Fprintln(&b, "options", strings.Join(o, " "))
	}
	return b.String()
}

// StopPodSandbox implements RuntimeService: it ends the containers at once and frees the address.
func (r *Runtime) StopPodSandbox(_ context.Context, id string) error {
	r.mu.Lock()
	p, ok := r.pods[id]
	r.mu.Unlock()
	if !ok {
		return nil
	}
	for _, c := range r.snapshot() {
		if c.pod == p {
			c.kill()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.state == runtimeapi.PodSandboxState_SANDBOX_NOTREADY {
		return nil
	}
	p.state = runtimeapi.PodSandboxState_SANDBOX_NOTREADY
	if p.ip == "" {
		return p.closeDoor()
	}
	return errors.Join(p.closeDoor(), r.openHostPorts(p, false), r.o.Network.RemovePod(p.ip))
}

// RemovePodSandbox implements RuntimeService.
func (r *Runtime) RemovePodSandbox(ctx context.Context, id string) error {
	if err := r.StopPodSandbox(ctx, id); err != nil {
		return err
	}
	for _, c := range r.snapshot() {
		if c.pod.id == id {
			if err := r.RemoveContainer(ctx, c.id); err != nil {
				return err
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.pods[id]; ok {
		_ = os.RemoveAll(p.dir)
		delete(r.pods, id)
		if !r.has(p.config.GetMetadata().GetUid()) {
			_ = os.RemoveAll(r.cgroup(p.config))
		}
	}
	return nil
}

// PodSandboxStatus implements RuntimeService.
func (r *Runtime) PodSandboxStatus(_ context.Context, id string, _ bool) (*runtimeapi.PodSandboxStatusResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.pods[id]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "Pod sandbox %q not found", id)
	}
	return &runtimeapi.PodSandboxStatusResponse{Status: &runtimeapi.PodSandboxStatus{
		Id: id, Metadata: p.config.Metadata, State: p.state, CreatedAt: p.created.UnixNano(),
		Network: &runtimeapi.PodSandboxNetworkStatus{Ip: p.ip},
		Labels:  p.config.Labels, Annotations: p.config.Annotations,
		Linux: &runtimeapi.LinuxPodSandboxStatus{Namespaces: &runtimeapi.Namespace{Options: p.config.GetLinux().GetSecurityContext().GetNamespaceOptions()}},
	}}, nil
}

// ListPodSandbox implements RuntimeService: newest first.
func (r *Runtime) ListPodSandbox(_ context.Context, f *runtimeapi.PodSandboxFilter) ([]*runtimeapi.PodSandbox, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*runtimeapi.PodSandbox
	for id, p := range r.pods {
		if f.GetId() != "" && f.GetId() != id || f.GetState() != nil && f.GetState().State != p.state || !matches(f.GetLabelSelector(), p.config.Labels) {
			continue
		}
		out = append(out, &runtimeapi.PodSandbox{
			Id: id, Metadata: p.config.Metadata, State: p.state, CreatedAt: p.created.UnixNano(),
			Labels: p.config.Labels, Annotations: p.config.Annotations,
		})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].CreatedAt > out[j].CreatedAt })
	return out, nil
}

// has says whether there is a sandbox of that Pod; r.mu is held.
func (r *Runtime) has(uid string) bool {
	for _, p := range r.pods {
		if p.config.GetMetadata().GetUid() == uid {
			return true
		}
	}
	return false
}

// UpdatePodSandboxResources implements RuntimeService: they are shown, the containers' own are kept.
func (r *Runtime) UpdatePodSandboxResources(_ context.Context, req *runtimeapi.UpdatePodSandboxResourcesRequest) (*runtimeapi.UpdatePodSandboxResourcesResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.pods[req.GetPodSandboxId()]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "Pod sandbox %q not found", req.GetPodSandboxId())
	}
	p.resources = req.GetResources()
	return &runtimeapi.UpdatePodSandboxResourcesResponse{}, setLimits(r.cgroup(p.config), p.resources)
}

// PortForward implements RuntimeService.
func (r *Runtime) PortForward(_ context.Context, req *runtimeapi.PortForwardRequest) (*runtimeapi.PortForwardResponse, error) {
	return r.stream.GetPortForward(req)
}
