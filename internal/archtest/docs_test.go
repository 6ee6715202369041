package archtest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
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
	link := regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	pages := documents(t)
	for name, text := range pages {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to := name
			if m[1] != "" {
				to = path.Join(path.Dir(name), m[1])
			}
			if _, err := os.Stat(filepath.Join(root(), filepath.FromSlash(to))); err != nil {
				t.Errorf("%s: link to %s, which is not there", name, m[1])
			}
			if page, ours := pages[to]; ours && m[2] != "" && !slices.Contains(anchors(page), m[2]) {
				t.Errorf("%s: link to #%s of %s, which has no such heading", name, m[2], to)
			}
		}
	}
}

// anchors are those that GitHub makes of a page's headings, and those that the page has by itself.
func anchors(page string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`<a id="([^"]+)"></a>`).FindAllStringSubmatch(page, -1) {
		found = append(found, m[1])
	}
	code := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			code = !code
		}
		title, is := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if code || !is || line[0] != '#' {
			continue
		}
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title)))
	}
	return found
}

func TestAnchors(t *testing.T) {
	page := "# The tool's `map`, and why\n\n```\n# no heading\n```\n#no heading\n## What lint looks for\n<a id=\"here\"></a>\n"
	if got := anchors(page); !slices.Equal(got, []string{"here", "the-tools-map-and-why", "what-lint-looks-for"}) {
		t.Errorf("%q", got)
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
