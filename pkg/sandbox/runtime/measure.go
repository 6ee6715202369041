package runtime

import (
	"os"
	"os/exec"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	// lookEvery is how often every container is measured.
	lookEvery = time.Second
	// lookClosely is how often one is whose memory is near its limit.
	lookClosely = 200 * time.Millisecond
	// rateOver is the shortest time over which a rate of CPU says anything.
	rateOver = 900 * time.Millisecond
)

// figures are what a container used when it was last looked at.
type figures struct {
	at     time.Time
	cpu    uint64 // nanoseconds since its start
	rate   uint64 // nanoseconds a second
	memory uint64 // bytes of its own
}

// measure looks at every container once a second, more often at one that comes near its memory
// limit, and ends one that is over it.
func (r *Runtime) measure(stop <-chan struct{}) {
	var k kin
	for {
		next := lookEvery
		all := r.snapshot()
		begun := k.begun(leading(all))
		for _, c := range all {
			if c.measure(time.Now(), begun) {
				next = lookClosely
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(next):
		}
	}
}

// leading are the processes that the node began for the containers that run.
func leading(all []*container) leaders {
	out := leaders{}
	for _, c := range all {
		c.mu.Lock()
		if c.state == runtimeapi.ContainerState_CONTAINER_RUNNING {
			main := c.cmd.Process.Pid
			out[main] = main
			for pid := range c.joined {
				out[pid] = main
			}
		}
		c.mu.Unlock()
	}
	return out
}

// measure is true when the container should be looked at again soon. begun has what its processes began, by
// the main one.
func (c *container) measure(now time.Time, begun map[int][]int) (near bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != runtimeapi.ContainerState_CONTAINER_RUNNING {
		return false
	}
	limit := uint64(max(0, c.config.GetLinux().GetResources().GetMemoryLimitInBytes()))
	if now.Sub(c.figures.at) < rateOver && (limit == 0 || c.figures.memory < limit/2) {
		return false // somebody else's turn
	}
	others := begun[c.cmd.Process.Pid]
	cpu, memory, err := c.used(others)
	if err != nil {
		return false // it has just ended
	}
	c.figures.memory = memory
	if since := now.Sub(c.figures.at); since >= rateOver {
		if !c.figures.at.IsZero() && cpu >= c.figures.cpu {
			c.figures.rate = uint64(float64(cpu-c.figures.cpu) / since.Seconds())
		}
		c.figures.at, c.figures.cpu = now, max(cpu, c.figures.cpu)
	}
	c.showUse()
	if limit > 0 && memory > limit {
		c.oom = true
		c.killAll(others)
	}
	return limit > 0 && memory >= limit/2
}

// killAll ends the container's processes, and those that they began; c.mu is held.
func (c *container) killAll(others []int) {
	killGroup(c.cmd.Process)
	for pid := range c.joined {
		if p, err := os.FindProcess(pid); err == nil {
			killGroup(p)
		}
	}
	for _, pid := range others { // which may have left those groups
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
}

// used asks the operating system about the container's processes, and those that they began: CPU time (ns) of
// all that there were, and the memory that is theirs alone (bytes). c.mu is held.
func (c *container) used(others []int) (cpu, memory uint64, err error) {
	main := c.cmd.Process.Pid
	if cpu, memory, err = used(main); err != nil {
		return 0, 0, err
	}
	// Nobody has children but who was seen to have any: the rest need not be asked for them.
	if c.parent = c.parent || len(others) > 0; c.parent {
		ended, _ := waited(main)
		cpu += ended
	}
	cpu += c.left
	for pid := range c.joined {
		t, m, err := used(pid)
		if err != nil {
			continue
		}
		if c.parent {
			ended, _ := waited(pid)
			t += ended
		}
		cpu, memory = cpu+t, memory+m
	}
	for _, pid := range others {
		t, m, err := used(pid)
		if err != nil {
			continue
		}
		ended, copying := waited(pid)
		if cpu += t + ended; !copying {
			memory += m
		}
	}
	return cpu, memory, nil
}

// join counts a process that came by kubectl exec or a probe to the container.
func (c *container) join(cmd *exec.Cmd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.joined == nil {
		c.joined = map[int]bool{}
	}
	c.joined[cmd.Process.Pid] = true
}

// leave keeps the CPU time of one that ended.
func (c *container) leave(cmd *exec.Cmd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.joined, cmd.Process.Pid)
	if s := cmd.ProcessState; s != nil {
		c.left += uint64(s.UserTime() + s.SystemTime())
	}
}

func (c *container) cpu() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.figures.cpu
}

// Usage returns what the node uses, its own process included: nanoseconds of CPU since it started,
// and bytes of memory now.
func (r *Runtime) Usage() (cpu, memory uint64) {
	cpu, memory = r.PodUsage()
	if c, m, err := used(os.Getpid()); err == nil {
		cpu, memory = cpu+c, memory+m
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return cpu, memory + r.taken.memory
}

// PodUsage returns what the node's Pods use together, in the same units.
func (r *Runtime) PodUsage() (cpu, memory uint64) {
	r.mu.Lock()
	cpu = r.spent
	r.mu.Unlock()
	for _, c := range r.snapshot() {
		c.mu.Lock()
		cpu += c.figures.cpu
		if c.state == runtimeapi.ContainerState_CONTAINER_RUNNING {
			memory += c.figures.memory
		}
		c.mu.Unlock()
	}
	return cpu, memory
}
