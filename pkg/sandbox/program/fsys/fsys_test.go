package fsys_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

const secret = "the host's secret"

// host is a folder of the host: a container's root and volumes, and files that no container may reach.
type host struct {
	dir  string
	spec *container.Spec
}

func newHost(t testing.TB) *host {
	t.Helper()
	h := &host{dir: t.TempDir()}
	for name, text := range map[string]string{
		"secret": secret, "root/etc/passwd": "root", "root/dir/file": "in the root", "vol/data": "in the volume", "vol/sub/deep": "deep", "single": "one file", "ro/fixed": "fixed",
	} {
		h.file(t, name, text)
	}
	h.spec = &container.Spec{
		Root: filepath.Join(h.dir, "root"),
		Mounts: []container.Mount{
			{Path: "/vol", Source: filepath.Join(h.dir, "vol")}, {Path: "/etc/single", Source: filepath.Join(h.dir, "single")},
			{Path: "/ro", Source: filepath.Join(h.dir, "ro"), ReadOnly: true}, {Path: "/a/b/c", Source: filepath.Join(h.dir, "vol", "sub")},
		},
	}
	return h
}

func (h *host) file(t testing.TB, name, text string) {
	t.Helper()
	p := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (h *host) link(t testing.TB, target, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(h.dir, name)); err != nil {
		t.Skip("no symbolic links here:", err)
	}
}

func (h *host) fs(t testing.TB) *fsys.FS {
	f := fsys.New(h.spec, nil)
	t.Cleanup(f.Close)
	return f
}

func read(t *testing.T, f *fsys.FS, name, want string) {
	t.Helper()
	if b, err := f.ReadFile(name); err != nil || string(b) != want {
		t.Errorf("%s: %q, %v; want %q", name, b, err, want)
	}
}

func fails(t *testing.T, err error, want error, path string) {
	t.Helper()
	var pe *fs.PathError
	if !errors.Is(err, want) || !errors.As(err, &pe) || pe.Path != path {
		t.Errorf("got %v, want %v with the path %s", err, want, path)
	}
}

func TestMounts(t *testing.T) {
	h := newHost(t)
	f := h.fs(t)
	read(t, f, "/dir/file", "in the root")
	read(t, f, "/vol/data", "in the volume")
	read(t, f, "/etc/single", "one file")
	read(t, f, "/a/b/c/deep", "deep")
	read(t, f, "/vol/../dir/./file", "in the root")
	fails(t, f.WriteFile("/ro/new", nil, 0o644), syscall.EROFS, "/ro/new")
	fails(t, f.Remove("/ro/fixed"), syscall.EROFS, "/ro/fixed")
	fails(t, f.RemoveAll("/vol"), syscall.EBUSY, "/vol")
	fails(t, f.Rename("/dir/file", "/vol/file"), syscall.EXDEV, "/vol/file")
	_, err := f.ReadFile("/etc/single/x")
	fails(t, err, syscall.ENOTDIR, "/etc/single/x")
	_, err = f.Stat("/none")
	fails(t, err, fs.ErrNotExist, "/none")
	if fi, err := f.Stat("/a/b"); err != nil || !fi.IsDir() {
		t.Errorf("the folder above a mount: %v, %v", fi, err)
	}
	for dir, want := range map[string]string{"/": "a", "/a": "b", "/a/b": "c", "/etc": "single"} {
		if got := names(t, f, dir); !slices.Contains(got, want) {
			t.Errorf("%s lists %q without %s", dir, got, want)
		}
	}
}

func names(t *testing.T, f *fsys.FS, dir string) []string {
	t.Helper()
	entries, err := f.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestMountPointsAreMade(t *testing.T) {
	h := newHost(t)
	f := h.fs(t)
	f.MakeMountPoints()
	for _, p := range []string{"vol", "a/b/c", "etc/single"} {
		if _, err := os.Stat(filepath.Join(h.spec.Root, p)); err != nil {
			t.Error(err)
		}
	}
	read(t, f, "/etc/single", "one file")
}

func TestLinks(t *testing.T) {
	h := newHost(t)
	h.link(t, "/dir/file", "root/absolute")
	h.link(t, "../dir/file", "root/etc/relative")
	h.link(t, "/vol", "root/tovolume")
	h.link(t, "/etc/passwd", "vol/back")
	h.link(t, "..2024_1", "vol/..data")
	h.link(t, "..data/key", "vol/key")
	h.file(t, "vol/..2024_1/key", "value")
	h.link(t, "loop", "root/loop")
	f := h.fs(t)
	read(t, f, "/absolute", "in the root")
	read(t, f, "/etc/relative", "in the root")
	read(t, f, "/tovolume/data", "in the volume")
	read(t, f, "/tovolume/back", "root")
	read(t, f, "/vol/key", "value")
	_, err := f.ReadFile("/loop")
	fails(t, err, syscall.ELOOP, "/loop")
	if real, err := f.RealPath("/tovolume/key"); err != nil || real != "/vol/..2024_1/key" {
		t.Errorf("real path %q, %v", real, err)
	}
	if err := f.WriteFile("/tovolume/new", []byte("x"), 0o644); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "vol/new")); err != nil {
		t.Error(err)
	}
	if err := f.Remove("/tovolume"); err != nil {
		t.Error(err)
	}
	read(t, f, "/vol/data", "in the volume")
}

