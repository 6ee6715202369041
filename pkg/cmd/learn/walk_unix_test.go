//go:build unix

package learn

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/kube/kubetest"
)

const walked = `---
id: one
title: Pages, and more
summary: S.
minutes: 5
---
A long introduction.

## First step

Make a page.

~~~sh do
kubectl create configmap page
~~~

~~~yaml check
- that: There is a page
  on: configmap/page
  expect: objects.size() == 1
  expected: a page
~~~

~~~yaml ask
ask: What is the page called?
on: configmap/page
answer: object.metadata.name
~~~

~~~text hint
Make it.
~~~

## Second step

Make another one.

~~~yaml predict
ask: How many pages will there be?
options:
  - say: Two
    right: true
  - say: One
    belief: replaced
    answer: The first stays.
because: Nobody takes one away.
~~~

~~~sh do
kubectl create configmap cover
~~~

~~~yaml check
- that: There is a cover
  on: configmap/cover
  expect: objects.size() == 1
  expected: a cover
~~~

~~~text hint
Make it, too.
~~~
`

// walk is a stand whose cluster answers, seen from the practice shell.
type walk struct {
	*stand
	server *kubetest.Server
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	w := &walk{stand: newStand(t), server: kubetest.New()}
	t.Cleanup(w.server.Close)
	w.lessons["one/lesson.md"].Data = []byte(strings.ReplaceAll(walked, "~~~", "```"))
	w.ok("cluster", "create")
	file := w.provider.clusters["learn"].kubeconfig
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	config = []byte(strings.ReplaceAll(string(config), "https://127.0.0.1:1", w.server.Config().Host))
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	w.enter()
	return w
}

// enter and leave are for the practice shell.
func (w *walk) enter() {
	w.environ = append(w.environ, cmd.ShellVariable+"="+filepath.Join(w.home.Session("learn"), "shell"))
}

func (w *walk) leave() { w.environ = w.environ[:len(w.environ)-1] }

// makes has the learner make a ConfigMap.
func (w *walk) makes(name string) {
	w.server.Put("{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: learn-one}}")
}

// shows fails unless a screen has all that is wanted, in that order, and nothing that is not.
func shows(t *testing.T, screen string, wanted []string, not ...string) {
	t.Helper()
	rest := screen
	for _, text := range wanted {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%q is not (or not there) on\n%s", text, screen)
		}
		rest = after
	}
	for _, text := range not {
		if strings.Contains(screen, text) {
			t.Errorf("%q is on\n%s", text, screen)
		}
	}
}

// typing is a command that runs on a terminal.
type typing struct {
	t         *testing.T
	keys      *os.File
	interrupt context.CancelFunc
	ended     chan int
	grown     chan struct{}

	mu     sync.Mutex
	screen strings.Builder
}

