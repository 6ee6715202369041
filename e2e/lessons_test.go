package e2e

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/lessons"
)

// TestLessons has the robot play every lesson that is embedded, as a learner would.
func TestLessons(t *testing.T) { eachLesson(t, "run") }

// TestSlowProveLessons proves every lesson: its checks can fail, and its wrong turns do.
func TestSlowProveLessons(t *testing.T) {
	slow(t)
	eachLesson(t, "author", "test")
}

func eachLesson(t *testing.T, command ...string) {
	found, err := fs.Glob(lessons.FS, "*/lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 4 {
		t.Fatalf("%d lessons are embedded, want at least 4", len(found))
	}
	for _, file := range found {
		id := path.Dir(file)
		t.Run(id, func(t *testing.T) {
			t.Log(shared.within(t, 15*time.Minute, append(command, id)...))
			if out := shared.run(t, "kubectl", "--", "get", "namespaces", "-o", "name"); strings.Contains(out, "learn-"+id) {
				t.Errorf("the lesson left its namespace behind:\n%s", out)
			}
		})
	}
}
