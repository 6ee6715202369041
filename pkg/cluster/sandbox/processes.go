package sandbox

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
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
		all = append(all, describe(ctx, p, n.Name, n.Name, h.layout.Log(n.Name)))
		children, _ := p.ChildrenWithContext(ctx) // the error says that there are none
		slices.SortFunc(children, func(a, b *process.Process) int { return int(a.Pid - b.Pid) })
		for _, c := range children {
			if name, log, ok := containerOf(ctx, c, h.layout.Node(n.Index)); ok {
				all = append(all, describe(ctx, c, name, n.Name, log))
			}
		}
	}
	return all
}

func describe(ctx context.Context, p *process.Process, name, node, log string) cluster.Process {
	d := cluster.Process{Name: name, Node: node, PID: int(p.Pid), Log: log, Paused: paused(ctx, p)}
	if m, err := p.MemoryInfoWithContext(ctx); err == nil {
		d.Memory = m.RSS
	}
	return d
}

// paused says that a process was stopped, by SIGSTOP or a debugger, and does nothing until it is
// told to go on.
func paused(ctx context.Context, p *process.Process) bool {
	status, err := p.StatusWithContext(ctx)
	return err == nil && slices.Contains(status, process.Stop)
}

// containerOf tells which container a process of a node is, by the description that it was started
// with, and where its output goes.
func containerOf(ctx context.Context, p *process.Process, node string) (name, log string, ok bool) {
	args, err := p.CmdlineSliceWithContext(ctx)
	if err != nil || len(args) < 2 || !strings.HasPrefix(args[1], node) {
		return "", "", false
	}
	b, err := os.ReadFile(args[1])
	if err != nil {
		return "", "", false
	}
	var s container.Spec
	if json.Unmarshal(b, &s) != nil {
		return "", "", false
	}
	return s.Namespace + "/" + s.Pod + "/" + s.Name, newestLog(filepath.Join(node, "logs", s.Namespace+"_"+s.Pod+"_*", s.Name, "*.log")), true
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
