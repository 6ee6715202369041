package learn

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"mvdan.cc/sh/v3/shell"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// named is a provider of which only the name is asked.
type named struct {
	cluster.Provider
	name string
}

func (n named) Name() string { return n.name }

// tree are the commands as main builds them.
func tree() *cobra.Command {
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	return New(cmd.NewApp(streams, cmd.Deps{
		Providers: []cluster.Provider{named{name: "kind"}, named{name: "sandbox"}, named{name: "current"}}, Lessons: fstest.MapFS{},
	}))
}

func each(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, child := range c.Commands() {
		each(child, do)
	}
}

// TestHelpIsWhole wants each command to say in sentences what it does, with examples that exist.
func TestHelpIsWhole(t *testing.T) {
	seen := 0
	each(tree(), func(c *cobra.Command) {
		seen++
		path := c.CommandPath()
		if path == plugin.Command+" help" { // cobra's own
			return
		}
		if c.RunE == nil || path != plugin.Command && !strings.HasPrefix(path, plugin.Command+" ") {
			t.Errorf("%q runs nothing, or is not what a user types", path)
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") || c.Short[0] < 'A' || c.Short[0] > 'Z' {
			t.Errorf("%s: Short %q: a line that begins with a capital, without a full stop", path, c.Short)
		}
		if first, _, _ := strings.Cut(c.Long, "\n\n"); !strings.HasSuffix(strings.TrimSpace(c.Long), ".") || first == "" {
			t.Errorf("%s: Long is no text of sentences: %q", path, c.Long)
		}
		for line := range strings.Lines(c.Long + "\n" + c.Example) {
			if line = strings.TrimRight(line, "\n"); len(line) > 112 {
				t.Errorf("%s: a line of %d columns: %s", path, len(line), line)
			}
		}
		c.Flags().VisitAll(func(f *pflag.Flag) { sentence(t, path, f) })
		c.PersistentFlags().VisitAll(func(f *pflag.Flag) { sentence(t, path, f) })
		examples(t, c)
	})
	if seen < 40 {
		t.Errorf("the tree has %d commands", seen)
	}
}

func sentence(t *testing.T, path string, f *pflag.Flag) {
	t.Helper()
	if !f.Hidden && (!strings.HasSuffix(f.Usage, ".") || !unicode.IsUpper(rune(f.Usage[0])) && !strings.HasPrefix(f.Usage, "kind: ")) {
		t.Errorf("%s --%s: %q is no sentence", path, f.Name, f.Usage)
	}
	if f.Hidden {
		return
	}
	switch first, _, _ := strings.Cut(strings.TrimPrefix(f.Usage, "kind: "), " "); first {
	case "The", "A", "An", "Which", "What", "How", "Output", "With", "Whether":
		t.Errorf("%s --%s: %q has no verb; say what the flag does", path, f.Name, f.Usage)
	}
}

// examples finds those that the commands themselves would refuse.
func examples(t *testing.T, c *cobra.Command) {
	t.Helper()
	if c.Example == "" {
		t.Errorf("%s has no example", c.CommandPath())
	}
	for line := range strings.Lines(c.Example) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := understood(tree(), line); err != nil {
			t.Errorf("%s: example %q: %v", c.CommandPath(), line, err)
		}
	}
}

// understood says whether a line would be taken by the commands: one of ours, with flags and as many
// arguments as it takes. Lines of other programs are.
func understood(root *cobra.Command, line string) error {
	rest, ours := strings.CutPrefix(line, plugin.Command+" ")
	if !ours {
		return nil
	}
	rest, _, _ = strings.Cut(rest, " > ")
	rest, _, _ = strings.Cut(rest, " | ")
	c, err := parsed(root, rest)
	if err != nil {
		return err
	}
	if err := c.ValidateArgs(c.Flags().Args()); err != nil {
		return err
	}
	return stepIsThere(c)
}

// stepIsThere says whether a built-in lesson has the step that is named beside it.
func stepIsThere(c *cobra.Command) error {
	for _, name := range []string{"at", "step"} {
		flag, id := c.Flags().Lookup(name), c.Flags().Arg(0)
		if flag == nil || !flag.Changed || id == "" {
			continue
		}
		h, err := lesson.Options{}.ParseHeader(os.DirFS("../../../lessons"), id+"/lesson.md")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			continue // it is somebody's own
		}
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(h.Steps, func(s lesson.StepHeader) bool { return s.ID == flag.Value.String() }) {
			return fmt.Errorf("lesson %s has no step %s", id, flag.Value)
		}
	}
	return nil
}

