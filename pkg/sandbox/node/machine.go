package node

import (
	"context"
	"strconv"
	"time"

	cadvisorapi "github.com/google/cadvisor/lib/model"
	"k8s.io/klog/v2"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// A node's size is a declared number: nothing of the host is set aside for it, and nothing of the
// host is asked, so that the kubelet never evicts Pods because the learner's machine is full.
const (
	cores    = task.NodeCPUs
	memory   = task.NodeMemory
	diskSize = task.NodeDisk
)

// usage is what a node and its Pods use together.
type usage interface {
	// Usage returns nanoseconds of CPU since the node started, and bytes of memory in use now.
	Usage() (cpu, memory uint64)
	// PodUsage is the part of it that is the Pods'.
	PodUsage() (cpu, memory uint64)
	// Disk returns bytes of the node's disk that are in use.
	Disk() uint64
}

// machine tells the kubelet about the computer that it runs on, in cAdvisor's place.
type machine struct {
	name    string
	started time.Time
	used    usage
}

func (m *machine) Start() error { return nil }

// ContainerInfoV2 knows two groups: all that runs on the node, and its Pods.
func (m *machine) ContainerInfoV2(name string, _ cadvisorapi.RequestOptions) (map[string]cadvisorapi.ContainerInfo, error) {
	cpu, mem := m.used.Usage()
	if name == podGroup {
		cpu, mem = m.used.PodUsage()
	}
	stats := &cadvisorapi.ContainerStats{
		Timestamp: time.Now(),
		Cpu:       &cadvisorapi.CpuStats{Usage: cadvisorapi.CpuUsage{Total: cpu}},
		Memory:    &cadvisorapi.MemoryStats{Usage: mem, WorkingSet: mem, RSS: mem},
	}
	spec := cadvisorapi.ContainerSpec{CreationTime: m.started, HasCpu: true, HasMemory: true, Memory: cadvisorapi.MemorySpec{Limit: memory}}
	return map[string]cadvisorapi.ContainerInfo{name: {Spec: spec, Stats: []*cadvisorapi.ContainerStats{stats}}}, nil
}

func (m *machine) GetRequestedContainersInfo(string, cadvisorapi.RequestOptions) (map[string]*cadvisorapi.ContainerInfo, error) {
	return map[string]*cadvisorapi.ContainerInfo{}, nil
}

func (m *machine) MachineInfo(klog.Logger) (*cadvisorapi.MachineInfo, error) {
	return &cadvisorapi.MachineInfo{
		NumCores: cores, MemoryCapacity: memory, MachineID: m.name, SystemUUID: m.name,
		HugePages: []cadvisorapi.HugePagesInfo{{PageSize: 2 << 10}, {PageSize: 1 << 20}}, // sizes in KiB; there are none
		BootID:    strconv.FormatInt(m.started.UnixNano(), 16),
	}, nil
}

func (m *machine) VersionInfo() (*cadvisorapi.VersionInfo, error) {
	return &cadvisorapi.VersionInfo{KernelVersion: task.KernelRelease, ContainerOsVersion: "kubectl learn sandbox"}, nil
}

func (m *machine) disk() (cadvisorapi.FsInfo, error) {
	inodes, free := uint64(1<<20), uint64(1<<19)
	used := min(m.used.Disk(), diskSize)
	return cadvisorapi.FsInfo{
		Timestamp: time.Now(), Device: "practice-disk", Mountpoint: "/",
		Capacity: diskSize, Available: diskSize - used, Usage: used, Inodes: &inodes, InodesFree: &free,
	}, nil
}

func (m *machine) ImagesFsInfo(context.Context) (cadvisorapi.FsInfo, error)    { return m.disk() }
func (m *machine) RootFsInfo() (cadvisorapi.FsInfo, error)                     { return m.disk() }
func (m *machine) ContainerFsInfo(context.Context) (cadvisorapi.FsInfo, error) { return m.disk() }
func (m *machine) GetDirFsInfo(string) (cadvisorapi.FsInfo, error)             { return m.disk() }
