// Package krew holds the manifest by which the krew plugin manager installs this program, and tests
// of it that know krew's rules and those of its index. The manifest is made by make release, from the
// archives that it is about; nobody writes it by hand. That krew itself takes it is tested in e2e.
package krew

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// manifest is krew's Plugin, v1alpha2, as far as this project uses it.
type manifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string     `json:"version"`
		Homepage         string     `json:"homepage"`
		ShortDescription string     `json:"shortDescription"`
		Description      string     `json:"description"`
		Caveats          string     `json:"caveats"`
		Platforms        []platform `json:"platforms"`
	} `json:"spec"`
}

type platform struct {
	Selector struct {
		MatchLabels struct {
			OS   string `json:"os"`
			Arch string `json:"arch"`
		} `json:"matchLabels"`
	} `json:"selector"`
	URI    string      `json:"uri"`
	SHA256 string      `json:"sha256"`
	Bin    string      `json:"bin"`
	Files  []operation `json:"files"`
}

// operation copies a file out of the archive. Without any, krew takes all that is in it.
type operation struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func (p platform) name() string {
	return p.Selector.MatchLabels.OS + "/" + p.Selector.MatchLabels.Arch
}

func (p platform) program() string {
	if p.Selector.MatchLabels.OS == "windows" {
		return plugin.Program + ".exe"
	}
	return plugin.Program
}

// archive is the file's name.
func (p platform) archive() string {
	ext := ".tar.gz"
	if p.Selector.MatchLabels.OS == "windows" {
		ext = ".zip"
	}
	return plugin.Program + "-" + strings.ReplaceAll(p.name(), "/", "-") + ext
}

// platforms are those that there must be archives for.
var platforms = []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64"}

func read(file string) (manifest, error) {
	var m manifest
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.UnmarshalStrict(text, &m)
	}
	if err == nil && filepath.Base(file) != m.Metadata.Name+".yaml" {
		err = fmt.Errorf("%s holds a plugin called %s: krew wants the name of the file to be the plugin's", file, m.Metadata.Name)
	}
	return m, err
}

var (
	semver = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	safe   = regexp.MustCompile(`^[\w-]+$`)
	sum    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// broken says which rules a manifest for these platforms breaks.
func broken(m manifest, platforms []string) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if m.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || m.Kind != "Plugin" {
		say("apiVersion %q, kind %q: not what krew reads", m.APIVersion, m.Kind)
	}
	if m.Metadata.Name != plugin.Name || !safe.MatchString(m.Metadata.Name) {
		say("name %q: the plugin is called %q", m.Metadata.Name, plugin.Name)
	}
	if !semver.MatchString(m.Spec.Version) {
		say("version %q is not vX.Y.Z", m.Spec.Version)
	}
	short := m.Spec.ShortDescription
	if short == "" || len(short) > 50 || strings.HasSuffix(short, ".") || strings.ContainsAny(short, "\r\n") {
		say("shortDescription %q: one line of at most 50 characters without a full stop", short)
	}
	if strings.Contains(strings.ToLower(short), "kubectl") || strings.Contains(strings.ToLower(short), "plugin") {
		say("shortDescription %q: the index wants no word of kubectl or of plugins there", short)
	}
	if m.Spec.Description == "" || m.Spec.Caveats == "" || m.Spec.Homepage == "" {
		say("description, caveats or homepage is missing")
	}
	for _, word := range []string{plugin.Command + " completion install", "--provider kind"} { // what is extra
		if !strings.Contains(m.Spec.Caveats, word) {
			say("the caveats don't say %s", word)
		}
	}
	for _, text := range []string{m.Spec.Description, m.Spec.Caveats} {
		for line := range strings.Lines(text) {
			if len(strings.TrimRight(line, "\n")) > 80 {
				say("longer than 80 columns: %s", line)
			}
		}
	}
	var names []string
	for _, p := range m.Spec.Platforms {
		names = append(names, p.name())
		found = append(found, p.broken(m.Spec.Version)...)
	}
	slices.Sort(names)
	if !slices.Equal(names, platforms) {
		say("platforms %q, want each of %q once", names, platforms)
	}
	return found
}

