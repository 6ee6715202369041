//go:build !linux

package runtime

import "github.com/shirou/gopsutil/v4/process"

// ownMemory is resident memory: these systems do not say how much of it is shared.
func ownMemory(p *process.Process) (uint64, error) {
	m, err := p.MemoryInfo()
	if err != nil {
		return 0, err
	}
	return m.RSS, nil
}
