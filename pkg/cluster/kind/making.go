package kind

import (
	"context"
	"os"
	"slices"

	"github.com/shirou/gopsutil/v4/process"
)

// making says that commands of the engine still run which make containers of a cluster: they outlive
// the command that kind ran in. kind gives each such container a label, as an argument of its own.
func making(ctx context.Context, cluster string) bool {
	all, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return false
	}
	for _, p := range all {
		if int(p.Pid) == os.Getpid() {
			continue
		}
		args, err := p.CmdlineSliceWithContext(ctx)
		if err == nil && slices.Contains(args, "run") && slices.Contains(args, clusterLabel+"="+cluster) {
			return true
		}
	}
	return false
}
