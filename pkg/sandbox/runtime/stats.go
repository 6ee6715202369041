package runtime

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func value(v uint64) *runtimeapi.UInt64Value { return &runtimeapi.UInt64Value{Value: v} }

func cpuUsage(at int64, total, rate uint64) *runtimeapi.CpuUsage {
	return &runtimeapi.CpuUsage{Timestamp: at, UsageCoreNanoSeconds: value(total), UsageNanoCores: value(rate)}
}

func memoryUsage(at int64, m uint64) *runtimeapi.MemoryUsage {
	return &runtimeapi.MemoryUsage{
		Timestamp: at, WorkingSetBytes: value(m), UsageBytes: value(m), RssBytes: value(m),
		AvailableBytes: value(0), PageFaults: value(0), MajorPageFaults: value(0),
	}
}

func (c *container) stats() *runtimeapi.ContainerStats {
	bytes, inodes := c.layer()
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.figures
	if f.at.IsZero() {
		f.at = time.Now()
	}
	at := f.at.UnixNano()
	return &runtimeapi.ContainerStats{
		Attributes: &runtimeapi.ContainerAttributes{Id: c.id, Metadata: c.config.Metadata, Labels: c.config.Labels, Annotations: c.config.Annotations},
		Cpu:        cpuUsage(at, f.cpu, f.rate), Memory: memoryUsage(at, f.memory),
		WritableLayer: &runtimeapi.FilesystemUsage{Timestamp: at, FsId: &runtimeapi.FilesystemIdentifier{Mountpoint: "/"}, UsedBytes: value(bytes), InodesUsed: value(inodes)},
	}
}

// ContainerStats implements RuntimeService.
func (r *Runtime) ContainerStats(_ context.Context, id string) (*runtimeapi.ContainerStats, error) {
	c, err := r.find(id)
	if err != nil {
		return nil, err
	}
	return c.stats(), nil
}

// ListContainerStats implements RuntimeService.
func (r *Runtime) ListContainerStats(_ context.Context, f *runtimeapi.ContainerStatsFilter) ([]*runtimeapi.ContainerStats, error) {
	var out []*runtimeapi.ContainerStats
	for _, c := range r.snapshot() {
		if !c.running() || f.GetPodSandboxId() != "" && f.GetPodSandboxId() != c.pod.id || f.GetId() != "" && f.GetId() != c.id || !matches(f.GetLabelSelector(), c.config.Labels) {
			continue
		}
		out = append(out, c.stats())
	}
	return out, nil
}

func (r *Runtime) podStats(p *pod) *runtimeapi.PodSandboxStats {
	at := time.Now().UnixNano()
	var cpu, rate, memory uint64
	var all []*runtimeapi.ContainerStats
	for _, c := range r.snapshot() {
		if c.pod != p || !c.running() {
			continue
		}
		s := c.stats()
		all = append(all, s)
		cpu, rate, memory = cpu+s.Cpu.UsageCoreNanoSeconds.Value, rate+s.Cpu.UsageNanoCores.Value, memory+s.Memory.WorkingSetBytes.Value
	}
	return &runtimeapi.PodSandboxStats{
		Attributes: &runtimeapi.PodSandboxAttributes{Id: p.id, Metadata: p.config.Metadata, Labels: p.config.Labels, Annotations: p.config.Annotations},
		Linux: &runtimeapi.LinuxPodSandboxStats{
			Containers: all, Cpu: cpuUsage(at, cpu, rate), Memory: memoryUsage(at, memory),
			Network: &runtimeapi.NetworkUsage{Timestamp: at, DefaultInterface: &runtimeapi.NetworkInterfaceUsage{Name: "eth0", RxBytes: value(0), TxBytes: value(0), RxErrors: value(0), TxErrors: value(0)}},
			Process: &runtimeapi.ProcessUsage{Timestamp: at, ProcessCount: value(uint64(len(all)))},
		},
	}
}

// PodSandboxStats implements RuntimeService.
func (r *Runtime) PodSandboxStats(_ context.Context, id string) (*runtimeapi.PodSandboxStats, error) {
	r.mu.Lock()
	p, ok := r.pods[id]
	r.mu.Unlock()
	if !ok {
		return nil, status.Errorf(codes.NotFound, "Pod sandbox %q not found", id)
	}
	return r.podStats(p), nil
}

// ListPodSandboxStats implements RuntimeService.
func (r *Runtime) ListPodSandboxStats(context.Context, *runtimeapi.PodSandboxStatsFilter) ([]*runtimeapi.PodSandboxStats, error) {
	r.mu.Lock()
	var ready []*pod
	for _, p := range r.pods {
		if p.state == runtimeapi.PodSandboxState_SANDBOX_READY {
			ready = append(ready, p)
		}
	}
	r.mu.Unlock()
	out := make([]*runtimeapi.PodSandboxStats, 0, len(ready))
	for _, p := range ready {
		out = append(out, r.podStats(p))
	}
	return out, nil
}

// ListMetricDescriptors implements RuntimeService.
func (r *Runtime) ListMetricDescriptors(context.Context) ([]*runtimeapi.MetricDescriptor, error) {
	return nil, nil
}

// ListPodSandboxMetrics implements RuntimeService.
func (r *Runtime) ListPodSandboxMetrics(context.Context) ([]*runtimeapi.PodSandboxMetrics, error) {
	return nil, nil
}
