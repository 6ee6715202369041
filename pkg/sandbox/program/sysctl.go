package program

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// sysctls are the settings of the kernel that a container sees, by path below /proc/sys: a few of those that
// each Pod has of its own, and what the Pod asks for. Nothing reads them: they are only shown.
func (p *procFS) sysctls() map[string]string {
	all := map[string]string{
		"kernel/hostname":                     p.spec.Hostname,
		"kernel/osrelease":                    task.KernelRelease,
		"kernel/ostype":                       "Linux",
		"kernel/shm_rmid_forced":              "0",
		"kernel/msgmax":                       "8192",
		"net/core/somaxconn":                  "4096",
		"net/ipv4/ip_local_port_range":        "32768\t60999",
		"net/ipv4/ip_unprivileged_port_start": "0",
		"net/ipv4/ping_group_range":           "0\t2147483647",
		"net/ipv4/tcp_syncookies":             "1",
	}
	for name, value := range p.spec.Sysctls {
		if !strings.Contains(name, "/") {
			name = strings.ReplaceAll(name, ".", "/")
		}
		all[name] = value
	}
	return all
}

func (p *procFS) sysctl(name string) (content []byte, entries []string, err error) {
	all := p.sysctls()
	if value, ok := all[name]; ok {
		return []byte(value + "\n"), nil, nil
	}
	below := map[string]bool{}
	for path := range all {
		rest, ok := path, true
		if name != "" {
			rest, ok = strings.CutPrefix(path, name+"/")
		}
		if first, _, _ := strings.Cut(rest, "/"); ok {
			below[first] = true
		}
	}
	if len(below) == 0 {
		return nil, nil, fs.ErrNotExist
	}
	return nil, slices.Sorted(maps.Keys(below)), nil
}
