package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// suitePackage is Kubernetes' own end-to-end tests.
const suitePackage = "k8s.io/kubernetes/test/e2e"

// sumFile has the checksums of what the suite needs and the plugin does not.
const sumFile = "internal/conformance/e2e.sum"

// beside are staging modules that the suite imports and the plugin does not. All else of it is in
// the plugin's module graph.
var beside = [...]string{"k8s.io/code-generator", "k8s.io/sample-apiserver"}

// requirement is one line of a go.mod.
type requirement struct{ Path, Version string }

// build compiles the suite into folder and returns its path. It is built as a package of the
// plugin's own build list plus the modules beside it, so that its Kubernetes is the plugin's, and
// what is compiled is shared. It takes minutes the first time; how long is told on w.
func build(ctx context.Context, folder string, w io.Writer) (string, error) {
	required, err := requirements(ctx, "go.mod")
	if err != nil {
		return "", err
	}
	version := required["k8s.io/kubernetes"]
	if version == "" {
		return "", errors.New("find the version of Kubernetes: go.mod does not require k8s.io/kubernetes; run this in the module's root")
	}
	work, err := os.MkdirTemp("", "learn-conformance-")
	if err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(work)
	mod, err := modfile(ctx, work, version)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	file := filepath.Join(folder, "e2e-"+version+".test")
	fmt.Fprintf(w, "Building Kubernetes' e2e tests %s: about 5 minutes the first time, seconds afterwards\n", version)
	stop := every(30*time.Second, func(d time.Duration) { fmt.Fprintf(w, "  still building, %s\n", d) })
	defer stop()
	out, err := output(ctx, "go", "test", "-c", "-vet=off", "-modfile="+mod, "-ldflags", "-s -w "+stamp(version), "-o", file, suitePackage)
	if err != nil {
		return "", fmt.Errorf("build the e2e tests: %w\n%s%s", err, out, sumHint(out))
	}
	return file, unchanged(ctx, mod, required)
}

// modfile writes a go.mod and its go.sum into folder: the plugin's, and what the suite needs beside.
func modfile(ctx context.Context, folder, kubernetes string) (string, error) {
	mod := filepath.Join(folder, "go.mod")
	if err := join(mod, "go.mod"); err != nil {
		return "", err
	}
	if err := join(filepath.Join(folder, "go.sum"), "go.sum", sumFile); err != nil {
		return "", err
	}
	args := []string{"mod", "edit"}
	for _, m := range beside {
		args = append(args, "-require="+m+"@"+staging(kubernetes))
	}
	if out, err := output(ctx, "go", append(args, mod)...); err != nil {
		return "", fmt.Errorf("write the suite's go.mod: %w\n%s", err, out)
	}
	return mod, nil
}

// staging is the version that Kubernetes' staging modules have with one of Kubernetes.
func staging(kubernetes string) string { return strings.Replace(kubernetes, "v1.", "v0.", 1) }

// stamp has the linker say which version it is, as Kubernetes' own build does.
func stamp(version string) string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	const variable = "-X k8s.io/component-base/version."
	return variable + "gitVersion=" + version + " " + variable + "gitMajor=" + major + " " + variable + "gitMinor=" + minor
}

// unchanged fails when a module has another version in the suite than in the plugin.
func unchanged(ctx context.Context, mod string, plugin map[string]string) error {
	suite, err := requirements(ctx, mod)
	if err != nil {
		return err
	}
	var moved []string
	for path, version := range plugin {
		if suite[path] != version {
			moved = append(moved, fmt.Sprintf("%s is %s in go.mod and %s in the suite", path, version, suite[path]))
		}
	}
	if len(moved) > 0 {
		return fmt.Errorf("compare the suite's modules with the plugin's: %s", strings.Join(moved, "; "))
	}
	return nil
}

// sumHint says what to do about checksums that are not there.
func sumHint(out []byte) string {
	if !bytes.Contains(out, []byte("missing go.sum entry")) && !bytes.Contains(out, []byte("updates to go.mod needed")) {
		return ""
	}
	return "after a change of go.mod: go run ./internal/conformance -update-sums"
}

// updateSums finds the checksums anew that the suite needs and the plugin lacks, from the module
// proxy and the checksum database.
func updateSums(ctx context.Context) error {
	required, err := requirements(ctx, "go.mod")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "learn-conformance-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(sumFile, nil, 0o644); err != nil {
		return fmt.Errorf("empty %s: %w", sumFile, err)
	}
	mod, err := modfile(ctx, work, required["k8s.io/kubernetes"])
	if err != nil {
		return err
	}
	if out, err := output(ctx, "go", "list", "-mod=mod", "-modfile="+mod, "-deps", "-test", suitePackage); err != nil {
		return fmt.Errorf("load the suite's packages: %w\n%s", err, out)
	}
	if err := unchanged(ctx, mod, required); err != nil {
		return err
	}
	var sums []byte
	ours, err := os.ReadFile("go.sum")
	if err != nil {
		return fmt.Errorf("read go.sum: %w", err)
	}
	all, err := os.ReadFile(filepath.Join(work, "go.sum"))
	if err != nil {
		return fmt.Errorf("read the suite's go.sum: %w", err)
	}
	for line := range bytes.Lines(all) {
		if !bytes.Contains(ours, line) {
			sums = append(sums, line...)
		}
	}
	return os.WriteFile(sumFile, sums, 0o644)
}

// requirements reads a go.mod.
func requirements(ctx context.Context, file string) (map[string]string, error) {
	out, err := exec.CommandContext(ctx, "go", "mod", "edit", "-json", file).Output()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	var mod struct{ Require []requirement }
	if err := json.Unmarshal(out, &mod); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	required := map[string]string{}
	for _, r := range mod.Require {
		required[r.Path] = r.Version
	}
	return required, nil
}

// join writes the contents of files, one after the other.
func join(to string, files ...string) error {
	var all []byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("read %s: %w", f, err)
		}
		all = append(all, data...)
	}
	if err := os.WriteFile(to, all, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", to, err)
	}
	return nil
}

// output runs a command of the developer's, in a process group that ends with ctx, and returns all that
// it prints.
func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	inGroup(cmd)
	return cmd.CombinedOutput()
}

// every calls f again and again with the time that went by, until stop is called.
func every(interval time.Duration, f func(time.Duration)) (stop func()) {
	began, done := time.Now(), make(chan struct{})
	ticker := time.NewTicker(interval)
	go func() {
		for {
			select {
			case <-ticker.C:
				f(time.Since(began).Round(time.Second))
			case <-done:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(done) }
}
