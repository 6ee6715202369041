// Package runtime is the container runtime of a practice node: the kubelet speaks to it as it
// speaks to containerd (k8s.io/cri-api), and a container is an operating system process that runs
// a program of package program. It keeps nothing over a restart of its node, as a machine whose
// power failed keeps no process.
package runtime

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	internalapi "k8s.io/cri-api/pkg/apis"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// Options say where a Runtime lives.
type Options struct {
	// Dir is the node's folder.
	Dir string
	// Disk is the folder that stands for the node's disk.
	Disk    string
	Node    sandbox.Node
	Network podnet.Network
	// Proxy is the node's service proxy, to which each Pod gets a door of its own. Without it Pods reach
	// nothing but themselves.
	Proxy *podnet.Proxy
	// Images has those that are not built in.
	Images image.Store
	// Program is the executable of containers. It is called with the name role.Container.
	Program string
	// FileSystem tells the type of the file system that a path of the host stands on, as containers are
	// to see it, and its size in bytes, or 0 where it was given none; nil and the empty string stand for the
	// node's disk.
	FileSystem func(path string) (kind string, size int64)
	// Kubectl is the executable that is kubectl in containers (role.Kubectl).
	Kubectl string
}

// Version is what the runtime calls itself in the node's status.
const Version = "1.0.0"

// Runtime is the runtime and image service of one node.
type Runtime struct {
	o       Options
	control string // the socket that every container's process holds a connection to
	stream  streaming.Server
	closing []func() error
	groups  groups
	windows windows

	mu         sync.Mutex
	pods       map[string]*pod
	containers map[string]*container
	images     map[string]*runtimeapi.Image
	lastIP     int
	spent      uint64 // nanoseconds of CPU of containers that were removed
	taken      taken
	disk       count
}

var (
	_ internalapi.RuntimeService      = (*Runtime)(nil)
	_ internalapi.ImageManagerService = (*Runtime)(nil)
)

// New removes what an earlier run of this node left, and begins to serve.
func New(o Options) (*Runtime, error) {
	r := &Runtime{
		o: o, control: filepath.Join(o.Dir, "control.sock"),
		pods: map[string]*pod{}, containers: map[string]*container{}, images: map[string]*runtimeapi.Image{},
	}
	if err := r.clean(); err != nil {
		return nil, fmt.Errorf("start container runtime: %w", err)
	}
	if err := r.serveControl(); err != nil {
		return nil, fmt.Errorf("start container runtime: %w", err)
	}
	if err := r.serveStreams(); err != nil {
		return nil, fmt.Errorf("start container runtime: %w", err)
	}
	stop := make(chan struct{})
	r.closing = append(r.closing, func() error { close(stop); return nil })
	go r.measure(stop)
	return r, nil
}

// Close ends every container and what serves them.
func (r *Runtime) Close(context.Context) error {
	for _, c := range r.snapshot() {
		c.kill()
	}
	var errs []error
	for _, p := range r.allPods() {
		errs = append(errs, p.closeDoor())
	}
	for _, f := range r.closing {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

func (r *Runtime) clean() error {
	for _, dir := range []string{r.containersDir(), r.cgroupRoot()} {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	for i := firstHost; i <= lastHost; i++ {
		if err := r.o.Network.RemovePod(r.address(i)); err != nil {
			return err
		}
	}
	return os.MkdirAll(r.containersDir(), 0o700)
}

func (r *Runtime) containersDir() string { return filepath.Join(r.o.Dir, "c") }

func (r *Runtime) snapshot() []*container {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*container, 0, len(r.containers))
	for _, c := range r.containers {
		all = append(all, c)
	}
	return all
}

func (r *Runtime) allPods() []*pod {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*pod, 0, len(r.pods))
	for _, p := range r.pods {
		all = append(all, p)
	}
	return all
}

// find looks a container up by its ID or by the beginning of it.
func (r *Runtime) find(id string) (*container, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.containers[id]; ok {
		return c, nil
	}
	for cid, c := range r.containers {
		if id != "" && strings.HasPrefix(cid, id) {
			return c, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "an error occurred when try to find container %q: not found", id)
}

func newID() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func matches(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// Version implements RuntimeService.
func (r *Runtime) Version(context.Context, string) (*runtimeapi.VersionResponse, error) {
	return &runtimeapi.VersionResponse{Version: "0.1.0", RuntimeName: "kubectl-learn", RuntimeVersion: Version, RuntimeApiVersion: "v1"}, nil
}

// Status implements RuntimeService.
func (r *Runtime) Status(context.Context, bool) (*runtimeapi.StatusResponse, error) {
	return &runtimeapi.StatusResponse{
		Status: &runtimeapi.RuntimeStatus{Conditions: []*runtimeapi.RuntimeCondition{
			{Type: runtimeapi.RuntimeReady, Status: true}, {Type: runtimeapi.NetworkReady, Status: true},
		}},
		Features:        &runtimeapi.RuntimeFeatures{SupplementalGroupsPolicy: true},
		RuntimeHandlers: []*runtimeapi.RuntimeHandler{{Name: ""}},
	}, nil
}

// RuntimeConfig implements RuntimeService.
func (r *Runtime) RuntimeConfig(context.Context) (*runtimeapi.RuntimeConfigResponse, error) {
	return &runtimeapi.RuntimeConfigResponse{}, nil
}

// UpdateRuntimeConfig implements RuntimeService: the node's range of addresses is known from its index.
func (r *Runtime) UpdateRuntimeConfig(context.Context, *runtimeapi.RuntimeConfig) error { return nil }

var errUnsupported = status.Error(codes.Unimplemented, "the sandbox's container runtime does not support this")

// CheckpointContainer implements RuntimeService.
func (r *Runtime) CheckpointContainer(context.Context, *runtimeapi.CheckpointContainerRequest) error {
	return errUnsupported
}

// CheckpointPod implements RuntimeService.
func (r *Runtime) CheckpointPod(context.Context, *runtimeapi.CheckpointPodRequest) error {
	return errUnsupported
}

// RestorePod implements RuntimeService.
func (r *Runtime) RestorePod(context.Context, *runtimeapi.RestorePodRequest) (*runtimeapi.RestorePodResponse, error) {
	return nil, errUnsupported
}

// GetContainerEvents implements RuntimeService: the kubelet looks by itself, once a second.
func (r *Runtime) GetContainerEvents(context.Context, chan *runtimeapi.ContainerEventResponse, func(runtimeapi.RuntimeService_GetContainerEventsClient)) error {
	return errUnsupported
}
