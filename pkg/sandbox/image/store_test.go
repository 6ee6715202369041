package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

func added(t *testing.T, s Store, i Image, content string) Image {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
	i.Program = "/hello"
	i, err := s.Add(context.Background(), i, file)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestStore(t *testing.T) {
	s := Store{Dir: filepath.Join(t.TempDir(), "images")}
	if all, err := s.List(); err != nil || len(all) != 0 {
		t.Fatalf("an empty store: %v, %v", all, err)
	}
	one := added(t, s, Image{Reference: "hello:v1", Env: []string{"A=b"}, Built: time.Now()}, "one")
	if one.Reference != "docker.io/library/hello:v1" || !strings.HasPrefix(one.Digest, "sha256:") || one.Size != 3 {
		t.Errorf("added: %+v", one)
	}
	if same := added(t, s, Image{Reference: "hello:v1", Env: []string{"A=b"}}, "one"); same.Digest != one.Digest {
		t.Errorf("the same image has another digest: %s, %s", same.Digest, one.Digest)
	}
	added(t, s, Image{Reference: "hello", Base: "alpine:3.22"}, "one")
	for _, ref := range []string{"hello:v1", "docker.io/library/hello:v1", one.Digest, "hello@" + one.Digest} {
		i, err := s.Lookup(ref)
		if err != nil || i.Entrypoint[0] != "/hello" || i.Programs["sh"] || i.Digest != one.Digest {
			t.Errorf("%s: %+v, %v", ref, i, err)
		}
	}
	if i, err := s.Lookup("hello"); err != nil || !i.Programs["sh"] || !i.Programs["hello"] || i.Tags[0] != "latest" {
		t.Errorf("with a shell: %+v, %v", i, err)
	}
	if i, err := s.Lookup("nginx:1.29"); err != nil || i.Repository != "docker.io/library/nginx" {
		t.Errorf("a built-in image: %+v, %v", i, err)
	}
	_, err := s.Lookup("hello:v2")
	if _, ok := errors.AsType[*program.NotFound](err); !ok || !strings.Contains(err.Error(), "built for this cluster: hello:latest, hello:v1") {
		t.Errorf("a tag that was never built: %v", err)
	}
	if _, err := s.Add(context.Background(), Image{Reference: "nginx:mine"}, ""); err == nil || !strings.Contains(err.Error(), "of its own") {
		t.Errorf("an image in the place of a built-in one: %v", err)
	}
}

func TestReplace(t *testing.T) {
	s := Store{Dir: filepath.Join(t.TempDir(), "images")}
	added(t, s, Image{Reference: "hello:v1"}, "one")
	two := added(t, s, Image{Reference: "hello:v1"}, "two")
	if all, err := s.List(); err != nil || len(all) != 1 || all[0].Digest != two.Digest {
		t.Fatalf("after the second: %v, %v", all, err)
	}
	i, err := s.Lookup("hello:v1")
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "root")
	if err := program.Unpack(i, root); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove("hello:v1"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(root, "hello")); err != nil || string(b) != "two" {
		t.Errorf("what a container has of it: %q, %v", b, err)
	}
	if _, err := s.Lookup("hello:v1"); err == nil {
		t.Error("it is still there after it was removed")
	}
	if err := s.Remove("hello:v1"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestImages(t *testing.T) {
	s := Store{Dir: filepath.Join(t.TempDir(), "images")}
	built := time.Now()
	added(t, s, Image{Reference: "zoo/hello:v1", Source: "/src/hello", Built: built}, "one")
	newest := added(t, s, Image{Reference: "zoo/hello:v2", Source: "/src/hello", Base: "alpine:3.22", Built: built.Add(time.Hour)}, "two")
	all, err := s.Images()
	if err != nil {
		t.Fatal(err)
	}
	if want := len(program.Images()) + 2; len(all) != want {
		t.Errorf("%d images, want %d", len(all), want)
	}
	for i := 1; i < len(all); i++ {
		if all[i-1].Name > all[i].Name {
			t.Errorf("%s stands before %s", all[i-1].Name, all[i].Name)
		}
	}
	last := all[len(all)-2:]
	if i := last[0]; i.Name != "zoo/hello" || !slices.Equal(i.Tags, []string{"v2"}) || !slices.Equal(i.Usual, i.Tags) || i.BuiltFrom != "/src/hello" || i.Digest != newest.Digest || i.About != "your program with a shell" {
		t.Errorf("the newest is %+v", i)
	}
	if i := last[1]; !slices.Equal(i.Tags, []string{"v1"}) || i.About != "your program" || i.Size != 3 {
		t.Errorf("the oldest is %+v", i)
	}
	if i := slices.IndexFunc(all, func(i cluster.Image) bool { return i.Name == "nginx" }); i < 0 || all[i].BuiltFrom != "" {
		t.Error("nginx is not among them, or was built")
	}
}
