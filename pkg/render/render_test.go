package render_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/check"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

// styles are the screens that every golden file is made for.
func styles() map[string]render.Style {
	return map[string]render.Style{
		"txt":   {Width: 80},
		"ascii": {Width: 80, ASCII: true},
		"color": {Width: 80, Color: true, Terminal: true},
	}
}

// golden holds what show writes in each style against the files of that name, and checks what is
// true of every screen.
func golden(t *testing.T, name string, show func(*bytes.Buffer, render.Style) error) {
	t.Helper()
	for ext, style := range styles() {
		var b bytes.Buffer
		if err := show(&b, style); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+"."+ext)
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != strings.ReplaceAll(string(want), "\r\n", "\n") {
			t.Errorf("%s differs from its golden file (run with -update to accept):\n%s", file, b.String())
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if render.Width(line) > style.Width {
				t.Errorf("%s: a line takes %d columns: %s", file, render.Width(line), line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%s: a line ends in spaces: %q", file, line)
			}
			if style.ASCII && strings.IndexFunc(line, func(r rune) bool { return r > '~' }) >= 0 {
				t.Errorf("%s: a line is not ASCII: %s", file, line)
			}
			if !style.Color && strings.Contains(line, "\x1b") {
				t.Errorf("%s: a line has an escape sequence: %q", file, line)
			}
		}
	}
}

// The explanations are those that package explain's own tests hold golden.
func TestExplanations(t *testing.T) {
	folder := filepath.Join("..", "explain", "testdata", "golden")
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no explanations in %s: %v", folder, err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var e explain.Explanation
			if err := yaml.UnmarshalStrict(raw, &e); err != nil {
				t.Fatal(err)
			}
			golden(t, name, func(b *bytes.Buffer, s render.Style) error { return render.Explanation(b, &e, s) })
		})
	}
}

// A story is to be taken in at a glance.
func TestAStoryFitsAScreen(t *testing.T) {
	for _, name := range []string{"delete-pod", "kill-container", "relabel", "bare-pod", "orphan"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(raw, []byte("\n")); n > 24 {
			t.Errorf("%s takes %d lines", name, n)
		}
	}
}

func TestAMapWithItsControlPlane(t *testing.T) {
	m := &explain.Map{
		Cluster: "learn", Provider: "sandbox", Version: "v1.37.2", Pods: 4,
		ControlPlane: []explain.Component{
			{Name: "API server", Does: "every request goes through it", Health: explain.Well, Evidence: "/readyz ok, 3 ms"},
			{
				Name: "controller manager", Does: "makes what is what it should be", Health: explain.Unwell, Evidence: "lease ran out 14 s ago",
				Away: "nobody replaces Pods, counts replicas or notices dead nodes",
			},
		},
		Nodes: []explain.NodePods{
			{
				Name: "worker-1", Role: "worker", Health: explain.Well, Status: "Ready",
				CPU: explain.Quantity{Asked: 500, Has: 2000}, Memory: explain.Quantity{Asked: 1 << 28, Has: 4 << 30},
				Pods: []explain.PodDot{{Name: "web-6d4f9b7c8d-p9q7m", Status: "Running", Health: explain.Well}},
			},
			{
				Name: "worker-2", Role: "worker", Health: explain.Unwell, Status: "NotReady", Why: "its kubelet is silent since 12:00:00",
				Pods: []explain.PodDot{{Name: "web-6d4f9b7c8d-r5j7d", Status: "Terminating", Health: explain.Waiting}}, Others: 2,
			},
		},
		Unplaced: []explain.PodDot{{Name: "big", Status: "Pending", Health: explain.Unwell}},
		Services: []explain.ServiceMap{
			{Name: "web", Ports: []string{"80"}, Answering: []string{"web-6d4f9b7c8d-p9q7m"}, Silent: []string{"big"}, Health: explain.Waiting},
			{Name: "shop", Ports: []string{"80"}, Health: explain.Unwell},
		},
	}
	golden(t, "map-control-plane", func(b *bytes.Buffer, s render.Style) error {
		return render.Explanation(b, &explain.Explanation{Kind: "map", Map: m, Unread: map[string]string{"events": "events is forbidden"}}, s)
	})
}

