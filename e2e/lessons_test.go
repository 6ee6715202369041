package e2e

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/lessons"
)

// TestLessons has the robot play every lesson that is embedded, as a learner would who has no cluster yet.
func TestLessons(t *testing.T) {
	t.Parallel()
	for _, id := range embedded(t) {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			plays(t, newLearn(t), id, "run", "--provider", provider())
		})
	}
}

// examplePack is a folder of lessons beside those that are embedded.
const examplePack = "../docs/example-pack"

// TestExamplePack has the robot play the lessons of the example pack, as those that are embedded.
func TestExamplePack(t *testing.T) {
	t.Parallel()
	for _, id := range example(t) {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			plays(t, newLearn(t), id, "run", "--provider", provider(), "--lessons", examplePack)
		})
	}
}

// TestSlowProveLessons proves every lesson: its checks can fail, and its wrong turns do.
func TestSlowProveLessons(t *testing.T) {
	slow(t)
	if provider() != "kind" {
		t.Parallel()
	}
	ids := embedded(t)
	if provider() != "kind" { // where each takes minutes
		ids = append(ids, example(t)...)
	}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) {
			l := shared
			if provider() != "kind" { // of which a machine has room for one
				t.Parallel()
				l = newLearn(t)
				l.run(t, "cluster", "create")
			}
			plays(t, l, id, "author", "test", "--lessons", examplePack)
		})
	}
}

// embedded are the lessons in the program.
func embedded(t *testing.T) (ids []string) {
	t.Helper()
	return folders(t, lessons.FS, 4)
}

// example are the lessons of the example pack.
func example(t *testing.T) []string {
	t.Helper()
	return folders(t, os.DirFS(examplePack), 2)
}

// folders are the IDs of lessons in folders of that name, of which there are some.
func folders(t *testing.T, fsys fs.FS, least int) (ids []string) {
	t.Helper()
	found, err := fs.Glob(fsys, "*/lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < least {
		t.Fatalf("there are %d lessons, want at least %d", len(found), least)
	}
	for _, file := range found {
		ids = append(ids, path.Dir(file))
	}
	return ids
}

// plays runs a command on a lesson, which is to leave nothing behind.
func plays(t *testing.T, l learn, id string, command ...string) {
	t.Helper()
	t.Log(l.within(t, 15*time.Minute, append(command, id)...))
	if out := l.run(t, "kubectl", "--", "get", "namespaces", "-o", "name"); strings.Contains(out, "learn-"+id) {
		t.Errorf("the lesson left its namespace behind:\n%s", out)
	}
}
