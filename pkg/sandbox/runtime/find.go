package runtime

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v4/process"

	spec "github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/role"
)

// Process is a process that a node began for one of its containers: its main process, or one that joined it.
type Process struct {
	Namespace, Pod, Container string
	PID                       int
	// Memory is what is resident of it and of the processes that it began, in bytes.
	Memory uint64
}

// Processes finds those of the node whose process and folder are given, by what the operating system says about
// them: it is for who is not the node. The oldest come first.
func Processes(ctx context.Context, node int, dir string) []Process {
	p, err := process.NewProcessWithContext(ctx, int32(node))
	if err != nil {
		return nil // it has just ended
	}
	var found []Process
	all := leaders{}
	children, _ := p.ChildrenWithContext(ctx) // the error says that there are none
	for _, c := range children {
		s, err := describedBy(ctx, c, dir)
		if err != nil {
			continue
		}
		found = append(found, Process{Namespace: s.Namespace, Pod: s.Pod, Container: s.Name, PID: int(c.Pid)})
		all[int(c.Pid)] = int(c.Pid)
	}
	begun := (&kin{}).begun(all)
	for i := range found {
		for _, pid := range append(begun[found[i].PID], found[i].PID) {
			found[i].Memory += resident(ctx, pid)
		}
	}
	slices.SortFunc(found, func(a, b Process) int { return a.PID - b.PID })
	return found
}

func resident(ctx context.Context, pid int) uint64 {
	p, err := process.NewProcessWithContext(ctx, int32(pid))
	if err != nil {
		return 0
	}
	m, err := p.MemoryInfoWithContext(ctx)
	if err != nil {
		return 0
	}
	return m.RSS
}

// describedBy reads the description that a process of a container was started with: a file of the node's, whose
// folder is given.
func describedBy(ctx context.Context, p *process.Process, dir string) (s spec.Spec, err error) {
	file := ""
	args, err := p.CmdlineSliceWithContext(ctx)
	if err != nil {
		return s, err
	}
	if len(args) == 2 && role.Of(args) == role.Container {
		file = args[1]
	} else { // a native program has the command line that its Pod gave it
		env, err := p.EnvironWithContext(ctx)
		if err != nil {
			return s, err
		}
		for _, kv := range env {
			if native, ok := strings.CutPrefix(kv, spec.NativeFile+"="); ok {
				file = filepath.Join(filepath.Dir(native), specFile)
			}
		}
	}
	if !strings.HasPrefix(file, dir+string(filepath.Separator)) {
		return s, os.ErrNotExist
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}
