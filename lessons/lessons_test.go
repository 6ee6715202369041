package lessons_test

import (
	"io/fs"
	"path"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/lessons"
	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/pack"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

func load(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(catalog.Source{FS: lessons.FS})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withPack is the course, and beside it the example pack.
func withPack(t *testing.T) *catalog.Catalog {
	t.Helper()
	p, err := pack.Open("../docs/example-pack")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if len(p.Lessons) < 2 {
		t.Errorf("the example pack has %v", p.Lessons)
	}
	c, err := catalog.Load(catalog.Source{FS: lessons.FS}, p.Source())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every folder beside this file is a lesson, is embedded, and has the name of the lesson in it.
func TestEveryFolderIsALesson(t *testing.T) {
	folders, err := fs.Glob(lessons.FS, "*")
	if err != nil {
		t.Fatal(err)
	}
	c := load(t)
	if len(folders) == 0 || len(c.Order()) != len(folders) {
		t.Errorf("%d lessons in %d folders", len(c.Order()), len(folders))
	}
	for _, h := range c.Order() {
		if path.Dir(h.File) != h.ID {
			t.Errorf("%s holds the lesson %q: a folder has its lesson's id", h.File, h.ID)
		}
	}
}

func TestLint(t *testing.T) {
	c := withPack(t)
	for _, h := range c.Order() {
		l, err := c.Lesson(h.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range lesson.Lint(l) {
			t.Error(p)
		}
	}
}

// A learner meets a prediction or a question in every step, and help when stuck.
func TestEveryStepAsks(t *testing.T) {
	c := load(t)
	for _, h := range c.Order() {
		l, err := c.Lesson(h.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range l.Steps {
			at := l.ID + "/" + s.ID
			if len(lesson.All[*lesson.Predict](s))+len(lesson.All[*lesson.Ask](s)) == 0 {
				t.Errorf("%s asks nothing", at)
			}
			if len(lesson.All[*lesson.Explain](s))+len(lesson.All[*lesson.Ask](s)) == 0 {
				t.Errorf("%s says nothing from the live objects afterwards", at)
			}
			if len(s.Hints()) != 4 {
				t.Errorf("%s has %d hints, not the four rungs", at, len(s.Hints()))
			}
			if len(lesson.All[*lesson.Wrong](s)) == 0 {
				t.Errorf("%s foresees no mistake", at)
			}
		}
	}
}

// The course is one path, so that "after" alone says what comes next.
func TestOrder(t *testing.T) {
	var order []string
	for _, h := range load(t).Order() {
		for _, before := range h.After {
			if len(order) == 0 || order[len(order)-1] != before {
				t.Errorf("%s comes after %q and stands behind %v", h.ID, before, order)
			}
		}
		order = append(order, h.ID)
	}
}

// On an empty cluster no check breaks: what is not there is "not yet", never "can't tell".
func TestChecksOnNothing(t *testing.T) {
	c := withPack(t)
	for _, h := range c.Order() {
		l, err := c.Lesson(h.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range l.Steps {
			at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
			empty := &snapshot.Snapshot{At: at}
			for _, r := range check.Evaluate(s, empty, empty, at).Results {
				if r.Verdict == check.CantTell {
					t.Errorf("%s/%s: %q: %s", l.ID, s.ID, r.That, r.Why)
				}
			}
		}
	}
}
