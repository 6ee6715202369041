// Package script runs the program as a user does, by the scripts in testdata: what is typed, what
// comes out, and with which exit code. It is not in the program's own folder, since a test binary
// there would have all of Kubernetes linked in.
//
// LEARN_BIN names the program to test; without it the tests build one. The scripts' commands are
// testscript's own and those at the end of this file; "exits CODE ARGS..." runs the program.
package script

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// folder has the program in it, as kubectl-learn. It is set once, by TestMain.
var folder string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if folder, err = os.MkdirTemp("", "ls-"); err == nil {
		defer os.RemoveAll(folder)
		err = program(filepath.Join(folder, "kubectl-learn"+exe()))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// program puts the program under test at path.
func program(path string) error {
	bin := os.Getenv("LEARN_BIN")
	if bin == "" {
		out, err := exec.Command("go", "build", "-o", path, "github.com/kubectl-learn/kubectl-learn/cmd/kubectl-learn").CombinedOutput()
		if err != nil {
			return fmt.Errorf("build the program under test: %w\n%s", err, out)
		}
		return nil
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	if err = os.Link(bin, path); err != nil {
		err = os.Symlink(bin, path)
	}
	return err
}

func TestScripts(t *testing.T) {
	dependOnSources(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Setup: setup, RequireExplicitExec: true, RequireUniqueNames: true,
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "fits": fits, "plain": plain, "mode": mode, "repeat": repeat,
			"ear": ear, "heard": heard, "envsubst": envsubst,
		},
	})
}

// dependOnSources looks at all that the program is built from. The go command notes what a test
// looks at, and takes no earlier result for the present one when that has changed.
func dependOnSources(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"cmd", "lessons", "pkg"} {
		if err := filepath.WalkDir(filepath.Join("..", "..", "..", dir), func(string, fs.DirEntry, error) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

// setup gives each script a home that is not there yet, and nothing of the user's: no kubeconfig,
// no practice shell around it, no wish for colours.
func setup(env *testscript.Env) error {
	// Unix sockets have short paths, for which a script's own folder is too deep.
	dir, err := os.MkdirTemp("", "ls-")
	if err != nil {
		return err
	}
	home := filepath.Join(dir, "home")
	env.Setenv("LEARN", home)
	env.Setenv("KUBECTL_LEARN_HOME", home)
	env.Setenv("KUBECTL_LEARN_PROVIDER", "sandbox") // an engine on this machine makes no difference
	env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "kubeconfig"))
	env.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	env.Setenv("LC_ALL", "C.UTF-8")
	env.Defer(func() {
		deleteClusters(dir)
		_ = os.RemoveAll(dir)
	})
	return nil
}

// deleteClusters ends what a script that failed halfway left running, in whichever home below dir.
func deleteClusters(dir string) {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() || filepath.Base(filepath.Dir(path)) != "clusters" {
			return nil
		}
		cmd := exec.Command(filepath.Join(folder, "kubectl-learn"+exe()), "cluster", "delete", "--name", e.Name())
		cmd.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+filepath.Dir(filepath.Dir(path)))
		_ = cmd.Run()
		return fs.SkipDir
	})
}

// exits CODE ARGS... runs the program, which must end with that code. An error is said on standard
// error and by the word "learn: " first, and leaves standard output empty.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("kubectl-learn", args[1:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	out, complaint := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if code != want {
		ts.Fatalf("exit code %d, want %d\n[stdout]\n%s[stderr]\n%s", code, want, out, complaint)
	}
	if code == 2 && (out != "" || !strings.HasPrefix(complaint, "learn: ") && !strings.Contains(complaint, "\nlearn: ")) {
		ts.Fatalf("an error is told by this\n[stdout]\n%s[stderr]\n%s", out, complaint)
	}
}

// fits COLUMNS FILE: no line of the file, or of stdout or stderr, is wider.
func fits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fits COLUMNS FILE")
	}
	most, err := strconv.Atoi(args[0])
	ts.Check(err)
	text := ts.ReadFile(args[1])
	if text == "" {
		ts.Fatalf("%s is empty", args[1])
	}
	var wide []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); utf8.RuneCountInString(line) > most {
			wide = append(wide, fmt.Sprintf("%d columns: %s", utf8.RuneCountInString(line), line))
		}
	}
	if len(wide) > 0 {
		ts.Fatalf("wider than %d columns:\n%s", most, strings.Join(wide, "\n"))
	}
}

// plain FILE: the file has text and no escape codes; plain ascii FILE: and nothing beyond ASCII.
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: plain [ascii] FILE")
	}
	text := ts.ReadFile(args[len(args)-1])
	if text == "" {
		ts.Fatalf("%s is empty", args[len(args)-1])
	}
	for _, r := range text {
		if r == '\x1b' || r == '\r' || r == '\b' || args[0] == "ascii" && r > '~' {
			ts.Fatalf("%q is in %q", r, text)
		}
	}
}

// mode BITS PATH...: the files have these permissions.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode BITS PATH...")
	}
	for _, path := range args[1:] {
		info, err := os.Stat(ts.MkAbs(path))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", path, got, args[0])
		}
	}
}

// repeat VARIABLE TEXT N sets an environment variable to N times the text.
func repeat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: repeat VARIABLE TEXT N")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Setenv(args[0], strings.Repeat(args[1], n))
}

// ear listens on an address of its own, which the variable EAR has from then on, and hangs up on whoever connects.
func ear(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: ear")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	calls := new(atomic.Int64)
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			calls.Add(1)
			c.Close()
		}
	}()
	ts.Setenv("EAR", l.Addr().String())
	ears.Store(l.Addr().String(), calls)
}

// ears are the calls that each address heard.
var ears sync.Map

// heard: somebody connected to the ear. A process that connected has ended, so that its call waits there at least.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	calls, ok := ears.Load(ts.Getenv("EAR"))
	if !ok || len(args) != 0 {
		ts.Fatalf("usage: [!] heard, after ear")
	}
	mine, err := net.Dial("tcp", ts.Getenv("EAR")) // when this one was heard, so were all before it
	ts.Check(err)
	_, _ = mine.Read(make([]byte, 1))
	mine.Close()
	if n := calls.(*atomic.Int64).Add(-1); (n > 0) == neg {
		ts.Fatalf("the ear heard %d connections", n)
	}
}

// envsubst FILE... puts the values of variables into files.
func envsubst(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: envsubst FILE...")
	}
	for _, file := range args {
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(os.Expand(ts.ReadFile(file), ts.Getenv)), 0o600))
	}
}
