package program_test

import (
	"strconv"
	"syscall"
	"testing"

	"github.com/shirou/gopsutil/v4/process"
)

const term = syscall.SIGTERM

func itoa(n int) string { return strconv.Itoa(n) }

// cpuOf is the CPU time that a process took, in ns.
func cpuOf(t *testing.T, r *run) float64 {
	t.Helper()
	p, err := process.NewProcess(int32(r.cmd.Process.Pid))
	must(t, err)
	times, err := p.Times()
	must(t, err)
	return (times.User + times.System) * 1e9
}
