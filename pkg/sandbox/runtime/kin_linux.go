package runtime

import (
	"os"
	"strconv"
)

// begun returns the processes that containers' processes began, by the main process of their container. Those in
// all are not among them. It reads the list of processes once, and a file for each that is new.
func (k *kin) begun(all leaders) map[int][]int {
	if len(all) == 0 {
		k.seen = nil
		return nil
	}
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer func() { _ = proc.Close() }()
	names, _ := proc.Readdirnames(-1) // what was read before an error counts
	now := make(map[int]relation, len(names))
	found := map[int][]int{}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if _, leads := all[pid]; leads {
			continue
		}
		if main := k.whose(pid, all, now, maxAncestors); main != 0 {
			found[main] = append(found[main], pid)
		}
	}
	k.seen = now
	return found
}