func TestReport(t *testing.T) {
	r := check.Report{Results: []check.Result{
		{That: "The Deployment is there", Verdict: check.Pass, Expected: "one Deployment web"},
		{
			That: "Three Pods are ready", Verdict: check.NotYet, Expected: "3 ready Pods with app=web",
			Actual: "2 ready Pods", Why: "You asked for 2. The Deployment is content; nothing is broken. Ask it for 3.",
			Evidence: []string{"deployment/web  spec.replicas 2"}, Look: "kubectl get deployment web",
		},
		{
			That: "Another Pod took the place of the one that you deleted", Verdict: check.Converging,
			Why: "web-6d4f9b7c8d-p9q7m is on worker-1, its container is starting", Evidence: []string{"pod/web-6d4f9b7c8d-p9q7m  ContainerCreating"},
		},
		{
			That: "cart runs", Verdict: check.NotYet, Expected: "a ready Pod cart",
			Actual: "there is no pod/cart", Why: "there is no pod/cart", Look: "kubectl get pods",
		},
		{That: "The Service answers", Verdict: check.CantTell, Why: "services is forbidden: the server said no"},
	}}
	golden(t, "report", func(b *bytes.Buffer, s render.Style) error { return render.Report(b, r, s) })
}

// What is only told is not judged: it has no sign.
func TestAStoryWithoutANumberToReach(t *testing.T) {
	e := explain.Explanation{Story: &explain.Story{
		Intro: "This is what happened to pod/hello:", Outcome: explain.Untold, Summary: "The Pod is the same; its container is new.",
		Rows: []explain.Row{{Actor: "you", What: "ran kill 1 in hello", Moves: 1}}, Series: &explain.Series{},
	}}
	var b bytes.Buffer
	if err := render.Explanation(&b, &e, render.Style{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "\n    The Pod is the same") || strings.Contains(got, "?") {
		t.Errorf("the story is\n%s", got)
	}
}

func TestQuestionsAndAnswers(t *testing.T) {
	golden(t, "question", func(b *bytes.Buffer, s render.Style) error {
		if err := render.Question(b, "Before you do: what will you see afterwards?", []string{
			"The same Pod comes back", "Another Pod takes its place, with a name of its own, and it may run on another node than the first one did",
		}, s); err != nil {
			return err
		}
		if err := render.Answer(b, render.Answered{
			Said: "The same Pod comes back", So: []string{"Another Pod takes its place"}, Reply: "A Pod that is gone never returns: the kubelet starts containers again, not Pods.",
			Because: "The ReplicaSet counts Pods.", Evidence: []string{"x2x9k  uid 4f1c…  gone", "p9q7m-2  uid 92ab…  Running"},
		}, s); err != nil {
			return err
		}
		return render.Answer(b, render.Answered{Said: "b", Right: true, So: []string{"b"}, Because: "That is the rule."}, s)
	})
}

const prose = `# Self-healing

The **Deployment** ` + "`web`" + ` asks for *three* Pods, and three are running. You are going to delete one of them, and to
watch what becomes of the other two. It's a rule (see [the manual](https://example.com/a)), nothing more.
A hard break\
begins a line. An escaped \*star\* and an &amp;.

1. Look at what is there:
   ` + "`kubectl get pods -o wide --watch-only=false --show-labels`" + `.
2. Delete one.

- loose

- items with a second line that is long enough to be wrapped somewhere beyond the eightieth column

  and a second paragraph

> A Pod is cattle.
> It has no name of its own.

` + "```sh\nkubectl delete pod web-1 --wait=false\n\tindented\n```" + `

| what | who |
|---|---|
| Pod | ` + "`kubelet`" + ` |
| number of Pods | ReplicaSet |

---

<b>bold</b> stays text<!-- a comment does not -->.
`

func TestMarkdown(t *testing.T) {
	golden(t, "prose", func(b *bytes.Buffer, s render.Style) error { return render.Markdown(b, prose, s) })
}

func TestMarkdownFitsNarrowScreens(t *testing.T) {
	var b bytes.Buffer
	if err := render.Markdown(&b, "Some words that are to be wrapped to a narrow screen, whatever comes.", render.Style{Width: 40}); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if render.Width(line) > 40 {
			t.Errorf("%d columns: %s", render.Width(line), line)
		}
	}
}