func TestExamplesCanFail(t *testing.T) {
	for _, line := range []string{"strat", "list --nonsense", "list heal", "cluster nodes", "cluster node stop", "start heal --at kill-a-pod"} {
		if understood(tree(), plugin.Command+" "+line) == nil {
			t.Errorf("%q is understood", line)
		}
	}
}

// TestReference holds docs/reference, which is made of the commands, against them. With -update it is
// made anew.
func TestReference(t *testing.T) {
	root := tree()
	each(root, func(c *cobra.Command) { c.DisableAutoGenTag = true })
	is := t.TempDir()
	if err := doc.GenMarkdownTree(root, is); err != nil {
		t.Fatal(err)
	}
	man := filepath.Join(is, "man")
	if err := os.Mkdir(man, 0o755); err != nil {
		t.Fatal(err)
	}
	// A page says no day: it would be another one with each release.
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Manual: plugin.Command, Date: &time.Time{}}, man); err != nil {
		t.Fatal(err)
	}
	for name, text := range pages(t, is) {
		if err := os.WriteFile(filepath.Join(is, filepath.FromSlash(name)), bytes.ReplaceAll(text, []byte(`"Jan 0001"`), []byte(`""`)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := filepath.Join("..", "..", "..", "docs", "reference")
	if *update {
		if err := os.RemoveAll(want); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(want, os.DirFS(is)); err != nil {
			t.Fatal(err)
		}
	}
	made, kept := pages(t, is), pages(t, want)
	for name, text := range made {
		if !bytes.Equal(text, kept[name]) {
			t.Errorf("docs/reference/%s is not what the commands say now: go test ./pkg/cmd/learn -run TestReference -update", name)
		}
	}
	for name := range kept {
		if _, ok := made[name]; !ok {
			t.Errorf("docs/reference/%s is of no command", name)
		}
	}
	if len(made) < 80 {
		t.Errorf("only %d pages are made", len(made))
	}
}

// pages are the files of a folder of reference pages, by their path in it.
func pages(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for _, pattern := range []string{"*.md", "man/*.1"} {
		files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(dir, file)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.ToSlash(name)] = text
		}
	}
	return found
}

// TestDocsNameCommandsThatExist looks at what the pages for people, and lessons, have between backticks and in blocks. Most blocks are run
// by a test of e2e.
func TestDocsNameCommandsThatExist(t *testing.T) {
	ours := "(" + plugin.Command + "|" + plugin.Program + ")"
	// Between backticks, or a line of a block: typed, after a prompt, or in a workflow; whether or not a test runs it.
	inline := regexp.MustCompile("`" + ours + "( [^`]+)`|^ *(?:\\$ |- run: )?" + ours + "( [a-z-][^#`]*)(?:#.*)?$")
	seen := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "lessons/*/*.md"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(text), "\n") {
				for _, m := range inline.FindAllStringSubmatch(line, -1) {
					seen++
					if err := exists(m[2] + m[4]); err != nil {
						t.Errorf("%s:%d: `%s%s`: %v", filepath.Base(file), i+1, m[1]+m[3], m[2]+m[4], err)
					}
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d commands were found", seen)
	}
}

// exists says whether the commands and flags of a line are there. How many arguments it takes is not
// asked: in running text they stand for others.
func exists(line string) error {
	for part := range strings.SplitSeq(line, " && ") {
		part = strings.TrimPrefix(strings.TrimPrefix(part, plugin.Program+" "), plugin.Command+" ")
		part, _, _ = strings.Cut(part, " > ")
		part = strings.NewReplacer("[", "", "]", "", "...", "", "\\|", " ", "|", " ", "<", "", ">", "").Replace(part)
		if _, err := parsed(tree(), part); err != nil {
			return err
		}
	}
	return nil
}

// parsed is the command of a line, which has read its flags.
func parsed(root *cobra.Command, line string) (*cobra.Command, error) {
	words, err := shell.Fields(line, nil)
	if err != nil {
		return nil, err
	}
	c, args, err := root.Find(inOrder(root, words))
	if err != nil {
		return nil, err
	}
	if err := c.ParseFlags(args); err != nil {
		return nil, err
	}
	if c.HasSubCommands() && len(c.Flags().Args()) > 0 {
		return nil, fmt.Errorf("%s has no command %q", c.CommandPath(), c.Flags().Args()[0])
	}
	return c, nil
}
