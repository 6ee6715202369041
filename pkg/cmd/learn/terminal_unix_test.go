//go:build unix

package learn

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// onTerminal runs a command on a terminal of 80 columns, on which a person has typed, and returns what
// stands on it.
func (s *stand) onTerminal(typed string, args ...string) (screen string, code int) {
	s.t.Helper()
	terminal, tty, err := pty.Open()
	if err != nil {
		s.t.Skipf("no pseudo-terminal here: %v", err)
	}
	defer terminal.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(terminal, typed); err != nil {
		s.t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		all, _ := io.ReadAll(terminal) // which ends with an error once nobody has the terminal open
		shown <- string(all)
	}()
	providers := []cluster.Provider{s.provider}
	if s.first != nil {
		providers = []cluster.Provider{s.first, s.provider}
	}
	code = Main(context.Background(), genericiooptions.IOStreams{In: tty, Out: tty, ErrOut: tty}, cmd.Deps{
		Home: s.home, Providers: providers, Lessons: s.lessons, Self: "/bin/false", Version: "v1.2.3",
		Environ: append(s.environ, "NO_COLOR=1"), Now: noon,
	}, args)
	tty.Close()
	return strings.ReplaceAll(<-shown, "\r\n", "\n"), code
}

func TestErrorsAreBrokenBetweenWords(t *testing.T) {
	s := newStand(t)
	mine := filepath.Join(t.TempDir(), "config")
	text := strings.ReplaceAll(kubeconfigOf("prod"), "name: prod", "name: a-context-with-a-name-that-is-as-long-as-those-of-clouds")
	if err := os.WriteFile(mine, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.environ = append(s.environ, "KUBECONFIG="+mine)
	s.first = newGuest(t).first
	screen, code := s.onTerminal("", "cluster", "adopt")
	if code != 2 {
		t.Errorf("exit code %d", code)
	}
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	for i, l := range lines {
		if render.Width(l) > 80 || i == 0 != strings.HasPrefix(l, "learn: ") || i > 0 && !strings.HasPrefix(l, "       ") {
			t.Errorf("line %d is %q", i+1, l)
		}
	}
	if flat := strings.Join(strings.Fields(screen), " "); len(lines) < 2 || !strings.Contains(flat, "There are a-context-with-a-name-that-is-as-long-as-those-of-clouds") {
		t.Errorf("the screen is\n%s", screen)
	}
	if _, complaint, _ := s.run("cluster", "adopt"); strings.Count(complaint, "\n") != 1 {
		t.Errorf("for a program it is broken too: %q", complaint)
	}
}

func TestALessonUnderWayIsNotDeletedUnasked(t *testing.T) {
	s := newStand(t)
	s.ok("cluster", "create")
	if screen, code := s.onTerminal("", "cluster", "delete"); code != 0 || strings.Contains(screen, "[y/N]") {
		t.Errorf("without a lesson: %d\n%s", code, screen)
	}
	s.ok("cluster", "create")
	s.begun()
	screen, code := s.onTerminal("n\n", "cluster", "delete")
	flat := strings.Join(strings.Fields(screen), " ")
	if code != 2 || s.provider.clusters["learn"] == nil || !strings.Contains(flat, "Lesson two is under way on cluster learn, at step first-step. Its namespace learn-two goes with the cluster") {
		t.Errorf("after a no: %d\n%s", code, screen)
	}
	if screen, code := s.onTerminal("y\n", "cluster", "delete"); code != 0 || s.provider.clusters["learn"] != nil {
		t.Errorf("after a yes: %d\n%s", code, screen)
	}
	s.ok("cluster", "create")
	s.begun()
	if screen, code := s.onTerminal("", "cluster", "delete", "--yes"); code != 0 || strings.Contains(screen, "[y/N]") {
		t.Errorf("with --yes: %d\n%s", code, screen)
	}
	s.ok("cluster", "create")
	s.begun()
	s.ok("cluster", "delete") // without a terminal nobody is asked
}

func TestALessonUnderWayIsNotForgottenUnasked(t *testing.T) {
	g := adopted(t, true)
	screen, code := g.onTerminal("\n", "--name", "mine", "cluster", "forget")
	if code != 2 || !strings.Contains(screen, "Lesson one is under way on cluster mine") || g.server.Get("namespaces", "", "learn-one-ann") == nil {
		t.Errorf("after a no: %d\n%s", code, screen)
	}
	if screen, code := g.onTerminal("", "--name", "mine", "cluster", "delete"); code != 2 || strings.Contains(screen, "[y/N]") {
		t.Errorf("to delete what is never deleted: %d\n%s", code, screen)
	}
	if screen, code := g.onTerminal("y\n", "--name", "mine", "cluster", "forget"); code != 0 || g.server.Get("namespaces", "", "learn-one-ann") != nil {
		t.Errorf("after a yes: %d\n%s", code, screen)
	}
}

func TestANoToAdoptingSaysWhatElse(t *testing.T) {
	g := newGuest(t)
	for context, answer := range map[string]string{"mine": "answer y.", "production": "answer production."} {
		screen, code := g.onTerminal("no\n", "cluster", "adopt", "--name", "mine", "--context", context)
		flat := strings.Join(strings.Fields(screen), " ")
		if code != 2 || !strings.Contains(flat, "nothing was kept. To use this cluster after all, run the command again and "+answer) ||
			!strings.Contains(flat, "cluster create --provider sandbox") {
			t.Errorf("%s: %d\n%s", context, code, screen)
		}
	}
}

// many is a cluster with images of long names and many tags.
type many struct{ *handle }

func (many) Images(context.Context) ([]cluster.Image, error) {
	var tags []string
	for i := range 20 {
		tags = append(tags, fmt.Sprintf("1.%d-alpine", i))
	}
	return []cluster.Image{
		{Name: "nginx", Tags: tags, Usual: tags, About: "web server", Size: 72_300_000},
		{Name: "us-docker.pkg.dev/google-samples/containers/gke/hello-app", Tags: []string{"1.0"}, Usual: []string{"1.0"}, About: "says hello, its version and its Pod, and who asked", Size: 1_000_000},
	}, nil
}

// opened is a provider that has one cluster.
type opened struct {
	*fake
	h cluster.Handle
}

func (o opened) Open(context.Context, string, cluster.Progress) (cluster.Handle, error) {
	return o.h, nil
}

func TestImagesFitATerminal(t *testing.T) {
	s := newStand(t)
	s.first = opened{s.provider, many{&handle{}}}
	for _, tc := range []struct{ word, says, not string }{
		{"", "1.0-alpine, 1.1-alpine, 1.2-alpine, and 17 more", "1.19-alpine"},
		{"nginx", "1.18-alpine, 1.19-alpine", "hello-app"},
	} {
		screen, code := s.onTerminal("", append([]string{"cluster", "images"}, strings.Fields(tc.word)...)...)
		for line := range strings.Lines(screen) {
			if render.Width(strings.TrimRight(line, "\n")) > 80 {
				t.Errorf("it is too wide: %q", line)
			}
		}
		flat := strings.Join(strings.Fields(screen), " ")
		if tc.word == "" && !strings.Contains(screen, "  us-docker.pkg.dev/google-samples/containers/gke/hello-app\n") {
			t.Errorf("the long name is broken:\n%s", screen)
		}
		if code != 0 || !strings.Contains(flat, tc.says) || strings.Contains(flat, tc.not) {
			t.Errorf("images %s: %d\n%s", tc.word, code, screen)
		}
	}
	if out := s.ok("cluster", "images"); strings.Count(out, "\n") != 3 {
		t.Errorf("for a program an image is more than a line:\n%s", out)
	}
}
