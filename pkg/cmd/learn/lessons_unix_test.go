//go:build unix

package learn

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// ownLesson writes a lesson of somebody's own, called mine, and returns the folder that it is in.
func ownLesson(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pack")
	if err := os.MkdirAll(filepath.Join(dir, "mine"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(strings.Replace(walked, "id: one", "id: mine", 1), "~~~", "```")
	if err := os.WriteFile(filepath.Join(dir, "mine", "lesson.md"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestALessonOfOnesOwnIsFoundAgain(t *testing.T) {
	w := newWalk(t)
	w.leave()
	dir := ownLesson(t)
	t.Chdir(filepath.Dir(dir))
	shows(t, w.ok("start", "mine", "--no-shell", "--lessons", "pack"), []string{"mine · First step", "kubectl learn check"}, "--lessons")

	t.Chdir(t.TempDir()) // what was named from there is known by its whole path
	w.server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: page, namespace: learn-mine}}")
	shows(t, w.ok("check"), []string{"✓ There is a page"})
	shows(t, w.ok("list"), []string{"From " + dir, "mine"})
	shows(t, w.ok("next"), []string{"Second step"})
	shows(t, w.ok("start", "--no-shell"), []string{"Second step"})
	shows(t, w.ok("progress"), []string{"mine", "first-step", "yes"})
	shows(t, w.ok("quit"), []string{`You left "Pages, and more".`, "Come back", "kubectl learn --lessons " + dir + " start mine"})

	// What was done of it is told even when it is not at hand.
	if out := w.ok("list"); strings.Contains(out, "mine") {
		t.Errorf("it is still listed:\n%s", out)
	}
	shows(t, w.ok("progress"), []string{"mine", "first-step", "yes", "second-step", "no"})

	// Without an ID it is the first of those that are named, and what was done of it is not forgotten.
	shows(t, w.ok("start", "--no-shell", "--lessons", dir), []string{
		"You did 1 of its 2 steps before. To go on there:", "start mine --at second-step", "mine · First step",
	})
	shows(t, w.ok("start", "--no-shell"), []string{"mine · First step"}, "steps before")
}

func TestALessonWhoseFolderIsGone(t *testing.T) {
	w := newWalk(t)
	w.leave()
	dir := ownLesson(t)
	w.ok("start", "mine", "--no-shell", "--lessons", dir)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check"}, {"next"}, {"start", "--no-shell"}} {
		_, complaint, code := w.run(args...)
		want := "learn: lesson mine is under way on cluster learn, and can't be read: open lessons in " + dir +
			": there is no such file or folder.\n       Put it back, or leave the lesson: kubectl learn quit\n"
		if code != 2 || complaint != want {
			t.Errorf("%v: %d, %q", args, code, complaint)
		}
	}
	w.ok("list")
	w.ok()
	shows(t, w.ok("quit"), []string{`You left "mine".`}, "Come back")
	if w.server.Get("namespaces", "", "learn-mine") != nil {
		t.Error("its namespace is left behind")
	}
	if _, complaint, code := w.run("check"); code != 2 || !strings.Contains(complaint, "no lesson is under way") {
		t.Errorf("%d, %q", code, complaint)
	}
}

func TestALessonWhoseFolderWasMoved(t *testing.T) {
	w := newWalk(t)
	w.leave()
	dir := ownLesson(t)
	w.ok("start", "mine", "--no-shell", "--lessons", dir)
	if err := os.Rename(dir, dir+".moved"); err != nil {
		t.Fatal(err)
	}
	w.server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: page, namespace: learn-mine}}")
	shows(t, w.ok("next", "--lessons", dir+".moved"), []string{"✓ There is a page", "Second step"})
	shows(t, w.ok("start", "--no-shell"), []string{"Second step"})
}

// In the practice shell the variable may name a folder that is gone; who is told so can leave.
func TestTheVariableOfAFolderThatIsGone(t *testing.T) {
	w := newWalk(t)
	dir := ownLesson(t)
	w.environ = append(w.environ, cmd.LessonsVariable+"="+dir)
	w.ok("start", "mine", "--no-shell")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, complaint, code := w.run("check"); code != 2 || !strings.Contains(complaint, cmd.LessonsVariable+": open lessons in "+dir+": there is no such file or folder") {
		t.Errorf("%d, %q", code, complaint)
	}
	shows(t, w.ok("quit"), []string{`You left "mine".`})
}