func (p platform) broken(version string) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, p.name()+": "+fmt.Sprintf(format, args...)) }
	if p.Bin != p.program() {
		say("bin %q, want %q", p.Bin, p.program())
	}
	if !sum.MatchString(p.SHA256) {
		say("sha256 %q is no SHA-256 in lower case", p.SHA256)
	}
	u, err := url.Parse(p.URI)
	if err != nil || u.Scheme != "https" || !strings.HasSuffix(u.Path, "/"+version+"/"+p.archive()) {
		say("uri %q is not an https address of %s at %s (%v)", p.URI, p.archive(), version, err)
	}
	if p.Files != nil && (!slices.Contains(p.Files, operation{p.program(), "."}) || !slices.Contains(p.Files, operation{"LICENSE", "."})) {
		say("installs %q, want %s and LICENSE, or all", p.Files, p.program())
	}
	return found
}

func TestManifest(t *testing.T) {
	m, err := read("learn.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range broken(m, platforms) {
		t.Error(line)
	}
}

// TestManifestCanFail breaks the rules one by one.
func TestManifestCanFail(t *testing.T) {
	for name, spoil := range map[string]func(*manifest){
		"name":      func(m *manifest) { m.Metadata.Name = "teach" },
		"version":   func(m *manifest) { m.Spec.Version = "1.0.0" },
		"long":      func(m *manifest) { m.Spec.ShortDescription = strings.Repeat("x", 51) },
		"stop":      func(m *manifest) { m.Spec.ShortDescription = "Learn Kubernetes." },
		"lines":     func(m *manifest) { m.Spec.ShortDescription = "Learn\nKubernetes" },
		"homepage":  func(m *manifest) { m.Spec.Homepage = "" },
		"capitals":  func(m *manifest) { m.Spec.Platforms[0].SHA256 = strings.Repeat("A", 64) },
		"short sum": func(m *manifest) { m.Spec.Platforms[0].SHA256 = "abc" },
		"license":   func(m *manifest) { m.Spec.Platforms[0].Files = []operation{{plugin.Program, "."}} },
		"bin":       func(m *manifest) { m.Spec.Platforms[0].Bin = "learn" },
		"http": func(m *manifest) {
			m.Spec.Platforms[0].URI = strings.Replace(m.Spec.Platforms[0].URI, "https", "http", 1)
		},
		"old archive":  func(m *manifest) { m.Spec.Version = "v99.0.0" },
		"one too few":  func(m *manifest) { m.Spec.Platforms = m.Spec.Platforms[1:] },
		"one twice":    func(m *manifest) { m.Spec.Platforms = append(m.Spec.Platforms, m.Spec.Platforms[0]) },
		"wide caveats": func(m *manifest) { m.Spec.Caveats = strings.Repeat("x", 81) },
	} {
		m, err := read("learn.yaml")
		if err != nil {
			t.Fatal(err)
		}
		before := len(broken(m, platforms))
		spoil(&m)
		if len(broken(m, platforms)) <= before {
			t.Errorf("%s: no rule is broken", name)
		}
	}
}

// TestName holds the release's settings against the constant that has the plugin's name.
func TestName(t *testing.T) {
	var c struct {
		Builds []struct {
			Binary  string   `json:"binary"`
			Targets []string `json:"targets"`
			Ldflags []string `json:"ldflags"`
		} `json:"builds"`
		Krews []struct {
			Name             string `json:"name"`
			Homepage         string `json:"homepage"`
			ShortDescription string `json:"short_description"`
			Description      string `json:"description"`
			Caveats          string `json:"caveats"`
		} `json:"krews"`
	}
	text, err := os.ReadFile(filepath.Join("..", ".goreleaser.yaml"))
	if err == nil {
		err = yaml.Unmarshal(text, &c)
	}
	if err != nil || len(c.Builds) != 1 || len(c.Krews) != 1 {
		t.Fatalf(".goreleaser.yaml has %d builds and %d manifests of krew (%v), want one each", len(c.Builds), len(c.Krews), err)
	}
	if c.Builds[0].Binary != plugin.Program || c.Krews[0].Name != plugin.Name {
		t.Errorf("the release makes %s for plugin %s; pkg/plugin says %s and %s", c.Builds[0].Binary, c.Krews[0].Name, plugin.Program, plugin.Name)
	}
	for _, flag := range []string{"-buildid= ", "-X github.com/kubectl-learn/kubectl-learn/pkg/plugin.version=v{{ .Version }}"} {
		if !slices.ContainsFunc(c.Builds[0].Ldflags, func(all string) bool { return strings.Contains(all+" ", flag) }) {
			t.Errorf("the release is not linked with %s: %q", flag, c.Builds[0].Ldflags)
		}
	}
	m, err := read("learn.yaml")
	if err != nil {
		t.Fatal(err)
	}
	k := c.Krews[0]
	if m.Spec.Homepage != k.Homepage || m.Spec.ShortDescription != k.ShortDescription || m.Spec.Description != k.Description || m.Spec.Caveats != k.Caveats {
		t.Errorf("the texts of learn.yaml are not those of .goreleaser.yaml, of which it is made:\n%+v\n%+v", m.Spec, k)
	}
	var targets []string
	for _, target := range c.Builds[0].Targets {
		targets = append(targets, strings.ReplaceAll(target, "_", "/"))
	}
	slices.Sort(targets)
	if !slices.Equal(targets, platforms) {
		t.Errorf("the release is for %q, want %q", targets, platforms)
	}
}

