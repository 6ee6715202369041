//go:build unix

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// krewVersion reads manifests of v1alpha2, as all of krew do.
const krewVersion = "v0.4.3"

// TestSlowKrew installs the program under test with krew itself, in the ways that docs/install.md names,
// and uses it through kubectl.
func TestSlowKrew(t *testing.T) {
	slow(t)
	t.Parallel()
	k := newKrew(t)

	t.Run("the manifest", func(t *testing.T) {
		k.run(t, "validate-krew-manifest", "-skip-install", "-manifest", k.committed)
	})
	t.Run("by a file", func(t *testing.T) {
		k.run(t, "krew", "install", "--manifest="+k.manifest, "--archive="+k.archive)
		k.use(t)
		k.run(t, "krew", "uninstall", k.plugin)
		if left, _ := filepath.Glob(filepath.Join(k.root, "bin", "kubectl-"+k.plugin+"*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
	t.Run("by an address", func(t *testing.T) {
		k.run(t, "krew", "install", "--manifest-url="+k.server.URL+"/"+k.plugin+".yaml")
		k.run(t, "kubectl", k.plugin, "version")
		k.run(t, "krew", "uninstall", k.plugin)
	})
	t.Run("by an index of one's own", func(t *testing.T) {
		k.run(t, "krew", "index", "add", "ours", k.index)
		k.run(t, "krew", "install", "ours/"+k.plugin)
		k.run(t, "kubectl", k.plugin, "version")
		k.run(t, "krew", "uninstall", k.plugin)
	})
}

// krew is the plugin manager with a root of its own, and a release of the program under test.
type krew struct {
	l                 learn
	root, path        string
	plugin            string
	archive, manifest string
	committed, index  string
	server            *httptest.Server
}

func newKrew(t *testing.T) *krew {
	t.Helper()
	dir := t.TempDir()
	k := &krew{l: newLearn(t), root: filepath.Join(dir, "krew"), archive: filepath.Join(dir, "kubectl-learn.tar.gz")}
	tools := filepath.Join(dir, "tools")
	install := exec.Command("go", "install", "sigs.k8s.io/krew/cmd/krew@"+krewVersion, "sigs.k8s.io/krew/cmd/validate-krew-manifest@"+krewVersion)
	install.Env = append(os.Environ(), "GOBIN="+tools)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("build krew: %v\n%s", err, out)
	}
	k.path = strings.Join([]string{filepath.Join(k.root, "bin"), tools, withoutPlugin(t), os.Getenv("PATH")}, ":")

	found, err := filepath.Glob("../krew/*.yaml")
	if err != nil || len(found) != 1 {
		t.Fatalf("the manifest of krew: %q, %v", found, err)
	}
	if k.committed, err = filepath.Abs(found[0]); err != nil {
		t.Fatal(err)
	}
	k.plugin = strings.TrimSuffix(filepath.Base(found[0]), ".yaml")
	sum := pack(t, k.archive, shared.bin, "../LICENSE")
	k.server = httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(k.server.Close)
	k.manifest = filepath.Join(dir, k.plugin+".yaml")
	write(t, k.manifest, forThis(t, k.committed, k.server.URL+"/kubectl-learn.tar.gz", sum))

	k.index = filepath.Join(dir, "index")
	if err := os.MkdirAll(filepath.Join(k.index, "plugins"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(k.index, "plugins", k.plugin+".yaml"), read(t, k.manifest))
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "one plugin"}} {
		git := exec.Command("git", args...)
		git.Dir = k.index
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	// krew wants its own index before it does anything, which is on the internet.
	k.run(t, "krew", "index", "add", "default", k.index)
	return k
}

// withoutPlugin is a folder with kubectl alone: krew brings the plugin.
func withoutPlugin(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(toolbox(t), "kubectl"), filepath.Join(dir, "kubectl")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// try runs a program and gives what it said and its exit code.
func (k *krew) try(t *testing.T, name string, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	// The program is looked for where krew and kubectl will look.
	cmd := exec.CommandContext(ctx, "env", append([]string{name}, args...)...)
	cmd.Env = append(k.l.command(ctx).Env, "PATH="+k.path, "KREW_ROOT="+k.root, "KREW_NO_UPGRADE_CHECK=1")
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return string(out), 0
}

func (k *krew) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, code := k.try(t, name, args...)
	if code != 0 {
		t.Fatalf("%s %q: exit code %d\n%s", name, args, code, out)
	}
	return out
}

// use has kubectl find the plugin, pass its exit codes, and complete what follows its name.
func (k *krew) use(t *testing.T) {
	t.Helper()
	if out := k.run(t, "kubectl", k.plugin, "--help"); !strings.Contains(out, "kubectl "+k.plugin+" [command]") {
		t.Errorf("usage does not name what is typed:\n%s", out)
	}
	if out := k.run(t, "kubectl", k.plugin, "-o", "name", "list"); !strings.Contains(out, "lesson/heal\n") {
		t.Errorf("a flag before the command:\n%s", out)
	}
	if out, code := k.try(t, "kubectl", k.plugin, "strat"); code != 2 || !strings.Contains(out, `did you mean "start"`) {
		t.Errorf("exit code %d of a word that is none, want 2\n%s", code, out)
	}
	k.run(t, "kubectl", k.plugin, "cluster", "create")
	k.run(t, "kubectl", k.plugin, "kubectl", "--", "create", "deployment", "web", "--image=nginx:0.0.1")
	k.run(t, "kubectl", k.plugin, "kubectl", "--", "wait", "--for=create", "pod", "-l", "app=web")
	eventually(t, "exit code 1 of why, passed on by kubectl", func() bool {
		_, code := k.try(t, "kubectl", k.plugin, "why", "deployment/web")
		return code == 1
	})
	k.run(t, "kubectl", k.plugin, "cluster", "delete", "--yes")
	k.run(t, "kubectl", k.plugin, "completion", "install")
	if out := k.run(t, "kubectl", "__complete", k.plugin, "start", "sc"); !strings.Contains(out, "scale\t") {
		t.Errorf("kubectl completes start sc by\n%s", out)
	}
	k.run(t, "kubectl", k.plugin, "completion", "uninstall")
}

// pack makes an archive as a release does, of a program and the license, and returns its SHA-256.
func pack(t *testing.T, archive, program, license string) string {
	t.Helper()
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := sha256.New()
	z, err := gzip.NewWriterLevel(io.MultiWriter(f, sum), gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, file := range []struct {
		name, from string
		mode       int64
	}{{"kubectl-learn", program, 0o755}, {"LICENSE", license, 0o644}} {
		from, err := os.Open(file.from)
		if err != nil {
			t.Fatal(err)
		}
		info, err := from.Stat()
		if err == nil {
			err = w.WriteHeader(&tar.Header{Name: file.name, Size: info.Size(), Mode: file.mode, Typeflag: tar.TypeReg})
		}
		if err == nil {
			_, err = io.Copy(w, from)
		}
		_ = from.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// forThis is the manifest with another archive for this machine's platform.
func forThis(t *testing.T, manifest, uri, sum string) string {
	t.Helper()
	text := read(t, manifest)
	platform := regexp.MustCompile(`uri: \S+-` + runtime.GOOS + `-` + runtime.GOARCH + `\.\S+\n(\s+)sha256: \S+`)
	if len(platform.FindAllString(text, -1)) != 1 {
		t.Fatalf("%s has not one entry for %s/%s of the form that make release gives it", manifest, runtime.GOOS, runtime.GOARCH)
	}
	return platform.ReplaceAllString(text, "uri: "+uri+"\n${1}sha256: "+sum)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
