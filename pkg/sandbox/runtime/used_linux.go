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
