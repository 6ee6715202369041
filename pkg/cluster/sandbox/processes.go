package sandbox

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// processes are those of the cluster that run: its parts, each followed by its containers.
func (h *Handle) processes(ctx context.Context) []cluster.Process {
	var all []cluster.Process
	for _, n := range h.config.Nodes {
		pid, ok := sandbox.Alive(h.layout, n.Name)
		if !ok || pid == 0 {
			continue
		}
		p, err := process.NewProcessWithContext(ctx, int32(pid))
		if err != nil {
			continue // it has just ended
		}
		part := cluster.Process{Name: n.Name, Node: n.Name, PID: pid, Log: h.layout.Log(n.Name), Paused: paused(ctx, p)}
		if m, err := p.MemoryInfoWithContext(ctx); err == nil {
			part.Memory = m.RSS
		}
		all = append(all, part)
		dir := h.layout.Node(n.Index)
		for _, c := range runtime.Processes(ctx, pid, dir) {
			all = append(all, containerProcess(ctx, c, n.Name, dir))
		}
	}
	return all
}

// containerProcess is a process of a container of the node whose folder is given.
func containerProcess(ctx context.Context, c runtime.Process, node, dir string) cluster.Process {
	d := cluster.Process{
		Name: c.Namespace + "/" + c.Pod + "/" + c.Container, Node: node, PID: c.PID, Memory: c.Memory,
		Log: newestLog(filepath.Join(dir, "logs", c.Namespace+"_"+c.Pod+"_*", c.Container, "*.log")),
	}
	if p, err := process.NewProcessWithContext(ctx, int32(c.PID)); err == nil {
		d.Paused = paused(ctx, p)
	}
	return d
}

// paused says that a process was stopped, by SIGSTOP or a debugger, and does nothing until it is
// told to go on.
func paused(ctx context.Context, p *process.Process) bool {
	status, err := p.StatusWithContext(ctx)
	return err == nil && slices.Contains(status, process.Stop)
}

// newestLog is the file that was written to last.
func newestLog(pattern string) (newest string) {
	found, _ := filepath.Glob(pattern)
	var at int64
	for _, f := range found {
		if info, err := os.Stat(f); err == nil && info.ModTime().UnixNano() >= at {
			newest, at = f, info.ModTime().UnixNano()
		}
	}
	return newest
}
