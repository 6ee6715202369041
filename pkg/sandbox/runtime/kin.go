package runtime

// kin tells which processes the containers' own began. It remembers whose each process of the machine is, so
// that looking again costs little more than their number.
type kin struct {
	seen map[int]relation // by process
}

// relation is whose a process is. As long as it stays in its process group that does not change, whoever becomes
// its parent.
type relation struct {
	group int
	main  int // of the container, or 0
}

// leaders are the processes that a node began, by process ID, with the main process of the container of each.
type leaders map[int]int

// whose returns the main process of the container that a process belongs to, or 0: it is in a group that the node
// began, or it descends from a process that is. now has what was found by this look already.
func (k *kin) whose(pid int, all leaders, now map[int]relation, generations int) int {
	if main, ok := all[pid]; ok {
		return main
	}
	if pid <= 1 || generations == 0 {
		return 0
	}
	if r, ok := now[pid]; ok {
		return r.main
	}
	r := relation{group: groupOf(pid)}
	if main, ok := all[r.group]; ok {
		r.main = main
	} else if before, ok := k.seen[pid]; ok && before.group == r.group {
		if all[before.main] == before.main { // its container runs still
			r.main = before.main
		}
	} else {
		r.main = k.whose(parentOf(pid), all, now, generations-1)
	}
	now[pid] = r
	return r.main
}
