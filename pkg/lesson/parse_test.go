package lesson_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/lesson"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata, whatever its line ends.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(string(data), "\r\n", "\n"); got != want {
		t.Errorf("%s differs (go test -update writes it anew)\n--- got\n%s\n--- want\n%s", file, got, want)
	}
}

func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			l, err := lesson.Parse(os.DirFS("testdata/errors"), filepath.Base(file))
			if err == nil || l != nil {
				t.Fatalf("%s was read without an error", file)
			}
			var list lesson.Errors
			if !errors.As(err, &list) {
				t.Fatalf("not an Errors: %v", err)
			}
			golden(t, strings.TrimSuffix(file, ".md")+".golden", err.Error()+"\n")
		})
	}
}

func TestErrorsWithWindowsLineEnds(t *testing.T) {
	data, err := os.ReadFile("testdata/errors/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	unix := strings.ReplaceAll(string(data), "\r\n", "\n")
	_, want := lesson.Parse(fstest.MapFS{"l.md": {Data: []byte(unix)}}, "l.md")
	_, got := lesson.Parse(fstest.MapFS{"l.md": {Data: []byte("\ufeff" + strings.ReplaceAll(unix, "\n", "\r\n"))}}, "l.md")
	if want == nil || got == nil || got.Error() != want.Error() {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

const front = "---\nid: x\ntitle: X\nsummary: Does x.\nminutes: 5\n---\n"

func parse(t *testing.T, text string) *lesson.Lesson {
	t.Helper()
	l, err := lesson.Parse(fstest.MapFS{"x/lesson.md": {Data: []byte(text)}}, "x/lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestParseWholeLesson(t *testing.T) {
	l, err := lesson.Parse(os.DirFS("testdata/good"), "lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	if l.ID != "heal" || l.Title != "Self-healing" || l.Minutes != 12 || len(l.After) != 1 || !l.Needs.KillContainer || l.Needs.Nodes != 2 {
		t.Errorf("front matter: %+v", l)
	}
	if l.Intro != "What it is about.\n\nAnd more." {
		t.Errorf("intro: %q", l.Intro)
	}
	if len(l.Steps) != 2 || l.Steps[0].ID != "kill-a-pod" || l.Steps[0].Title != "Kill a Pod" || l.Step("kill-a-pod") != l.Steps[0] || l.Step("no") != nil {
		t.Fatalf("steps: %+v", l.Steps)
	}
	step := l.Steps[0]
	if step.Support != lesson.Completion {
		t.Errorf("support %q", step.Support)
	}
	var order []string
	for _, b := range step.Blocks {
		order = append(order, strings.TrimPrefix(strings.TrimPrefix(typeOf(b), "*"), "lesson."))
	}
	if got := strings.Join(order, " "); got != "Prose Given Given Predict Do Prose Checks Explain Ask Hint Hint Hint Wrong Fault Get" {
		t.Errorf("blocks: %s", got)
	}
	prose := lesson.All[*lesson.Prose](step)
	if len(prose) != 2 || !strings.Contains(prose[1].Markdown, "```go\nfunc") {
		t.Errorf("prose: %v", prose)
	}
	given := lesson.All[*lesson.Given](step)
	if len(given[0].Objects) != 1 || len(given[1].Objects) != 2 || given[1].Objects[1].GetName() != "settings" {
		t.Errorf("given: %v", given)
	}
	if n, _, _ := nested(given[0].Objects[0], "spec", "replicas"); n != int64(3) {
		t.Errorf("replicas are %T %v, want int64 3", n, n)
	}
	check := step.Checks()[0]
	if check.Within != 90*time.Second || len(check.Otherwise) != 2 || check.On.String() != "pods?app=web" || check.Pos.Line == 0 {
		t.Errorf("check: %+v", check)
	}
	if second := step.Checks()[1]; second.Within != time.Minute {
		t.Errorf("within without a word: %v", second.Within)
	}
	hints := step.Hints()
	if hints[0].Rung != lesson.Orient || hints[1].Rung != lesson.Principle || hints[2].Rung != lesson.Action || hints[1].Text != "It counts.\nOver two lines." {
		t.Errorf("hints: %+v %+v", hints[1], hints[2])
	}
	get := lesson.All[*lesson.Get](step)[0]
	if get.Port != 8080 || get.Path != "/" || get.Times != 20 || get.Spread != 2 || get.Expect.Status != 200 || get.Expect.Contains[0] != "nginx" {
		t.Errorf("get: %+v", get)
	}
	var resources []string
	for _, q := range step.Queries() {
		resources = append(resources, q.String())
	}
	if got := strings.Join(resources, " "); got != "deployments endpointslices events nodes pods replicasets services statefulsets" {
		t.Errorf("queries: %s", got)
	}
	if problems := lesson.Lint(l); len(problems) != 0 {
		t.Errorf("lint: %v", problems)
	}
}

func TestLoad(t *testing.T) {
	for text, want := range map[string]lesson.Load{
		"load: service/web\n": {Port: 80, Path: "/", Rate: 20, For: 30 * time.Second},
		"load: svc/web\nport: 8080\npath: /a?b=c\nrate: 200\nfor: 5m\n": {Port: 8080, Path: "/a?b=c", Rate: 200, For: 5 * time.Minute},
		"load: pods?app=web\nrate: 1\nfor: 1s\n":                        {Port: 80, Path: "/", Rate: 1, For: time.Second},
	} {
		l := parse(t, front+"## A\n```yaml fault\n"+text+"say: A crowd comes.\n```\n")
		f := lesson.All[*lesson.Fault](l.Steps[0])[0]
		got, on := *f.Load, f.Load.On
		if f.Kind != lesson.SendLoad || got.Port != want.Port || got.Path != want.Path || got.Rate != want.Rate || got.For != want.For || (on.Kind != "Service" && on.Kind != "Pod") || f.Say != "A crowd comes." {
			t.Errorf("%q is %+v, %+v", text, f, got)
		}
		if l.Needs != (lesson.Needs{}) {
			t.Errorf("it needs %+v", l.Needs)
		}
		var rules []string
		for _, p := range lesson.Lint(l) {
			rules = append(rules, p.Rule)
		}
		if got := strings.Join(rules, " "); !strings.Contains(got, "predict") || !strings.Contains(got, "proof") {
			t.Errorf("lint found %s", got)
		}
	}
}

func TestHeaderAgreesWithParse(t *testing.T) {
	l, err := lesson.Parse(os.DirFS("testdata/good"), "lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	h, err := lesson.ParseHeader(os.DirFS("testdata/good"), "lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	sameHeader(t, h, l.Header())
}

func sameHeader(t *testing.T, got, want lesson.Header) {
	t.Helper()
	if got.ID != want.ID || got.Title != want.Title || got.Needs != want.Needs || len(got.Steps) != len(want.Steps) {
		t.Errorf("header %+v, want %+v", got, want)
		return
	}
	for i := range got.Steps {
		if got.Steps[i] != want.Steps[i] {
			t.Errorf("step %+v, want %+v", got.Steps[i], want.Steps[i])
		}
	}
}

func TestTrust(t *testing.T) {
	text := front + "## A\n```yaml given\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostNetwork: true\n  containers: [{name: a, image: b}]\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n```\n"
	fsys := fstest.MapFS{"l.md": {Data: []byte(text)}}
	_, err := lesson.Parse(fsys, "l.md")
	var list lesson.Errors
	if !errors.As(err, &list) || len(list) != 3 {
		t.Errorf("without trust: %v", err)
	}
	if _, err := (lesson.Options{Trust: true}).Parse(fsys, "l.md"); err != nil {
		t.Errorf("with trust: %v", err)
	}
}

func TestBounds(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"file":       {front + "## A\n" + strings.Repeat("word ", 60_000), "larger than 256 KiB"},
		"steps":      {front + manySteps(65), "more than 64 steps"},
		"checks":     {front + "## A\n```yaml check\n" + strings.Repeat("- {that: a, on: pods, expect: 'objects.size() == 1', expected: a}\n", 33) + "```\n", "more than 32 checks"},
		"expression": {front + "## A\n```yaml check\n- {that: a, on: pods, expected: a, expect: '" + strings.Repeat("objects.size() == 1 && ", 300) + "true'}\n```\n", "longer than 4096 bytes"},
		"utf8":       {front + "## A\n\xff\xfe", "not UTF-8"},
		"id":         {strings.Replace(front, "id: x", "id: "+strings.Repeat("x", 58), 1) + "## A\n", "57 at most"},
	} {
		_, err := lesson.Parse(fstest.MapFS{"l.md": {Data: []byte(tc.text)}}, "l.md")
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %.200v, want %q", name, err, tc.want)
		}
	}
	if _, err := lesson.Parse(fstest.MapFS{}, "none.md"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func manySteps(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("## Step " + strings.Repeat("i", i+1) + "\n")
	}
	return b.String()
}

func TestNeeds(t *testing.T) {
	need := lesson.Needs{Nodes: 3, Metrics: true, StopNode: true}
	if got := need.Unmet(lesson.Needs{Nodes: 3, Metrics: true, StopNode: true, Exec: true}); got != nil {
		t.Errorf("all met: %v", got)
	}
	if got := need.Unmet(lesson.Needs{Nodes: 2, StopNode: true}); len(got) != 2 || !strings.Contains(got[0], "3 worker nodes") {
		t.Errorf("unmet: %q", got)
	}
}

// TestErrorsPointAtTheWord reads the place that each message names.
func TestErrorsPointAtTheWord(t *testing.T) {
	unknown := regexp.MustCompile(`unknown (?:field|name|key|role|kind|function) "([^"]+)"`)
	checked := 0
	for _, name := range []string{"cel.md", "checks.md", "commands.md", "given.md", "small.md", "predict.md", "structure.md", "frontmatter.md"} {
		data, err := os.ReadFile("testdata/errors/" + name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
		_, err = lesson.Parse(os.DirFS("testdata/errors"), name)
		var list lesson.Errors
		errors.As(err, &list)
		for _, e := range list {
			m := unknown.FindStringSubmatch(e.What)
			if m == nil || e.Pos.File != name || strings.Contains(e.What, "kind") {
				continue
			}
			checked++
			rest := string([]rune(lines[e.Pos.Line-1])[e.Pos.Col-1:])
			if !strings.HasPrefix(rest, m[1]) {
				t.Errorf("%v: there stands %q", e, rest)
			}
		}
	}
	if checked < 25 {
		t.Errorf("only %d messages were looked at", checked)
	}
}