func TestTable(t *testing.T) {
	rows := [][]string{{"heal", "Kill things and watch them come back", "15 min"}, {"über", "日本", ""}}
	golden(t, "table", func(b *bytes.Buffer, s render.Style) error {
		painted := [][]string{}
		for _, r := range rows {
			painted = append(painted, []string{s.Accent(s.Plain(r[0])), s.Plain(r[1]), s.Plain(r[2])})
		}
		return render.Table(b, []string{"id", "summary", "time"}, painted, s)
	})
}

// A table that is too wide is broken between words; a long name stays whole.
func TestFitted(t *testing.T) {
	rows := [][]string{
		{"us-docker.pkg.dev/google-samples/containers/gke/hello-app", "72.3 MB", "says hello, its version and its Pod", "1.0, 2.0"},
		{"nginx", "72.3 MB", "web server", "1.27, 1.28, 1.29, alpine, bookworm, latest, mainline, stable, stable-alpine"},
		{"pause", "320 kB", "", "-"},
	}
	golden(t, "fitted", func(b *bytes.Buffer, s render.Style) error {
		return render.Fitted(b, []string{"image", "size", "runs", "tags"}, rows, s)
	})
	golden(t, "fitted-anyway", func(b *bytes.Buffer, s render.Style) error {
		return render.Fitted(b, []string{"image", "size", "runs", "tags"}, rows[2:], s)
	})
}

func TestHang(t *testing.T) {
	text := "name the context: --context NAME. There are alpha, beta\n  docker build -t one/two .\n"
	for name, tc := range map[string]struct {
		style render.Style
		want  string
	}{
		"a terminal":  {render.Style{Width: 40, Terminal: true}, "learn: name the context: --context NAME.\n       There are alpha, beta\n         docker build -t one/two ."},
		"no terminal": {render.Style{Width: 40}, "learn: name the context: --context NAME. There are alpha, beta\n         docker build -t one/two ."},
	} {
		if got := render.Hang("learn: ", text, tc.style); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, tc.want)
		}
	}
}

// What comes from a cluster must not move the cursor, change colours or turn text around.
func TestPlainTakesControlAway(t *testing.T) {
	s := render.Style{Width: 80}
	got := s.Plain("a\x1b[31mb\x07\u202ec\u009b2J\nd\te\u2066")
	if got != "a[31mbc2J d e" {
		t.Errorf("got %q", got)
	}
}

func TestProgress(t *testing.T) {
	clock := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for name, style := range map[string]render.Style{"piped": {Width: 80}, "terminal": {Width: 80, Terminal: true, Color: true}} {
		var b bytes.Buffer
		now := clock
		p := render.NewProgress(&b, "Making a practice cluster", style, func() time.Time { return now })
		first := p.Stage("etcd")
		second := p.Stage("API server")
		now = now.Add(1700 * time.Millisecond)
		first(nil)
		first(nil) // once is enough
		p.Note("It takes a while the %s time.", "first")
		second(os.ErrDeadlineExceeded)
		file := filepath.Join("testdata", "progress."+name)
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s:\n%q\nwant\n%q", name, b.String(), want)
		}
		if name == "piped" && strings.ContainsAny(b.String(), "\r\x1b") {
			t.Errorf("a pipe gets control characters: %q", b.String())
		}
	}
}
