//go:build unix

package runtime

import (
	"io/fs"
	"syscall"
)

// onDisk is how many bytes of disk a file takes up, which is less than its size where it has holes.
func onDisk(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Blocks) * 512
	}
	return uint64(info.Size())
}
