package runtime

import (
	"os/exec"
	"sync"
)

// groups are the process groups of a node's containers, by the process that leads each. What the
// operating system says about the far end of a socket is compared with them.
type groups struct {
	mu   sync.RWMutex
	pods map[int]*pod
}

// start starts a process of a Pod. It is in the table before it can have dialed anywhere, for whoever
// asks waits until then.
func (g *groups) start(cmd *exec.Cmd, p *pod) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := startWithout(cmd); err != nil {
		return err
	}
	if g.pods == nil {
		g.pods = map[int]*pod{}
	}
	g.pods[cmd.Process.Pid] = p
	return nil
}

func (g *groups) ended(cmd *exec.Cmd) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.pods, cmd.Process.Pid)
}

// owns says whether a process is one of a Pod's: it is in a group that the node began, or it
// descends from one that is.
func (g *groups) owns(p *pod, pid int) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for range maxAncestors {
		if pid <= 1 {
			return false
		}
		if owner, ok := g.pods[groupOf(pid)]; ok {
			return owner == p
		}
		pid = parentOf(pid)
	}
	return false
}

// maxAncestors ends the walk from a process to its parents.
const maxAncestors = 32
