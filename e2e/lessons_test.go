package e2e

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/lessons"
)

// TestLessons proves every lesson that is embedded, by the robot.
func TestLessons(t *testing.T) {
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
			t.Log(shared.run(t, "author", "test", id))
			if out := shared.run(t, "kubectl", "--", "get", "namespaces", "-o", "name"); strings.Contains(out, "learn-"+id) {
				t.Errorf("the lesson left its namespace behind:\n%s", out)
			}
		})
	}
}
