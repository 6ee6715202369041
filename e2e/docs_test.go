//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// block is a fenced block of a page for people.
type block struct {
	page   string
	line   int
	lang   string
	text   string
	notRun string // the reason, where the page gives one
	first  string // what is typed before, and not shown
}

// typed is what the block shows being typed, as a script: all of a block called sh, and of others the lines
// after a prompt.
func (b block) typed() string {
	if b.notRun != "" {
		return ""
	}
	if b.lang == "sh" {
		return b.first + "\n" + b.text
	}
	var script strings.Builder
	for line := range strings.Lines(b.text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			script.WriteString(command)
		}
	}
	return script.String()
}

// shown are the lines that the block shows as what comes of it.
func (b block) shown() (lines []string) {
	if b.lang == "sh" || b.typed() == "" {
		return nil
	}
	for line := range strings.Lines(b.text) {
		if !strings.HasPrefix(line, "$ ") && strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// absent are those shown lines that did not come, whatever the numbers in them.
func absent(blocks []block, out string) (lines []string) {
	numbers := regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)
	came := numbers.ReplaceAllString(out, "0")
	for _, b := range blocks {
		for _, line := range b.shown() {
			if !strings.Contains(came, numbers.ReplaceAllString(line, "0")) {
				lines = append(lines, fmt.Sprintf("%s: %s", b, line))
			}
		}
	}
	return lines
}

func TestAbsent(t *testing.T) {
	blocks := blocksOf("page.md", "```\n$ list\n  ✓ heal  16 min\n  ✗ lost\n```\n```sh\nlist\n```\n```\njust text\n```\n")
	if got := absent(blocks, "== page\n  ✓ heal  3 min\n"); len(got) != 1 || got[0] != "page.md:1: ✗ lost" {
		t.Errorf("%q", got)
	}
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

var (
	fence  = regexp.MustCompile("^( *)(```+)([a-z]*)")
	reason = regexp.MustCompile(`^ *<!-- not run: (.+) -->$`)
	before = regexp.MustCompile(`^ *<!-- run first: (.+) -->$`)
)

// blocksOf reads the fenced blocks of a page.
func blocksOf(page, text string) []block {
	var found []block
	var open *block
	indent, ticks, above := "", "", ""
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case open != nil && m != nil && m[2] == ticks && m[3] == "":
			found, open = append(found, *open), nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		case m != nil:
			open = &block{page: page, line: i + 1, lang: m[3]}
			indent, ticks = m[1], m[2]
			if why := reason.FindStringSubmatch(above); why != nil {
				open.notRun = why[1]
			}
			if setup := before.FindStringSubmatch(above); setup != nil {
				open.first = setup[1]
			}
		}
		above = line
	}
	return found
}

// pagesForPeople are those with commands to type. docs/reference is made of the commands.
func pagesForPeople(t *testing.T) map[string][]block {
	t.Helper()
	pages := map[string][]block{}
	for _, pattern := range []string{"../*.md", "../docs/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pages[strings.TrimPrefix(filepath.ToSlash(file), "../")] = blocksOf(strings.TrimPrefix(filepath.ToSlash(file), "../"), string(text))
		}
	}
	if len(pages) < 8 {
		t.Fatalf("only %d pages were found", len(pages))
	}
	return pages
}

// TestDocsShowNothingUnseen wants blocks with commands to be marked sh, which TestSlowDocs runs.
func TestDocsShowNothingUnseen(t *testing.T) {
	typed := regexp.MustCompile(`(?m)^(kubectl|kubectl-learn|make) `)
	runs := 0
	for _, blocks := range pagesForPeople(t) {
		for _, b := range blocks {
			if b.lang == "" && typed.MatchString(b.text) {
				t.Errorf("%s: a block with commands: call it sh, and it is run by a test", b)
			}
			if b.typed() != "" {
				runs++
			}
		}
	}
	if runs < 12 {
		t.Errorf("only %d blocks are run", runs)
	}
}

// TestSlowDocs types what the pages show, and looks for the output that they show, page by page, each from its first block to its last, with a real
// kubectl whose plugin is the program under test.
func TestSlowDocs(t *testing.T) {
	slow(t)
	t.Parallel()
	bin := toolbox(t)
	for page, blocks := range pagesForPeople(t) {
		var script strings.Builder
		for _, b := range blocks {
			if typed := b.typed(); typed != "" {
				fmt.Fprintf(&script, "echo '== %s' >&2\n%s\n", b, typed)
			}
		}
		if script.Len() == 0 {
			continue
		}
		t.Run(page, func(t *testing.T) {
			l := newLearn(t)
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script.String())
			cmd.Dir = t.TempDir()
			cmd.Env = append(l.command(ctx).Env, "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+cmd.Dir,
				"KUBECONFIG="+filepath.Join(l.home, "clusters", "learn", "kubeconfig"))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, line := range absent(blocks, string(out)) {
				t.Errorf("%s, which did not come in\n%s", line, out)
			}
		})
	}
}

// toolbox is a folder with the program under test and the kubectl that it is a plugin of, which is
// built from the same Kubernetes.
func toolbox(t *testing.T) string {
	t.Helper()
	dir, err := boxed()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var boxed = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(shared.home, "toolbox") // which goes with the shared cluster
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "kubectl"), "k8s.io/kubernetes/cmd/kubectl").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build kubectl: %w\n%s", err, out)
	}
	return dir, os.Symlink(shared.bin, filepath.Join(dir, "kubectl-learn"))
})
