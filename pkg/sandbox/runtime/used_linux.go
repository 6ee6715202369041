package runtime

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// used asks about one process: its CPU time (ns) and its resident memory less what is shared
// (bytes), since the program's code is mapped by every container.
func used(pid int) (cpu, memory uint64, err error) {
	// The clock of another process: to the nanosecond, where /proc counts hundredths of a second.
	// See clock_getcpuclockid(3) for the number.
	const schedulerClock = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedulerClock), &t); err != nil {
		return 0, 0, err
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, 0, err
	}
	pages := strings.Fields(string(b)) // size, resident, shared
	if len(pages) < 3 {
		return 0, 0, fmt.Errorf("read memory of process %d: %q", pid, b)
	}
	resident, err := strconv.ParseUint(pages[1], 10, 64)
	if err != nil {
		return 0, 0, err
	}
	shared, err := strconv.ParseUint(pages[2], 10, 64)
	if err != nil {
		return 0, 0, err
	}
	return uint64(t.Nano()), (resident - min(shared, resident)) * uint64(os.Getpagesize()), nil
}

const (
	tick         = 10_000_000 // nanoseconds, in the files of /proc on every Linux that Go runs on
	forkedNoExec = 0x40       // PF_FORKNOEXEC of linux/sched.h
)

// waited is the CPU time (ns) of the children that a process had and that have ended. copying is true for one
// that is yet to run a program: until then its memory is its parent's.
func waited(pid int) (cpu uint64, copying bool) {
	s := statOf(pid, statWaitedUser, statWaitedSystem, statFlags)
	return (s[0] + s[1]) * tick, s[2]&forkedNoExec != 0
}
