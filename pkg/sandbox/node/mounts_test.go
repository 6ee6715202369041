package node

import (
	"os"
	"path/filepath"
	"testing"
)

// What is in memory is gone with its node, and a Pod that is removed leaves nothing behind.
func TestAMountInMemory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "memory")
	file := filepath.Join(dir, "sub", "file")
	write := func() {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write() // before the node's power failed
	m := newMounts(nil)
	if is, err := m.IsMountPoint(dir); is || err != nil {
		t.Errorf("mounted before anybody did: %v, %v", is, err)
	}
	if err := m.Mount("tmpfs", dir, "tmpfs", []string{"size=4096"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(file)); !os.IsNotExist(err) {
		t.Errorf("what was in memory is still there: %v", err)
	}
	write()
	if err := m.MountSensitiveWithoutSystemd("tmpfs", dir, "tmpfs", []string{"remount", "size=8192"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("mounted a second time it lost what it had: %v", err)
	}
	if got, size := m.FileSystem(file); got != "tmpfs" || size != 8192 {
		t.Errorf("a file in it stands on %q of %d bytes", got, size)
	}
	if got, size := m.FileSystem(filepath.Dir(dir)); got != "" || size != 0 {
		t.Errorf("the folder above it stands on %q of %d bytes", got, size)
	}
	if not, err := m.IsLikelyNotMountPoint(dir); not || err != nil {
		t.Errorf("it is likely no mount point: %v, %v", not, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if all, err := m.List(); len(all) != 0 || err != nil {
		t.Errorf("mounts of what is gone: %v, %v", all, err)
	}
	if _, err := m.IsMountPoint(dir); !os.IsNotExist(err) {
		t.Errorf("it is there: %v", err)
	}
}