func (s *stand) types(args ...string) *typing {
	s.t.Helper()
	keys, terminal, err := pty.Open()
	if err != nil {
		s.t.Skip("no terminal: ", err)
	}
	if err := pty.Setsize(keys, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	y := &typing{t: s.t, keys: keys, interrupt: cancel, ended: make(chan int, 1), grown: make(chan struct{}, 1)}
	s.t.Cleanup(func() { cancel(); keys.Close(); terminal.Close() })
	go y.read()
	streams := genericiooptions.IOStreams{In: terminal, Out: terminal, ErrOut: terminal}
	deps := cmd.Deps{
		Home: s.home, Providers: []cluster.Provider{s.provider}, Lessons: s.lessons, Self: "/bin/false",
		Environ: append([]string{"NO_COLOR=1"}, s.environ...), Now: noon,
	}
	go func() { y.ended <- Main(ctx, streams, deps, args) }()
	return y
}

func (y *typing) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := y.keys.Read(buffer)
		y.mu.Lock()
		y.screen.Write(buffer[:n])
		y.mu.Unlock()
		select {
		case y.grown <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (y *typing) shown() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	return strings.ReplaceAll(y.screen.String(), "\r\n", "\n")
}

// until waits for a text on the screen.
func (y *typing) until(text string) {
	y.t.Helper()
	limit := time.After(30 * time.Second)
	for !strings.Contains(y.shown(), text) {
		select {
		case <-y.grown:
		case <-limit:
			y.t.Fatalf("%q did not come:\n%s", text, y.shown())
		}
	}
}

func (y *typing) line(text string) {
	y.t.Helper()
	if _, err := y.keys.WriteString(text + "\n"); err != nil {
		y.t.Fatal(err)
	}
}

// end waits for the command's end, until which last is shown.
func (y *typing) end(last string, code int) string {
	y.t.Helper()
	y.until(last)
	select {
	case got := <-y.ended:
		if got != code {
			y.t.Errorf("ended with %d, not %d:\n%s", got, code, y.shown())
		}
	case <-time.After(30 * time.Second):
		y.t.Fatalf("it does not end:\n%s", y.shown())
	}
	return y.shown()
}

func TestWhoBreaksOffAtAQuestionSeesTheStepAgain(t *testing.T) {
	w := newWalk(t)
	w.ok("start", "one", "--no-shell")
	w.makes("page")
	w.ok("check")

	y := w.types("next")
	y.until("What is the page called?\n      Enter alone: you don't know. Ctrl-C: go and look, then come back.\n  > ")
	for _, leaving := range []string{"q", "exit"} {
		y.line(leaving)
		y.until(leaving + "\n      Ctrl-C leaves this question. The practice shell is left at its prompt,\n      with exit.\n  > ")
	}
	y.line("page")
	y.until("b  One\n  > ")
	y.interrupt()
	shows(t, y.end("To see it again: learn\n", 2), []string{
		"Before you go on, a question about this step:", "What is the page called?", "You said: page. Yes.", "One", "learn: interrupted. You are still at this step.",
	}, "Do ")

	// Twice the same: nothing was shown to its end yet.
	for _, args := range [][]string{{"next"}, {}} {
		y = w.types(args...)
		y.until("b  One\n  > ")
		y.interrupt()
		shows(t, y.end("To see it again: learn\n", 2), []string{"Second step", "Make another one."}, "There is a cover")
	}
	y = w.types("next")
	y.until("b  One\n  > ")
	y.line("a")
	shows(t, y.end("learn reset\n", 0), []string{"Do     kubectl create configmap cover"})
	if out, _, code := w.run("next"); code != 1 || !strings.Contains(out, "✗ There is a cover") {
		t.Errorf("a step that was shown is looked at: %d\n%s", code, out)
	}
}

func TestTheStepUnderWayIsShownAgain(t *testing.T) {
	w := newWalk(t)
	w.ok("start", "one", "--no-shell")
	shows(t, w.ok(), []string{"one · First step", "Make a page.", "Do     kubectl create configmap page", "learn check", "learn hint"}, "introduction")
	shows(t, w.ok("-o", "name"), []string{"lesson/one"}, "Do ")
	shows(t, w.ok("start", "--no-shell"), []string{"First step", "Do  "}, "introduction")
	w.leave()
	shows(t, w.ok(), []string{"Kubernetes, by doing"}, "Do ")

	// What was done meanwhile is seen by who comes back.
	w.makes("page")
	shows(t, w.ok("start", "--no-shell"), []string{"✓ There is a page", "Next  kubectl learn next"}, "introduction", "Do ")
	w.enter()
	for _, args := range [][]string{{"start", "--no-shell"}, {}, {"hint"}} {
		shows(t, w.ok(args...), []string{"✓ This step is done.", "Next  learn next"}, "introduction", "Do ")
	}
}

func TestHintsEnd(t *testing.T) {
	w := newWalk(t)
	w.ok("start", "one", "--no-shell")
	shows(t, w.ok("hint"), []string{"Make it."}, "learn skip")
	shows(t, w.ok("hint"), []string{"Make it.", "There are no more hints. The robot does the step for you:  learn skip"})
}

func TestAStepThatBreaksNothingSaysWhatToDo(t *testing.T) {
	w := newWalk(t)
	w.ok("start", "one", "--no-shell")
	for _, again := range []string{"learn", "kubectl learn start"} {
		_, complaint, code := w.run("strike")
		want := "learn: this step breaks nothing by itself. Type what stands after Do.\n       To see that again: " + again + "\n"
		if code != 2 || complaint != want {
			t.Errorf("%d, %q", code, complaint)
		}
		w.leave()
	}
}

// What would scroll off is read first.
func TestALongIntroductionWaitsForItsReader(t *testing.T) {
	w := newWalk(t)
	long := strings.Repeat("One line of it.\n\n", 10)
	w.lessons["one/lesson.md"].Data = []byte(strings.ReplaceAll(strings.Replace(walked, "A long introduction.\n", long, 1), "~~~", "```"))
	y := w.types("start", "one", "--no-shell")
	y.until("Enter goes on to the first step.")
	if strings.Contains(y.shown(), "step 1 of 2") {
		t.Errorf("the step is on\n%s", y.shown())
	}
	y.line("")
	shows(t, y.end("reset\n", 0), []string{"One line of it.", "step 1 of 2", "kubectl create configmap page"})

	// It was shown; who comes back to the step is not kept waiting.
	shows(t, w.types("start", "one", "--no-shell").end("reset\n", 0), []string{"step 1 of 2"}, "Enter goes on", "One line of it.")
}
