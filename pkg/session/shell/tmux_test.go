//go:build !windows

package shell

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const hostVariable = "KUBECTL_LEARN_TEST_HOST"

// TestMain lets the test binary be the host of a practice shell in a terminal.
func TestMain(m *testing.M) {
	if kind := os.Getenv(hostVariable); kind != "" {
		os.Exit(hostForTest(kind, os.Getenv("HOST_DIR")))
	}
	os.Exit(m.Run())
}

// take is the text of a file that is then gone.
func take(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	_ = os.Remove(path)
	return string(data)
}

func hostForTest(kind, dir string) int {
	_ = os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(os.Getpid())), 0o600)
	s, err := Find(kind, false, os.Getenv, exec.LookPath)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	news := make(chan string)
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			if text := take(filepath.Join(dir, "news")); text != "" {
				news <- text
			}
		}
	}()
	h := &Host{
		Shell: s, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), News: news,
		Place:    Place{Dir: filepath.Join(dir, "shell"), Kubeconfig: filepath.Join(dir, "kubeconfig"), Self: filepath.Join(dir, "self"), Kubectl: []string{filepath.Join(dir, "self"), "kubectl", "--"}},
		AtPrompt: func(context.Context) string { return take(filepath.Join(dir, "say")) },
	}
	if err := h.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("the host says goodbye")
	return 0
}

// pane is a terminal with an outer shell in it, from which the practice shell is started.
type pane struct {
	t                *testing.T
	socket, dir, own string
}

