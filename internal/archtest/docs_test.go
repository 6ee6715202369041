package archtest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the pages for people, by their path in the module.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(root(), filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			pages[path.Join(path.Dir(pattern), filepath.Base(name))] = string(text)
		}
	}
	if len(pages) < 4 {
		t.Fatalf("only %d documents were found", len(pages))
	}
	return pages
}

func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := filepath.Join(root(), filepath.FromSlash(path.Join(path.Dir(name), m[1])))
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link to %s, which is not there", name, m[1])
			}
		}
	}
}

// TestTargets finds `make x` in the documents that the Makefile does not know.
func TestTargets(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root(), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(string(makefile), -1) {
		targets = append(targets, m[1])
	}
	use := regexp.MustCompile("(?m)(?:^|`)make ([a-z0-9-]+)")
	for name, text := range documents(t) {
		for _, m := range use.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(targets, m[1]) {
				t.Errorf("%s: make %s: the Makefile has %q", name, m[1], targets)
			}
		}
	}
}

// TestDocumented finds what was added and not told of: commands, lessons and packages.
func TestDocumented(t *testing.T) {
	pages := documents(t)
	for folder, page := range map[string]string{
		"pkg/cmd/learn": "README.md", "lessons": "README.md",
		"pkg": "docs/architecture.md", "pkg/sandbox": "docs/architecture.md", "internal": "docs/architecture.md",
	} {
		entries, err := os.ReadDir(filepath.Join(root(), filepath.FromSlash(folder)))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" {
				continue
			}
			if !regexp.MustCompile(`\b` + regexp.QuoteMeta(e.Name()) + `\b`).MatchString(pages[page]) {
				t.Errorf("%s does not name %s/%s", page, folder, e.Name())
			}
		}
	}
}
