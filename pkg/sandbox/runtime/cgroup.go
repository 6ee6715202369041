package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Control groups are files on the node's disk, in the places and the form in which cgroup v2 has them. They
// show what is asked for and what is used. No kernel reads them: of the limits, memory alone is kept, by this package.
const cgroupPath = "sys/fs/cgroup"

const (
	cpuPeriod = 100000 // microseconds; the kernel's default
	minShares = 2
	maxShares = 262144
	maxWeight = 10000
)

func (r *Runtime) cgroupRoot() string { return filepath.Join(r.o.Disk, filepath.FromSlash(cgroupPath)) }

// cgroup is the folder of a Pod's control group.
func (r *Runtime) cgroup(config *runtimeapi.PodSandboxConfig) string {
	return filepath.Join(r.cgroupRoot(), "kubepods", "pod"+filepath.Base(config.GetMetadata().GetUid()))
}

// setLimits writes what a control group is limited to, as the kernel shows it.
func setLimits(dir string, res *runtimeapi.LinuxContainerResources) error {
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o755)); err != nil {
		return fmt.Errorf("make control group: %w", err)
	}
	quota, memory, period := "max", "max", res.GetCpuPeriod()
	if period <= 0 {
		period = cpuPeriod
	}
	if q := res.GetCpuQuota(); q > 0 {
		quota = strconv.FormatInt(q, 10)
	}
	if m := res.GetMemoryLimitInBytes(); m > 0 {
		memory = strconv.FormatInt(m, 10)
	}
	for name, text := range map[string]string{
		"cpu.max":    fmt.Sprintf("%s %d", quota, period),
		"cpu.weight": strconv.FormatInt(cpuWeight(res.GetCpuShares()), 10),
		"memory.max": memory,
	} {
		if err := show(filepath.Join(dir, name), text); err != nil {
			return fmt.Errorf("write control group: %w", err)
		}
	}
	return nil
}

// show writes a file that every user in the container may read. Who may on this machine is decided by the folders above.
func show(file, text string) error {
	return errors.Join(os.WriteFile(file, []byte(text+"\n"), 0o600), os.Chmod(file, 0o644))
}

// cpuWeight is what the shares of cgroup v1, in which CRI speaks, are in v2 (KEP-2254).
func cpuWeight(shares int64) int64 {
	s := min(max(shares, minShares), maxShares)
	return 1 + (s-minShares)*(maxWeight-1)/(maxShares-minShares)
}

// Use that changed by less is not written anew, so that a container that does nothing costs nothing.
const (
	cpuStep    = 10_000_000 // nanoseconds
	memoryStep = 64 << 10   // bytes
)

// showUse writes what the container uses into its control group; c.mu is held.
func (c *container) showUse() {
	f, last := c.figures, c.shown
	if !last.at.IsZero() && f.cpu-last.cpu < cpuStep && max(f.memory, last.memory)-min(f.memory, last.memory) < memoryStep {
		return
	}
	c.shown = f
	// It is a view for who looks: the container goes on without.
	_ = show(filepath.Join(c.cgroup, "memory.current"), strconv.FormatUint(f.memory, 10))
	_ = show(filepath.Join(c.cgroup, "cpu.stat"), fmt.Sprintf("usage_usec %d", f.cpu/1000))
}

// PodResources returns what the Pod's sandbox was last given. ok is false when it is not there.
func (r *Runtime) PodResources(uid string) (res *runtimeapi.LinuxContainerResources, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.pods {
		if p.config.GetMetadata().GetUid() == uid && p.state == runtimeapi.PodSandboxState_SANDBOX_READY {
			return p.resources, true
		}
	}
	return nil, false
}