// TestArchives looks at what make release-snapshot made, in the folder LEARN_DIST: the archives, the
// checksums, the SBOMs and the manifest. It prints how large all is.
func TestArchives(t *testing.T) {
	dist := os.Getenv("LEARN_DIST")
	if dist == "" {
		t.Skip("LEARN_DIST names no folder with archives; make release-snapshot makes one")
	}
	m, err := read(filepath.Join(dist, "krew", plugin.Name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(dist, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	license, err := os.ReadFile(filepath.Join("..", "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	wanted := platforms
	if only := os.Getenv("LEARN_ONLY"); only != "" { // a release for trial, of one system
		wanted = []string{strings.ReplaceAll(only, "_", "/")}
	}
	for _, line := range broken(m, wanted) {
		t.Error(line)
	}
	var sizes strings.Builder
	table := tabwriter.NewWriter(&sizes, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, p := range m.Spec.Platforms {
		data, err := os.ReadFile(filepath.Join(dist, p.archive()))
		if err != nil {
			t.Error(err)
			continue
		}
		if is := sha256.Sum256(data); hex.EncodeToString(is[:]) != p.SHA256 || !bytes.Contains(sums, []byte(p.SHA256+"  "+p.archive())) {
			t.Errorf("%s has SHA-256 %x: not that of the manifest, or not that of checksums.txt", p.archive(), is)
		}
		files, err := unpack(p.archive(), data)
		if err != nil {
			t.Errorf("%s: %v", p.archive(), err)
			continue
		}
		if !bytes.Equal(files["LICENSE"], license) || len(files[p.program()]) == 0 || len(files["man/man1/"+plugin.Program+".1"]) == 0 ||
			!bytes.Contains(files[notices], []byte("\nk8s.io/kubernetes v")) {
			t.Errorf("%s holds %q, want %s, LICENSE, the notices of others and man pages", p.archive(), slices.Sorted(maps.Keys(files)), p.program())
		}
		for name := range files {
			if name != "LICENSE" && name != notices && name != p.program() && !strings.HasPrefix(name, "man/man1/") {
				t.Errorf("%s holds %s, which nobody needs", p.archive(), name)
			}
		}
		if p.name() == runtime.GOOS+"/"+runtime.GOARCH {
			says(t, files[p.program()], m.Spec.Version)
		}
		if len(data) > mostBytes {
			t.Errorf("%s is larger than %d MB, which the pages promise", p.archive(), mostBytes/1_000_000)
		}
		sbom, err := os.ReadFile(filepath.Join(dist, plugin.Program+"-"+strings.ReplaceAll(p.name(), "/", "-")+".cdx.json"))
		if err != nil || !bytes.Contains(sbom, []byte(`"k8s.io/kubernetes"`)) {
			t.Errorf("%s: its SBOM does not name Kubernetes (%v)", p.name(), err)
		}
		fmt.Fprintf(table, "%s\t%.1f MB\tunpacked %.1f MB\t\n", p.archive(), float64(len(data))/1e6, float64(len(files[p.program()]))/1e6)
	}
	_ = table.Flush()
	t.Logf("%s\n%s", m.Spec.Version, &sizes)
}

// notices has the licences of what is linked.
const notices = "THIRD_PARTY_NOTICES.txt"

// mostBytes is how large an archive may be.
const mostBytes = 60_000_000

// says runs a program of the release, which must say the version of its manifest.
func says(t *testing.T, program []byte, version string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), plugin.Program)
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file, "version", "-o", "name")
	cmd.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != version {
		t.Errorf("the program says that it is %q (%v), its manifest %s", got, err, version)
	}
}

// unpack reads the regular files of an archive. Those that are more than they should be are errors.
func unpack(name string, data []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	if path.Ext(name) == ".zip" {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, err
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			if files[f.Name], err = io.ReadAll(r); err != nil {
				return nil, err
			}
		}
		return files, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg || h.Uid != 0 || h.Gid != 0 {
			return nil, fmt.Errorf("%s is of type %q and of user %d", h.Name, h.Typeflag, h.Uid)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
}
