package runtime

import (
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// countedFor is how long a count of files holds. The kubelet asks every few seconds.
const countedFor = 8 * time.Second

// count is how much a folder holds, and when that was counted.
type count struct {
	mu            sync.Mutex
	at            time.Time
	bytes, inodes uint64
}

// of returns the last count, or counts anew when that is too old.
func (c *count) of(add func(*count)) (bytes, inodes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) > countedFor {
		c.bytes, c.inodes = 0, 0
		add(c)
		c.at = time.Now()
	}
	return c.bytes, c.inodes
}

// written adds what a container wrote into its root file system: all that is not as its image has it.
func (c *count) written(root string, image *program.Image) {
	c.tree(root, func(rel string, info fs.FileInfo) bool {
		f, ok := image.Files["/"+filepath.ToSlash(rel)]
		return ok && info.Size() == int64(len(f.Content))
	})
}

// tree adds the files below a folder, but for those that skip knows. What goes while it looks is
// not there.
func (c *count) tree(root string, skip func(rel string, info fs.FileInfo) bool) {
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if rel, err := filepath.Rel(root, path); err == nil && skip != nil && skip(rel, info) {
			return nil
		}
		c.bytes += onDisk(info)
		c.inodes++
		return nil
	})
}

// Disk returns how many bytes of the node's disk are in use: by its system, by Pods and their logs.
func (r *Runtime) Disk() uint64 {
	bytes, _ := r.disk.of(func(c *count) {
		for _, dir := range []string{"pods", "logs", "disk"} {
			c.tree(filepath.Join(r.o.Dir, dir), nil)
		}
		for _, one := range r.snapshot() {
			b, _ := one.layer()
			c.bytes += b
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	return baseDisk + bytes + r.taken.disk
}

// layer returns what the container wrote into its root file system.
func (c *container) layer() (bytes, inodes uint64) {
	return c.written.of(func(n *count) { n.written(c.spec.Root, c.image) })
}
