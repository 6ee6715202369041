package runtime

import (
	"context"
	"fmt"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// Left is how much of a node there is left for Pods once something that is no Pod has taken the
// rest, as a runaway service of the node would. A negative number takes nothing.
type Left struct {
	Memory, Disk int64 // bytes
}

// taken are bytes that the node counts as used by itself, beside its Pods. They are numbers: nothing of the
// host is used up.
type taken struct{ memory, disk uint64 }

// baseDisk is what the system and the images of a node take up, in bytes.
const baseDisk = 5 << 30

// take answers a request of Take.
func (r *Runtime) take(request string) string {
	var left Left
	if _, err := fmt.Sscanf(request, "%d %d", &left.Memory, &left.Disk); err != nil {
		return err.Error()
	}
	r.mu.Lock()
	r.taken = taken{}
	r.mu.Unlock()
	_, memory := r.Usage()
	t := taken{memory: rest(task.NodeMemory, memory, left.Memory), disk: rest(task.NodeDisk, r.Disk(), left.Disk)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = t
	return takeAnswer
}

// rest is what must be taken of all, of which some is used, so that left is left.
func rest(all, used uint64, left int64) uint64 {
	if left < 0 || used+uint64(left) >= all {
		return 0
	}
	return all - used - uint64(left)
}

// Take has the node whose control socket is given count all but what is left as used, until it is
// taken back or the node starts anew. The kubelet finds that by itself, and does what it does.
func Take(ctx context.Context, control string, left Left) error {
	return ask(ctx, control, fmt.Sprintf("%s%d %d", takeRequest, left.Memory, left.Disk), takeAnswer)
}
