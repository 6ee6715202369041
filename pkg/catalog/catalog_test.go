package catalog_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubectl-learn/kubectl-learn/pkg/catalog"
	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

func file(id, after string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(fmt.Sprintf("---\nid: %s\ntitle: About %s\nsummary: Does %s.\nminutes: 5\nafter: [%s]\n---\n## Look\n```sh do\nkubectl get pods\n```\n", id, id, id, after))}
}

func course() fstest.MapFS {
	return fstest.MapFS{
		"heal/lesson.md":       file("heal", "scale"),
		"containers/lesson.md": file("containers", ""),
		"scale/lesson.md":      file("scale", "deploy"),
		"deploy/lesson.md":     file("deploy", "containers"),
		"a/deep/one/lesson.md": file("storage", "deploy, heal"),
		"heal/notes.md":        {Data: []byte("not a lesson")},
		"scale/lesson.md.orig": {Data: []byte("not a lesson")},
		"lessons.go":           {Data: []byte("package lessons")},
	}
}

func ids(list []lesson.Header) string {
	var names []string
	for _, h := range list {
		names = append(names, h.ID)
	}
	return strings.Join(names, " ")
}

func TestOrder(t *testing.T) {
	for name, read := range readers() {
		c, err := read(course())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := ids(c.Order()); got != "containers deploy scale heal storage" {
			t.Errorf("%s: order %s", name, got)
		}
		if h := c.Order()[0]; h.Title != "About containers" || len(h.Steps) != 1 || h.Steps[0].ID != "look" || h.File != "containers/lesson.md" {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func readers() map[string]func(fstest.MapFS) (*catalog.Catalog, error) {
	return map[string]func(fstest.MapFS) (*catalog.Catalog, error){
		"Index": func(f fstest.MapFS) (*catalog.Catalog, error) { return catalog.Index(catalog.Source{FS: f}) },
		"Load":  func(f fstest.MapFS) (*catalog.Catalog, error) { return catalog.Load(catalog.Source{FS: f}) },
	}
}

func TestOrderFollowsFoldersWhereItIsFree(t *testing.T) {
	c, err := catalog.Index(catalog.Source{FS: fstest.MapFS{
		"3/lesson.md": file("c", ""), "1/lesson.md": file("z", "c"), "2/lesson.md": file("b", ""), "4/lesson.md": file("a", ""),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(c.Order()); got != "b c z a" {
		t.Errorf("order %s", got)
	}
}

func TestNextAndPrerequisites(t *testing.T) {
	c, err := catalog.Index(catalog.Source{FS: course()})
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]bool{"containers": true, "scale": true}
	if h, ok := c.Next(func(id string) bool { return done[id] }); !ok || h.ID != "deploy" {
		t.Errorf("next %v %v", h.ID, ok)
	}
	if _, ok := c.Next(func(string) bool { return true }); ok {
		t.Error("next of a finished course")
	}
	list, err := c.Prerequisites("storage")
	if err != nil || ids(list) != "containers deploy scale heal" {
		t.Errorf("prerequisites %s %v", ids(list), err)
	}
	if list, err := c.Prerequisites("containers"); err != nil || len(list) != 0 {
		t.Errorf("prerequisites of the first: %v %v", list, err)
	}
	if _, err := c.Prerequisites("none"); err == nil {
		t.Error("prerequisites of an unknown lesson")
	}
}

func TestLookup(t *testing.T) {
	c, err := catalog.Index(catalog.Source{FS: course()})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"hael":    `did you mean "heal"?`,
		"contain": `did you mean "containers"?`,
		"Scale":   `did you mean "scale"?`,
		"xyz":     "there are: containers, deploy, scale, heal, storage",
	} {
		if _, err := c.Lookup(id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", id, err, want)
		}
	}
	l, err := c.Lesson("heal")
	if err != nil || l.ID != "heal" || len(lesson.All[*lesson.Do](l.Steps[0])) != 1 {
		t.Errorf("lesson: %+v %v", l, err)
	}
	if _, err := c.Lesson("hael"); err == nil {
		t.Error("read an unknown lesson")
	}
}

// outside is a source beside the course, as a pack is.
func outside(lessons fstest.MapFS) catalog.Source {
	return catalog.Source{FS: lessons, Options: lesson.Options{Within: "./pack/", From: "/home/ann/pack"}}
}

func TestLessonsFromOutsideStandBesideTheOthers(t *testing.T) {
	c, err := catalog.Index(catalog.Source{FS: course()}, outside(fstest.MapFS{
		"x/lesson.md": file("config", "deploy"), "y/lesson.md": file("names", "config"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(c.Order()); got != "containers deploy scale heal storage config names" {
		t.Errorf("order %s", got)
	}
	l, err := c.Lesson("names")
	if err != nil || l.From != "/home/ann/pack" || l.File != "./pack/y/lesson.md" || l.Header().From != l.From {
		t.Errorf("lesson %+v, %v", l, err)
	}
	if l, err := c.Lesson("heal"); err != nil || l.From != "" {
		t.Errorf("a lesson of the course is from %q, %v", l.From, err)
	}
}

func TestAnIDThatIsTakenNamesBoth(t *testing.T) {
	_, err := catalog.Index(catalog.Source{FS: course()}, outside(fstest.MapFS{"x/lesson.md": file("heal", "")}))
	want := `./pack/x/lesson.md:2:5: the lesson id "heal" is taken by the lesson that is built in, heal/lesson.md:2:5; give it another one`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestProblemsBetweenLessons(t *testing.T) {
	fsys := fstest.MapFS{
		"a/lesson.md": file("a", "c"),
		"b/lesson.md": file("b", "a"),
		"c/lesson.md": file("c", "b, hael"),
		"d/lesson.md": file("heal", "d"),
		"e/lesson.md": file("b", ""),
		"f/lesson.md": file("f", "a"),
		"g/lesson.md": file("g", "g"),
		"h/lesson.md": {Data: []byte("---\nid: h\ntitel: x\n---\n")},
	}
	for name, read := range readers() {
		c, err := read(fsys)
		if c != nil || err == nil {
			t.Fatalf("%s: no error", name)
		}
		for _, want := range []string{
			`b/lesson.md:6:9: these lessons come after each other in a circle: a, after c, after b, after a; take one "after" out`,
			`c/lesson.md:6:12: unknown lesson "hael" in "after"; did you mean "heal"?`,
			`d/lesson.md:6:9: unknown lesson "d" in "after"; there are: a, b, c, heal, f, g, h`,
			`e/lesson.md:2:5: the lesson id "b" is taken by b/lesson.md:2:5; give it another one`,
			`g/lesson.md:6:9: the lesson "g" comes after itself; take it out`,
			`h/lesson.md:3:1: unknown key "titel" in the front matter; did you mean "title"?`,
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: lacks %s\n%v", name, want, err)
			}
		}
		if n := strings.Count(err.Error(), "circle"); n != 1 {
			t.Errorf("%s: the circle is told %d times", name, n)
		}
	}
}

func TestOnlyLoadReadsTheSteps(t *testing.T) {
	fsys := course()
	fsys["heal/lesson.md"].Data = append(fsys["heal/lesson.md"].Data, []byte("## More\n```yaml chek\n```\n")...)
	if _, err := catalog.Index(catalog.Source{FS: fsys}); err != nil {
		t.Errorf("Index: %v", err)
	}
	if _, err := catalog.Load(catalog.Source{FS: fsys}); err == nil || !strings.Contains(err.Error(), `heal/lesson.md:13:9: unknown role "chek"`) {
		t.Errorf("Load: %v", err)
	}
}

func TestNoLessons(t *testing.T) {
	if _, err := catalog.Index(catalog.Source{FS: fstest.MapFS{"x.md": {}}}); err == nil {
		t.Error("an empty folder is a catalog")
	}
}

// big is a course of 20 lessons of 12 steps, each with what a step usually has.
func big() fstest.MapFS {
	step := "\nA Deployment asks for three Pods. " + strings.Repeat("Some words to read. ", 30) + "\n\n" +
		"```yaml predict\nask: What?\nbecause: so\noptions:\n- {say: A, right: true}\n- {say: B, belief: b, answer: c}\n```\n" +
		"```sh do\nkubectl delete pod {{ name \"pods?app=web\" }}\n```\n" +
		"```yaml check\n- that: A\n  on: pods?app=web\n  expect: objects.filter(p, ready(p)).size() == 3\n  expected: three\n  otherwise:\n  - {when: objects.size() < 3, say: \"{{ .objects | len }}\"}\n```\n"
	fsys := fstest.MapFS{}
	for i := range 20 {
		text := strings.Builder{}
		fmt.Fprintf(&text, "---\nid: lesson-%02d\ntitle: Lesson %d\nsummary: Does it.\nminutes: 10\nneeds: {nodes: 2}\n---\n", i, i)
		for s := range 12 {
			fmt.Fprintf(&text, "## Step %d\n%s", s, step)
		}
		fsys[fmt.Sprintf("%02d/lesson.md", i)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	return fsys
}

func BenchmarkIndex(b *testing.B) {
	fsys := big()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := catalog.Index(catalog.Source{FS: fsys}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	fsys := big()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := catalog.Load(catalog.Source{FS: fsys}); err != nil {
			b.Fatal(err)
		}
	}
}
