package lesson_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// FuzzParse: no text makes the parser panic; what it refuses it refuses with places inside the
// file, and what it takes can be used.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*/*.md")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("---\n---\n## A\n```yaml check\n- {expect: \"\\x\"}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"lesson.md": {Data: data}}
		l, err := lesson.Parse(fsys, "lesson.md")
		h, headErr := lesson.ParseHeader(fsys, "lesson.md")
		if err != nil {
			checkPlaces(t, err, strings.Count(string(data), "\n")+1)
			return
		}
		if headErr != nil {
			t.Fatalf("the header alone is wrong: %v", headErr)
		}
		sameHeader(t, h, l.Header())
		use(l)
	})
}

func checkPlaces(t *testing.T, err error, lines int) {
	var list lesson.Errors
	if !errors.As(err, &list) {
		t.Fatalf("not an Errors: %v", err)
	}
	for _, e := range list {
		if e.Pos.File != "lesson.md" || e.Pos.Line < 1 || e.Pos.Line > lines || e.Pos.Col < 1 || e.What == "" {
			t.Fatalf("a wrong place: %v of %d lines", e, lines)
		}
	}
}

// use evaluates all that a lesson holds, on an empty cluster.
func use(l *lesson.Lesson) {
	now := &snapshot.Snapshot{At: time.Unix(0, 0)}
	lesson.Lint(l)
	for _, s := range l.Steps {
		s.Queries()
		for _, c := range s.Checks() {
			v, _ := lesson.NewView(c.On, now, now, now.At)
			_, _ = c.Holds(v)
			_, _, _ = c.OnItsWay(v)
			_, _ = c.Found(v)
			_, _ = c.LookAt(v)
			for i := range c.Otherwise {
				_, _ = c.Otherwise[i].Fires(v)
				_, _ = c.Otherwise[i].Text(v)
			}
		}
		for _, d := range lesson.All[*lesson.Do](s) {
			for i := range d.Commands {
				_, _, _ = d.Commands[i].Render(now)
			}
		}
		for _, h := range s.Hints() {
			_, _ = h.Render(now)
		}
		for _, a := range lesson.All[*lesson.Ask](s) {
			_, _ = a.Answers(now, nil, now.At)
		}
		for _, p := range lesson.All[*lesson.Predict](s) {
			for i := range p.Options {
				_, _ = p.Options[i].Evidence(now, nil, now.At)
			}
		}
		for _, fault := range lesson.All[*lesson.Fault](s) {
			_, _ = fault.Resolve(now)
		}
	}
}
