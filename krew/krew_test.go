// Package krew holds the manifest by which the krew plugin manager installs this program, and the
// test that keeps it valid. krew's own validation is stricter about the archives, which exist only
// once there is a release.
package krew

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
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
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
	Bin    string `json:"bin"`
	Files  []struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"files"`
}

func (p platform) name() string {
	return p.Selector.MatchLabels.OS + "/" + p.Selector.MatchLabels.Arch
}

func read(t *testing.T) manifest {
	t.Helper()
	text, err := os.ReadFile("learn.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := yaml.UnmarshalStrict(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestManifest(t *testing.T) {
	m := read(t)
	if m.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || m.Kind != "Plugin" {
		t.Errorf("apiVersion %q, kind %q: not what krew reads", m.APIVersion, m.Kind)
	}
	// krew calls the program kubectl-<name>, and the file must have the plugin's name.
	if m.Metadata.Name != "learn" {
		t.Errorf("the plugin is called %q, its file learn.yaml", m.Metadata.Name)
	}
	if !regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(m.Spec.Version) {
		t.Errorf("version %q is not vX.Y.Z", m.Spec.Version)
	}
	short := m.Spec.ShortDescription
	if short == "" || len(short) > 50 || strings.HasSuffix(short, ".") || strings.Contains(short, "\n") {
		t.Errorf("shortDescription %q: one line of at most 50 characters without a full stop", short)
	}
	if m.Spec.Description == "" || m.Spec.Caveats == "" || m.Spec.Homepage == "" {
		t.Error("description, caveats or homepage is missing")
	}
	for _, text := range []string{m.Spec.Description, m.Spec.Caveats} {
		for line := range strings.Lines(text) {
			if len(strings.TrimRight(line, "\n")) > 80 {
				t.Errorf("longer than 80 columns: %s", line)
			}
		}
	}
}

func TestPlatforms(t *testing.T) {
	m := read(t)
	var names []string
	for _, p := range m.Spec.Platforms {
		names = append(names, p.name())
		want := "kubectl-learn"
		if p.Selector.MatchLabels.OS == "windows" {
			want += ".exe"
		}
		if p.Bin != want {
			t.Errorf("%s: bin %q, want %q", p.name(), p.Bin, want)
		}
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(p.SHA256) {
			t.Errorf("%s: sha256 %q is no SHA-256", p.name(), p.SHA256)
		}
		u, err := url.Parse(p.URI)
		file := "kubectl-learn-" + strings.ReplaceAll(p.name(), "/", "-") + ".tar.gz"
		if err != nil || u.Scheme != "https" || !strings.HasSuffix(u.Path, "/"+m.Spec.Version+"/"+file) {
			t.Errorf("%s: uri %q is not an https address of %s at %s (%v)", p.name(), p.URI, file, m.Spec.Version, err)
		}
		var files []string
		for _, f := range p.Files {
			files = append(files, f.From)
		}
		if !slices.Contains(files, want) || !slices.Contains(files, "LICENSE") {
			t.Errorf("%s: installs %q, want %s and LICENSE", p.name(), files, want)
		}
	}
	slices.Sort(names)
	if want := []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64"}; !slices.Equal(names, want) {
		t.Errorf("platforms %q, want each of %q once", names, want)
	}
}
