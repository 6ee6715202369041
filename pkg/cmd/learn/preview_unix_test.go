//go:build unix

package learn

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// last is what stands on the screen since it was cleared.
func (y *typing) last() string {
	all := y.shown()
	return all[strings.LastIndex(all, "\x1b[2J")+1:]
}

// save writes a file as many editors do: another one, which then gets the name.
func save(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestPreviewShowsWhatIsSaved(t *testing.T) {
	s := newStand(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "lesson.md")
	whole := strings.ReplaceAll(walked, "~~~", "```")
	save(t, file, whole)
	y := s.types("author", "preview", dir)
	y.until("Ctrl-C ends.")
	shows(t, y.last(), []string{"Pages, and more", "A long introduction.", "First step", "Second step", "Watching"})

	save(t, file, strings.Replace(whole, "A long introduction.", "A short one.", 1))
	y.until("A short one.")
	shows(t, y.last(), []string{"A short one."}, "A long introduction.")

	save(t, file, strings.Replace(whole, "minutes: 5", "minuts: 5", 1))
	y.until("unknown key")
	shows(t, y.last(), []string{file + ":5:1: error\n", "unknown key \"minuts\""}, "First step")

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	y.until("open lessons in")
	save(t, file, strings.Replace(whole, "A long introduction.", "It is back.", 1))
	y.until("It is back.")

	y.interrupt()
	y.end("", 0)
}

func TestPreviewFollowsAManifest(t *testing.T) {
	s := newStand(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "manifests"), 0o700); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(dir, "manifests", "page.yaml")
	save(t, manifest, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page}\n")
	save(t, filepath.Join(dir, "lesson.md"), "---\nid: x\ntitle: T\nsummary: S.\nminutes: 5\n---\n## Look\nText.\n```yaml given\nfile: manifests/page.yaml\n```\n")
	y := s.types("author", "preview", filepath.Join(dir, "lesson.md"))
	y.until("Ctrl-C ends.")
	save(t, manifest, "apiVersion: v1\nkind: ConfigMap\nmetadata: {nam: page}\n")
	y.until(manifest + ":3:12: error\n  unknown field \"nam\"")
}

func TestPreviewOnATerminalOnce(t *testing.T) {
	s := newStand(t)
	screen, code := s.onTerminal("", "author", "preview", "one", "--watch=false")
	if code != 0 || !strings.Contains(screen, "First step") || strings.Contains(screen, "Ctrl-C") || strings.Contains(screen, "\x1b[2J") {
		t.Errorf("%d\n%s", code, screen)
	}
	// What is built in never changes.
	if screen, code := s.onTerminal("", "author", "preview", "one"); code != 0 || strings.Contains(screen, "Ctrl-C") {
		t.Errorf("%d\n%s", code, screen)
	}
}
