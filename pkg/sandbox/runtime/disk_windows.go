package runtime

import "io/fs"

// onDisk is a file's size: Windows does not say in one call how much of it is on the disk.
func onDisk(info fs.FileInfo) uint64 { return uint64(info.Size()) }
