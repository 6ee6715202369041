//go:build !windows

package kind

import "golang.org/x/sys/unix"

// freeDisk is what is left where a folder is, in bytes. It is not known where the engine runs on
// another machine, or in a virtual one.
func freeDisk(folder string) (int64, bool) {
	var s unix.Statfs_t
	if folder == "" || unix.Statfs(folder, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
