package runtime

import "github.com/shirou/gopsutil/v4/process"

// ownMemory is resident memory less what is shared: the program's code is mapped by every container.
func ownMemory(p *process.Process) (uint64, error) {
	m, err := p.MemoryInfoEx()
	if err != nil {
		return 0, err
	}
	return m.RSS - min(m.Shared, m.RSS), nil
}
