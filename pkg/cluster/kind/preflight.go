package kind

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

const (
	gib = 1 << 30
	// perNode and forControlPlane are what kind's nodes need with the lessons' Pods, in bytes; three
	// nodes were measured at 1 GB with a load on.
	perNode         = 300 << 20
	forControlPlane = 900 << 20
	// leastDisk is what images and the nodes' own files take, in bytes, once the node image is there.
	leastDisk = 3 * gib
	// fewInotify is the kernel's default, with which three nodes just work.
	fewInotify = 128
)

// preflight finds out before anything is made whether it can work, in words that say what to do.
func preflight(ctx context.Context, e engine, info engineInfo, name string, nodes int, p cluster.Progress) error {
	there, err := e.nodes(ctx, name)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return takenName(name)
	}
	if info.Rootless && info.Cgroup == 1 {
		return fmt.Errorf("%s runs without root on a machine with cgroup v1: kind needs cgroup v2 for that. Instead: --provider sandbox", e.name)
	}
	need := int64(forControlPlane + (nodes-1)*perNode)
	if info.Memory > 0 && info.Memory < need {
		fewer := ""
		if nodes > 2 {
			fewer = " take fewer nodes (--nodes 1),"
		}
		return fmt.Errorf("%s has %s of memory, and %d nodes need %s: give it more (Docker Desktop: Settings, Resources),%s or --provider sandbox",
			e.name, size(info.Memory), nodes, size(need), fewer)
	}
	if free, ok := freeDisk(info.Root); ok && free < leastDisk {
		return fmt.Errorf("%s has %s of disk left in %s, and a cluster needs %s: remove images that you do not need (%s image prune -a)",
			e.name, size(free), info.Root, size(leastDisk), e.name)
	}
	if info.Cgroup == 1 {
		p.Note("This machine has cgroup v1, which kubelets refuse since 1.35. They are told not to (failCgroupV1: false).")
	}
	if few := inotify(); few > 0 && (few < fewInotify || nodes > 3 && few <= fewInotify) {
		p.Note("%s", inotifyAdvice(few))
	}
	return nil
}

func takenName(name string) error {
	return fmt.Errorf("a kind cluster %s is there already, which "+plugin.Command+" did not make from here: take another name (--name), or delete that one with the tool that made it (kind delete cluster --name %s)", name, name)
}

// inotify is how many inotify instances a user of this machine may have, 0 where that is not known.
func inotify() int {
	b, err := os.ReadFile(filepath.FromSlash("/proc/sys/fs/inotify/max_user_instances"))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return n
}

func inotifyAdvice(few int) string {
	return fmt.Sprintf("This machine allows %d inotify instances; nodes that can't start may need more: sudo sysctl fs.inotify.max_user_instances=512", few)
}

// size is a number of bytes for people.
func size(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/gib) }
