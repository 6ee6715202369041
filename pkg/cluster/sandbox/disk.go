package sandbox

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v4/disk"
)

// leastDisk is what must be free on the disk of a cluster's folder before a part is started, in
// bytes: etcd sets aside some of it, the rest is for a first lesson's objects and logs.
const leastDisk = 100 << 20

// roomFor says so where the disk of a cluster's folder is as good as full. Parts that start would end
// again, each with a sentence of its own.
func roomFor(ctx context.Context, dir string) error {
	usage, err := disk.UsageWithContext(ctx, dir)
	if err != nil || usage.Free >= leastDisk { // where it is not known, what comes will tell
		return nil
	}
	return fmt.Errorf("the disk of %s has %d MB left, and a practice cluster needs %d MB: free some space, then run the command again; what was made is kept", dir, usage.Free>>20, leastDisk>>20)
}
