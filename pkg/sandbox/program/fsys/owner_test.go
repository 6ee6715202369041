package fsys_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/owner"
)

// A user may do to files what the kernel would let it do, by owner, group and mode.
func TestWhatAUserMayDo(t *testing.T) {
	h := newHost(t)
	for name, mode := range map[string]fs.FileMode{"root": 0o755, "root/dir": 0o755, "vol": 0o777 | fs.ModeSticky, "root/dir/file": 0o600} {
		if err := os.Chmod(filepath.Join(h.dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := owner.SetGroup(filepath.Join(h.dir, "ro"), 0); err != nil {
		t.Skip("the file system has no extended attributes:", err)
	}
	root := h.fs(t)
	h.spec.User = container.User{UID: 1000, GID: 1000, Groups: []int64{1000, 2000}}
	f := h.fs(t)

	_, err := f.ReadFile("/dir/file")
	fails(t, err, syscall.EACCES, "/dir/file")
	fails(t, f.WriteFile("/dir/new", nil, 0o644), syscall.EACCES, "/dir/new")
	fails(t, f.Mkdir("/dir/new", 0o755), syscall.EACCES, "/dir/new")
	fails(t, f.Symlink("x", "/dir/new"), syscall.EACCES, "/dir/new")
	fails(t, f.Remove("/dir/file"), syscall.EACCES, "/dir/file")
	fails(t, f.Chmod("/dir/file", 0o666), syscall.EPERM, "/dir/file")
	fails(t, f.Remove("/vol/data"), syscall.EPERM, "/vol/data") // the folder is sticky
	fails(t, f.Chown("/vol/data", true, 1000, -1), syscall.EPERM, "/vol/data")

	// What it makes is its own, even where the host would let nobody write a record.
	if err := f.WriteFile("/vol/mine", []byte("mine"), 0o400); err != nil {
		t.Fatal(err)
	}
	if got := f.Owner("/vol/mine", true); got != (owner.ID{UID: 1000, GID: 1000}) {
		t.Errorf("the file belongs to %+v", got)
	}
	if fi, err := f.Stat("/vol/mine"); err != nil || fi.Mode().Perm() != 0o400 {
		t.Errorf("its mode is %v, %v", fi.Mode(), err)
	}
	read(t, f, "/vol/mine", "mine")
	fails(t, f.WriteFile("/vol/mine", nil, 0), syscall.EACCES, "/vol/mine")
	if err := f.Chown("/vol/mine", true, -1, 2000); err != nil {
		t.Errorf("to a group of its own: %v", err)
	}
	if got := root.Owner("/vol/mine", true); got != (owner.ID{UID: 1000, GID: 2000}) {
		t.Errorf("root sees that it belongs to %+v", got)
	}

	// A folder that only root may enter hides what is in it.
	if err := root.Chmod("/dir", 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = f.Stat("/dir/file")
	fails(t, err, syscall.EACCES, "/dir/file")
	_, err = f.ReadDir("/dir")
	fails(t, err, syscall.EACCES, "/dir")

	// A group's folder: setgid passes the group on, and members may write.
	if err := errors.Join(root.Chmod("/dir", 0o770|fs.ModeSetgid), root.Chown("/dir", true, 0, 2000)); err != nil {
		t.Fatal(err)
	}
	if err := f.Mkdir("/dir/sub", 0o755); err != nil {
		t.Fatal(err)
	}
	if got := f.Owner("/dir/sub", true); got != (owner.ID{UID: 1000, GID: 2000}) {
		t.Errorf("the folder belongs to %+v", got)
	}
	if err := root.WriteFile("/dir/sub/of-root", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.RemoveAll("/dir/sub"); err != nil {
		t.Errorf("its own folder can't be removed: %v", err)
	}
}
