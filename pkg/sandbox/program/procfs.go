package program

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// procFS is /proc: the container's processes, and a computer of the size that a practice node declares.
// Nothing in it is the host's.
type procFS struct {
	spec    *container.Spec
	table   *process.Table
	started time.Time
}

func (p *procFS) read(name string) (content []byte, entries []string, err error) {
	switch name {
	case "":
		for _, e := range p.table.List() {
			entries = append(entries, strconv.Itoa(e.PID))
		}
		return nil, append(entries, "cpuinfo", "loadavg", "meminfo", "mounts", "self", "stat", "sys", "uptime", "version"), nil
	case "self":
		return fsys.Link(p.self()), nil, nil
	case "mounts":
		return fsys.Link("self/mounts"), nil, nil
	}
	if setting, ok := strings.CutPrefix(name, "sys"); ok && (setting == "" || setting[0] == '/') {
		return p.sysctl(strings.TrimPrefix(setting, "/"))
	}
	if text, ok := p.machine(name); ok {
		return []byte(text), nil, nil
	}
	first, rest, _ := strings.Cut(name, "/")
	if pid, err := strconv.Atoi(first); err == nil {
		return p.process(pid, rest)
	}
	return nil, nil, fs.ErrNotExist
}

// self is the program that this host process runs first.
func (p *procFS) self() string {
	for _, e := range p.table.List() {
		if !e.Inner && e.Host == os.Getpid() {
			return strconv.Itoa(e.PID)
		}
	}
	return "1"
}

func (p *procFS) machine(name string) (string, bool) {
	up := time.Since(p.started).Seconds()
	switch name {
	case "meminfo":
		kb := task.NodeMemory >> 10
		return fmt.Sprintf("MemTotal:       %8d kB\nMemFree:        %8d kB\nMemAvailable:   %8d kB\nBuffers:        %8d kB\nCached:         %8d kB\nSwapTotal:      %8d kB\nSwapFree:       %8d kB\n", kb, kb*3/4, kb*7/8, 0, kb/8, 0, 0), true
	case "loadavg":
		return fmt.Sprintf("0.00 0.00 0.00 1/%d %d\n", len(p.table.List()), 1), true
	case "uptime":
		return fmt.Sprintf("%.2f %.2f\n", up, up*task.NodeCPUs), true
	case "version":
		return "Linux version " + task.KernelRelease + " (kubectl-learn sandbox)\n", true
	case "cpuinfo":
		text := ""
		for i := range task.NodeCPUs {
			text += fmt.Sprintf("processor\t: %d\nmodel name\t: practice node\n\n", i)
		}
		return text, true
	case "stat":
		return fmt.Sprintf("cpu  0 0 0 0 0 0 0 0 0 0\nbtime %d\n", p.started.Unix()), true
	}
	return "", false
}

func (p *procFS) process(pid int, what string) ([]byte, []string, error) {
	i := slices.IndexFunc(p.table.List(), func(e process.Entry) bool { return e.PID == pid })
	if i < 0 {
		return nil, nil, fs.ErrNotExist
	}
	e := p.table.List()[i]
	command := e.Args[0][strings.LastIndex(e.Args[0], "/")+1:]
	switch what {
	case "":
		return nil, []string{"cmdline", "comm", "cwd", "environ", "fd", "mounts", "oom_score_adj", "stat", "status"}, nil
	case "fd":
		return nil, []string{"0", "1", "2"}, nil
	case "fd/0", "fd/1", "fd/2":
		if e.Host == os.Getpid() {
			return fsys.Link("/dev/" + what), nil, nil
		}
		// The log of process 1 is written to from an exec in many a script.
		return fsys.Pipe(fmt.Sprintf("/proc/%d/%s", e.Host, what)), nil, nil
	case "cmdline":
		return []byte(strings.Join(e.Args, "\x00") + "\x00"), nil, nil
	case "comm":
		return []byte(command + "\n"), nil, nil
	case "cwd":
		return fsys.Link(p.spec.Dir), nil, nil
	case "environ":
		return []byte(strings.Join(p.spec.Env, "\x00") + "\x00"), nil, nil
	case "stat":
		return fmt.Appendf(nil, "%d (%s) S %d %d 0 0 -1\n", pid, command, e.Parent, pid), nil, nil
	case "status":
		return fmt.Appendf(nil, "Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nUid:\t%[5]d\t%[5]d\t%[5]d\t%[5]d\nGid:\t%[6]d\t%[6]d\t%[6]d\t%[6]d\nThreads:\t1\n",
			command, pid, pid, e.Parent, p.spec.User.UID, p.spec.User.GID), nil, nil
	case "oom_score_adj":
		return fmt.Appendln(nil, p.spec.OOMScore), nil, nil
	case "mounts":
		text := "overlay / overlay rw,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"
		for _, m := range p.spec.Mounts {
			if m.Path == "/sys/fs/cgroup" {
				text += "cgroup /sys/fs/cgroup cgroup2 ro,nosuid,nodev,noexec,relatime 0 0\n"
				continue
			}
			mode := "rw"
			if m.ReadOnly {
				mode = "ro"
			}
			device, kind := "/dev/vda1", "ext4"
			if m.Type != "" {
				device, kind = m.Type, m.Type
			}
			size := ""
			if m.Size > 0 {
				size = fmt.Sprintf(",size=%dk", m.Size>>10)
			}
			text += fmt.Sprintf("%s %s %s %s,relatime%s 0 0\n", device, m.Path, kind, mode, size)
		}
		return []byte(text), nil, nil
	}
	return nil, nil, fs.ErrNotExist
}
