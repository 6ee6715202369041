package sandbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

const (
	// answerWithin is how long a part that is well may take to say so on a busy machine.
	answerWithin = time.Second
	// decideWithin is how long it may stay open whether a part lives. It is looked at again by what
	// comes after: this is not a verdict.
	decideWithin = 3 * time.Second
)

// listen waits for each part that should run until it answers or is known to have ended. A process
// that was just killed holds its lock, and even takes connections, until its memory is given back.
func (h *Handle) listen(ctx context.Context, p cluster.Progress) {
	if h.config.State != sandbox.Running {
		return
	}
	for _, n := range h.config.Nodes {
		if n.Stopped || n.Removing {
			continue
		}
		err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, decideWithin, true, func(ctx context.Context) (bool, error) {
			_, alive := sandbox.Alive(h.layout, n.Name)
			return !alive || h.answers(ctx, n), nil
		})
		if err != nil && ctx.Err() == nil {
			h.tellPaused(ctx, n, p)
		}
	}
}

// tellPaused says so where somebody stopped the process of a node.
func (h *Handle) tellPaused(ctx context.Context, n sandbox.Node, p cluster.Progress) {
	pid, alive := sandbox.Alive(h.layout, n.Name)
	if !alive || pid == 0 {
		return
	}
	if found, err := process.NewProcessWithContext(ctx, int32(pid)); err == nil && paused(ctx, found) {
		p.Note("The process of %s is paused and does nothing; nothing is lost. Let it go on: kill -CONT %d", n.Name, pid)
	}
}

// answers says that the node's process does something: it takes part in a handshake.
func (h *Handle) answers(ctx context.Context, n sandbox.Node) bool {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if !n.ControlPlane() {
		return runtime.Ping(ctx, h.layout.Control(n.Index)) == nil
	}
	// Nothing is asked and nothing believed, so that it does not matter who answers.
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	c, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", h.config.Port))
	if err != nil {
		return false
	}
	return c.Close() == nil
}