func newPane(t *testing.T, kind string) *pane {
	t.Helper()
	for _, program := range []string{"tmux", kind, "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	p := &pane{t: t, dir: folder(t), own: folder(t)}
	p.socket = filepath.Join(p.dir, "tmux")
	p.write("self", "#!/bin/sh\necho \"self got: $*\"\n")
	if err := os.Chmod(filepath.Join(p.dir, "self"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.config(kind)
	// Wide enough for the names of folders: where TMPDIR is long, too, no line may be broken.
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", "200", "-y", "24",
		"env", "-i", "PATH="+os.Getenv("PATH"), "HOME="+p.own, "TERM=screen", "LANG=C.UTF-8", "PS1=outer$ ", "HISTFILE=",
		"HOST_DIR="+p.dir, "bash", "--norc", "--noprofile", "-i")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", p.socket, "kill-server").Run() })
	p.sees("outer$")
	p.types(hostVariable+"="+kind+" "+os.Args[0], "Enter")
	p.sees("(learn) you>")
	return p
}

// folder is a temporary one that survives shells which still write while they end.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "practice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 100 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	return dir
}

// config is what the learner has in their home.
func (p *pane) config(kind string) {
	name, text := ".bashrc", "PS1='you> '\nhi() { echo from-your-file; }\nPROMPT_COMMAND='true;'\nexport KUBECONFIG=/wrong\n"
	switch kind {
	case "zsh":
		name, text = ".zshrc", "PS1='you> '\nhi() { echo from-your-file; }\nexport KUBECONFIG=/wrong\n"
	case "fish":
		name, text = ".config/fish/config.fish", "function fish_prompt; echo -n 'you> '; end\nfunction hi; echo from-your-file; end\nset -g fish_greeting\nset -gx KUBECONFIG /wrong\n"
	}
	path := filepath.Join(p.own, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (p *pane) types(keys ...string) { p.t.Helper(); p.tmux(append([]string{"send-keys"}, keys...)...) }

func (p *pane) write(name, text string) {
	p.t.Helper()
	// Made elsewhere and moved, since a reader may look at any moment.
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pane) screen() string { return strings.TrimRight(p.tmux("capture-pane", "-p"), "\n") }

// shows waits until the screen is as it should be.
func (p *pane) shows(what string, ok func(screen string) bool) string {
	p.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		screen := p.screen()
		if ok(screen) {
			return screen
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the screen never showed %s:\n%s", what, screen)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *pane) sees(text string) string {
	p.t.Helper()
	return p.shows(text, func(s string) bool { return strings.Contains(s, text) })
}

// ends waits until the screen ends with these lines.
func (p *pane) ends(want ...string) {
	p.t.Helper()
	p.shows(strings.Join(want, " / "), func(screen string) bool {
		got := strings.Split(screen, "\n")
		if len(got) < len(want) {
			return false
		}
		for i, line := range got[len(got)-len(want):] {
			if strings.TrimRight(line, " ") != want[i] {
				return false
			}
		}
		return true
	})
}

// clears empties the screen but for the prompt.
func (p *pane) clears() {
	p.t.Helper()
	p.types("clear", "Enter")
	p.shows("nothing but the prompt", func(s string) bool { return s == "(learn) you>" })
}

func eachShell(t *testing.T, test func(*testing.T, *pane)) {
	for _, kind := range []string{"bash", "zsh", "fish"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, newPane(t, kind))
		})
	}
}

func TestTheShellIsTheLearnersOwn(t *testing.T) {
	eachShell(t, func(t *testing.T, p *pane) {
		p.types("clear; hi; echo $KUBECONFIG", "Enter")
		p.ends("from-your-file", filepath.Join(p.dir, "kubeconfig"), "(learn) you>")
		p.types("clear; learn check --watch; kubectl-learn hint; kubectl get pods", "Enter")
		p.ends("self got: check --watch", "self got: hint", "self got: kubectl -- get pods", "(learn) you>")
	})
}

func TestWhatThereIsToSayComesBeforeThePrompt(t *testing.T) {
	eachShell(t, func(t *testing.T, p *pane) {
		p.clears()
		p.write("say", "  … converging: $HOME `x` %s\\n\n  second | line\n")
		p.types("echo out", "Enter")
		p.ends("(learn) you> echo out", "out", "  … converging: $HOME `x` %s\\n", "  second | line", "(learn) you>")
		p.types("echo quiet", "Enter")
		p.ends("(learn) you> echo quiet", "quiet", "(learn) you>")
	})
}

func TestNewsLeaveTheLineIntact(t *testing.T) {
	eachShell(t, func(t *testing.T, p *pane) {
		p.clears()
		p.types("echo half")
		p.ends("(learn) you> echo half")
		p.write("news", "  ✓ first\n  ✓ second\n")
		p.shows("the news above the line", func(s string) bool { return s == "  ✓ first\n  ✓ second\n(learn) you> echo half" })
		p.types("_done", "Enter")
		p.ends("half_done", "(learn) you>")
	})
}

func TestNewsWaitForACommand(t *testing.T) {
	eachShell(t, func(t *testing.T, p *pane) {
		p.clears()
		p.types("echo go; cat", "Enter")
		p.ends("(learn) you> echo go; cat", "go")
		p.types("typed", "Enter")
		p.ends("go", "typed", "typed")
		p.write("news", "  ✓ later\n")
		p.types("again", "Enter")
		p.ends("typed", "typed", "again", "again")
		p.types("C-d")
		p.ends("again", "again", "  ✓ later", "(learn) you>")
	})
}

func TestInterruptIsTheShells(t *testing.T) {
	eachShell(t, func(t *testing.T, p *pane) {
		p.clears()
		p.types("sh -c 'echo go; sleep 100'", "Enter")
		p.ends("(learn) you> sh -c 'echo go; sleep 100'", "go")
		p.types("C-c")
		p.sees("\n(learn) you>")
		p.types("echo still; echo here", "Enter")
		p.ends("still", "here", "(learn) you>")
	})
}

func TestLeavingChangesNoFile(t *testing.T) {
	eachShell(t, func(t *testing.T, p *pane) {
		p.types("echo remember-me", "Enter")
		p.sees("remember-me")
		p.types("exit", "Enter")
		p.sees("the host says goodbye")
		p.types("echo out$((1))side", "Enter")
		p.ends("out1side", "outer$")
		_ = filepath.WalkDir(p.own, func(path string, d os.DirEntry, err error) error {
			data, _ := os.ReadFile(path)
			if strings.Contains(string(data), "remember-me") {
				t.Errorf("%s has what was typed", path)
			}
			return err
		})
	})
}

func TestAKilledHostTakesTheShellWithIt(t *testing.T) {
	eachShell(t, func(t *testing.T, p *pane) {
		data, err := os.ReadFile(filepath.Join(p.dir, "pid"))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(string(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		p.sees("Killed")
		p.types("Enter")
		p.types("echo out$((1))side", "Enter")
		p.ends("out1side", "outer$")
	})
}
