package runtime_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// stats are the container's, as the kubelet gets them.
func (c *container) stats() *runtimeapi.ContainerStats {
	c.t.Helper()
	s, err := c.ContainerStats(c.t.Context(), c.id)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// Limits are seen in the container and on the node's disk, and change while it runs.
func TestLimitsStandInControlGroups(t *testing.T) {
	p := newNode(t).runPod("p")
	c := p.createAs(&runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, LogPath: "c.log", Image: &runtimeapi.ImageSpec{Image: "busybox:1.36"},
		Command: []string{"sh", "-c", "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/memory.max /proc/1/oom_score_adj; echo x > /sys/fs/cgroup/cpu.max; sleep 3600"},
		Linux:   &runtimeapi.LinuxContainerConfig{Resources: &runtimeapi.LinuxContainerResources{CpuQuota: 20000, CpuPeriod: 100000, MemoryLimitInBytes: 64 << 20, OomScoreAdj: 985}},
	})
	c.begin()
	const limits = "20000 100000\n67108864\n985\n"
	c.eventually("the limits and the refusal to change them in the log", func() bool { return len(c.log()) > len(limits)+2*40 })
	cgroup := filepath.Join(p.dir, "disk", "sys", "fs", "cgroup", "kubepods", "podp-uid")
	for _, step := range []struct {
		resources *runtimeapi.LinuxContainerResources
		want      string
	}{
		{nil, "20000 100000\n"},
		{&runtimeapi.LinuxContainerResources{CpuQuota: 50000, CpuPeriod: 100000}, "50000 100000\n"},
		{&runtimeapi.LinuxContainerResources{}, "max 100000\n"},
	} {
		if step.resources != nil {
			if err := c.UpdateContainerResources(t.Context(), c.id, &runtimeapi.ContainerResources{Linux: step.resources}); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := os.ReadFile(filepath.Join(cgroup, c.id, "cpu.max")); err != nil || string(b) != step.want {
			t.Errorf("cpu.max is %q, %v; want %q", b, err, step.want)
		}
	}
	if _, err := c.UpdatePodSandboxResources(t.Context(), &runtimeapi.UpdatePodSandboxResourcesRequest{PodSandboxId: p.id, Resources: &runtimeapi.LinuxContainerResources{MemoryLimitInBytes: 7}}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(cgroup, "memory.max")); err != nil || string(b) != "7\n" {
		t.Errorf("the Pod's memory.max is %q, %v", b, err)
	}
	if res, ok := c.PodResources("p-uid"); !ok || res.GetMemoryLimitInBytes() != 7 {
		t.Errorf("the Pod has %v, %t", res, ok)
	}
	if err := c.RemovePodSandbox(t.Context(), p.id); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(cgroup); !os.IsNotExist(err) {
		t.Errorf("the control group of a Pod that is gone: %v", err)
	}
}

// What a container wrote counts, what its image brought does not.
func TestWrittenFilesCount(t *testing.T) {
	n := newNode(t)
	clean := n.runPod("clean").shell("sleep 3600")
	writes := n.runPod("writes").shell("head -c 3000000 /dev/zero > /tmp/big; echo done; sleep 3600")
	writes.eventually("the file", func() bool { return len(writes.log()) > 0 })
	if b := clean.stats().GetWritableLayer().GetUsedBytes().GetValue(); b != 0 {
		t.Errorf("a container that wrote nothing has %d bytes", b)
	}
	if b := writes.stats().GetWritableLayer().GetUsedBytes().GetValue(); b < 3000000 || b > 3100000 {
		t.Errorf("a container that wrote 3 MB has %d bytes", b)
	}
}

// The CPU time of kubectl exec is the container's.
func TestExecCountsAsTheContainers(t *testing.T) {
	c := newNode(t).runPod("p").shell("sleep 3600")
	c.eventually("figures", func() bool { return c.stats().GetMemory().GetWorkingSetBytes().GetValue() > 0 })
	idle := c.stats().GetCpu().GetUsageCoreNanoSeconds().GetValue()
	if _, _, err := c.ExecSync(t.Context(), c.id, []string{"sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"}, 0); err != nil {
		t.Fatal(err)
	}
	c.eventually("20 ms of CPU more", func() bool {
		return c.stats().GetCpu().GetUsageCoreNanoSeconds().GetValue() > idle+20_000_000
	})
}

// A node that is pressed counts all but what is left as used, and gives it back.
func TestANodeIsPressed(t *testing.T) {
	n := newNode(t)
	for _, step := range []struct {
		left         runtime.Left
		memory, disk uint64 // at least in use
	}{
		{runtime.Left{Memory: 100 << 20, Disk: -1}, task.NodeMemory - 101<<20, 0},
		{runtime.Left{Memory: -1, Disk: 1 << 30}, 0, task.NodeDisk - 1<<30 - 1<<20},
		{runtime.Left{Memory: -1, Disk: -1}, 0, 0},
	} {
		if err := runtime.Take(context.Background(), n.control(), step.left); err != nil {
			t.Fatal(err)
		}
		_, memory := n.Usage()
		if memory < step.memory || memory > task.NodeMemory || step.memory == 0 && memory > task.NodeMemory/2 {
			t.Errorf("%+v left: %d bytes of memory are in use", step.left, memory)
		}
		if disk := n.Disk(); disk < step.disk || disk > task.NodeDisk || step.disk == 0 && disk > task.NodeDisk/2 {
			t.Errorf("%+v left: %d bytes of disk are in use", step.left, disk)
		}
	}
}

// A container is told how big a volume in memory is.
func TestTheSizeOfAVolumeInMemory(t *testing.T) {
	n := newNode(t)
	volume := filepath.Join(n.dir, "memory")
	if err := os.Mkdir(volume, 0o755); err != nil {
		t.Fatal(err)
	}
	c := n.runPod("p").createAs(&runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, LogPath: "c.log", Image: &runtimeapi.ImageSpec{Image: "busybox:1.36"},
		Command: []string{"sh", "-c", "grep ' /data ' /proc/mounts; df -h /data"}, Mounts: []*runtimeapi.Mount{{ContainerPath: "/data", HostPath: volume}},
	})
	c.begin()
	c.ended()
	if log := c.log(); !strings.Contains(log, "tmpfs /data tmpfs rw,relatime,size=1024k 0 0\n") || !strings.Contains(log, " 1.0M ") {
		t.Errorf("it sees:\n%s", log)
	}
}