func TestReadOnlyRoot(t *testing.T) {
	h := newHost(t)
	h.spec.ReadOnlyRoot = true
	f := h.fs(t)
	fails(t, f.WriteFile("/dir/file", nil, 0o644), syscall.EROFS, "/dir/file")
	fails(t, f.Mkdir("/new", 0o755), syscall.EROFS, "/new")
	fails(t, f.Chmod("/dir/file", 0o600), syscall.EROFS, "/dir/file")
	if err := f.WriteFile("/vol/data", []byte("x"), 0o644); err != nil {
		t.Error(err)
	}
	if err := f.WriteFile("/dev/null", []byte("x"), 0o644); err != nil {
		t.Error(err)
	}
	read(t, f, "/dir/file", "in the root")
}

func TestDevices(t *testing.T) {
	f := newHost(t).fs(t)
	read(t, f, "/dev/null", "")
	h, err := f.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	b := []byte{1, 2}
	if n, err := h.Read(b); n != 2 || err != nil || b[0] != 0 || b[1] != 0 {
		t.Errorf("/dev/zero: %d %v %v", n, err, b)
	}
	if got := names(t, f, "/dev"); !slices.Contains(got, "null") || !slices.Contains(got, "stdout") {
		t.Errorf("/dev lists %q", got)
	}
	fails(t, f.Remove("/dev/null"), syscall.EPERM, "/dev/null")
}

// TestConfinement tries the ways out that a program in a container might find.
func TestConfinement(t *testing.T) {
	h := newHost(t)
	h.link(t, h.dir, "root/hostdir")
	h.link(t, "../../../../../../../../"+h.dir+"/secret", "root/up")
	h.link(t, "../secret", "vol/out")
	h.link(t, "..", "vol/parent")
	f := h.fs(t)
	for _, p := range []string{
		"/../secret", "/../../secret", "/hostdir/secret", "/up", "/vol/out", "/vol/parent/secret", "/vol/../../secret", "/vol/sub/../../../secret", h.dir + "/secret",
		"/proc/../../secret", "/dev/../../secret", "/etc/single/../../../secret", "//../secret",
	} {
		if b, err := f.ReadFile(p); err == nil && strings.Contains(string(b), secret) {
			t.Errorf("%s leads out", p)
		}
		if err := f.WriteFile(p, []byte("taken"), 0o644); err == nil {
			if b, _ := os.ReadFile(filepath.Join(h.dir, "secret")); string(b) != secret {
				t.Fatalf("%s overwrote a file of the host", p)
			}
		}
	}
}

// FuzzFsys does what a script of operations says, links included, and looks whether the host was
// touched.
func FuzzFsys(f *testing.F) {
	f.Add("s ../secret vol/x\nr /vol/x\n")
	f.Add("s / a\nr a/secret\nw a/secret\n")
	f.Add("s .. vol/p\ns p vol/q\nw /vol/q/secret\n")
	f.Add("s /vol/.. z\nm /z /y\nd /y/secret\n")
	f.Add("s ../../.. /a/b/c/k\nr /a/b/c/k/secret\n")
	f.Add("l ../secret h\nr h\nm ../root ../moved\n")
	f.Fuzz(func(t *testing.T, script string) {
		h := newHost(t)
		sys := h.fs(t)
		for i, line := range strings.Split(script, "\n") {
			if i == 50 {
				break
			}
			w := strings.Split(line, " ")
			if len(w) < 2 {
				continue
			}
			last := w[len(w)-1]
			switch w[0] {
			case "s":
				_ = sys.Symlink(w[1], "/"+last)
			case "h":
				_ = sys.Symlink(h.dir+"/"+w[1], "/"+last)
			case "l":
				_ = sys.Link("/"+w[1], "/"+last)
			case "m":
				_ = sys.Rename("/"+w[1], "/"+last)
			case "d":
				_ = sys.RemoveAll("/" + last)
			case "k":
				_ = sys.MkdirAll("/"+last, 0o755)
			case "c":
				_ = sys.Chmod("/"+last, 0o600)
			case "w":
				_ = sys.WriteFile("/"+last, []byte("taken"), 0o644)
			case "r":
				if b, err := sys.ReadFile("/" + last); err == nil && strings.Contains(string(b), secret) {
					t.Fatalf("read the host's file by %q", line)
				}
				_, _ = sys.ReadDir("/" + last)
			}
		}
		if b, err := os.ReadFile(filepath.Join(h.dir, "secret")); err != nil || string(b) != secret {
			t.Fatalf("the host's file is now %q, %v", b, err)
		}
		entries, err := os.ReadDir(h.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !slices.Contains([]string{"secret", "root", "vol", "single", "ro"}, e.Name()) {
				t.Fatalf("made %s on the host", e.Name())
			}
		}
		if fi, err := os.Stat(filepath.Join(h.dir, "secret")); err != nil || fi.Mode().Perm()&0o044 == 0 {
			t.Fatalf("changed the mode of the host's file: %v %v", fi, err)
		}
	})
}

// A program of the host's gets the container's file and no other.
func TestHostPath(t *testing.T) {
	h := newHost(t)
	h.link(t, "/vol/data", "root/to-volume")
	h.link(t, "/../../../secret", "root/out")
	f := h.fs(t)
	for name, want := range map[string]string{
		"/dir/file": "root/dir/file", "/vol/data": "vol/data", "/vol": "vol", "/etc/single": "single", "/a/b/c/deep": "vol/sub/deep",
		"/to-volume": "vol/data", "/dir/new": "root/dir/new", "/out": "root/secret", "/../../secret": "root/secret",
	} {
		if got, err := f.Host(name); err != nil || got != filepath.Join(h.dir, filepath.FromSlash(want)) {
			t.Errorf("%s is %s, %v; want %s", name, got, err, want)
		}
	}
	for _, name := range []string{"/dev/null", "/none/x", "/dir/file/x"} {
		if got, err := f.Host(name); err == nil {
			t.Errorf("%s is %s", name, got)
		}
	}
}
