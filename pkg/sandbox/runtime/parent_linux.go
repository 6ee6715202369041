package runtime

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// parentOf is a process's parent, or 0.
func parentOf(pid int) int { return int(statOf(pid, statParent)[0]) }

// Fields of /proc/PID/stat that stand behind the name, counted from the state (proc_pid_stat(5)).
const (
	statParent       = 1
	statFlags        = 6
	statWaitedUser   = 13 // in ticks, as the next
	statWaitedSystem = 14
)

// statOf reads numbers of a process's stat; those of one that has ended are 0.
func statOf(pid int, fields ...int) []uint64 {
	numbers := make([]uint64, len(fields))
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return numbers
	}
	// The name, in brackets, may hold anything.
	all := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	for i, f := range fields {
		if f < len(all) {
			numbers[i], _ = strconv.ParseUint(string(all[f]), 10, 64)
		}
	}
	return numbers
}
