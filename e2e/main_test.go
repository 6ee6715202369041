// Package e2e tests the whole program on a real cluster: one for most tests, each of which has a namespace
// of its own, and others for tests that stop nodes or look at all of a cluster. LEARN_BIN names the program to test; without it the tests build one. LEARN_PROVIDER
// names the provider of the cluster; without it that is the sandbox.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/internal/fault"
)

// learn is the program under test, with a home of its own.
type learn struct {
	env  []string // beside what all have
	bin  string
	home string
}

// shared is the cluster that most tests use. It is set once, by TestMain.
var shared learn

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	bin, err := program()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Unix sockets have short paths, which a test's own temporary folder may be too deep for.
	home, err := os.MkdirTemp("", "learn-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(home)
	shared = learn{bin: bin, home: home}
	if out, err := shared.output("cluster", "create", "--provider", provider()); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		return 1
	}
	defer func() {
		if out, err := shared.output("cluster", "delete"); err != nil {
			fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
			code = 1
		}
		if left := outlive(home); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "left running:\n%s\n", strings.Join(left, "\n"))
			code = 1
		}
	}()
	return m.Run()
}

func provider() string {
	if p := os.Getenv("LEARN_PROVIDER"); p != "" {
		return p
	}
	return "sandbox"
}

func program() (string, error) {
	if bin := os.Getenv("LEARN_BIN"); bin != "" {
		return filepath.Abs(bin)
	}
	bin := filepath.Join(os.TempDir(), fmt.Sprintf("kubectl-learn-e2e-%d", os.Getpid()))
	out, err := exec.Command("go", "build", "-o", bin, "github.com/kubectl-learn/kubectl-learn/cmd/kubectl-learn").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program under test: %w\n%s", err, out)
	}
	return bin, nil
}

// slow skips a test that takes minutes, unless it was asked for.
func slow(t *testing.T) {
	t.Helper()
	if os.Getenv("LEARN_SLOW") == "" {
		t.Skip("set LEARN_SLOW=1 to run this; make e2e does")
	}
}

// newLearn is a program with an empty home, whose cluster goes when the test ends.
func newLearn(t *testing.T) learn {
	t.Helper()
	home, err := os.MkdirTemp("", "learn-")
	if err != nil {
		t.Fatal(err)
	}
	l := learn{bin: shared.bin, home: home}
	t.Cleanup(func() {
		clusters, _ := filepath.Glob(filepath.Join(home, "*", "*", "cluster.json"))
		for _, c := range clusters {
			name := filepath.Base(filepath.Dir(c))
			if out, err := l.output("cluster", "delete", "--name", name); err != nil {
				t.Errorf("delete cluster %s: %v\n%s", name, err, out)
			}
		}
		if left := outlive(home); len(left) > 0 {
			t.Errorf("left running:\n%s", strings.Join(left, "\n"))
		}
		_ = os.RemoveAll(home)
	})
	return l
}

func (l learn) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, l.bin, args...)
	cmd.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+l.home, "NO_COLOR=1", "LC_ALL=C.UTF-8", "KUBECONFIG="+filepath.Join(l.home, "no-such-file"))
	cmd.Env = append(cmd.Env, l.env...)
	if provider() != "kind" { // what a machine has makes no difference
		cmd.Env = append(cmd.Env, "KUBECTL_LEARN_PROVIDER="+provider())
	}
	return cmd
}

func (l learn) output(args ...string) (string, error) { return l.limited(5*time.Minute, args...) }

func (l learn) limited(d time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	out, err := l.command(ctx, args...).CombinedOutput()
	return string(out), err
}

// run runs the program and fails the test unless it succeeds. It returns what the program printed.
func (l learn) run(t *testing.T, args ...string) string {
	t.Helper()
	return l.within(t, 5*time.Minute, args...)
}

// within is run for a command that takes long.
func (l learn) within(t *testing.T, d time.Duration, args ...string) string {
	t.Helper()
	out, err := l.limited(d, args...)
	if err != nil {
		t.Fatalf("kubectl learn %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// fails runs the program and fails the test unless it ends with that exit code.
func (l learn) fails(t *testing.T, code int, args ...string) string {
	t.Helper()
	out, err := l.output(args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Fatalf("kubectl learn %s: %v, want exit code %d\n%s", strings.Join(args, " "), err, code, out)
	}
	return out
}

// started is a command under way, within two minutes: its messages line by line, and what it prints meanwhile.
func (l learn) started(t *testing.T, args ...string) (cmd *exec.Cmd, said *bufio.Scanner, out *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd, out = l.command(ctx, args...), &bytes.Buffer{}
	messages, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(messages), out
}

// unwrapped is text on one line.
func unwrapped(text string) string { return strings.Join(strings.Fields(text), " ") }

// space is a namespace of the test's own.
type space struct {
	learn
	name string
}

// newSpace is on the shared cluster.
func newSpace(t *testing.T) space {
	t.Helper()
	return shared.space(t)
}

func (l learn) space(t *testing.T) space {
	t.Helper()
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	s := space{learn: l, name: name}
	s.kubectl(t, "create", "namespace", name)
	t.Cleanup(func() {
		if out, err := l.output("kubectl", "--", "delete", "namespace", name, "--wait=false"); err != nil {
			t.Errorf("delete namespace: %v\n%s", err, out)
		}
	})
	eventually(t, "the default ServiceAccount", func() bool {
		_, err := s.try("get", "serviceaccount", "default")
		return err == nil
	})
	return s
}

func (s space) args(args []string) []string {
	return append([]string{"kubectl", "--", "-n", s.name}, args...)
}

func (s space) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return s.run(t, s.args(args)...)
}

func (s space) try(args ...string) (string, error) { return s.output(s.args(args)...) }

// apply applies a manifest.
func (s space) apply(t *testing.T, manifest string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, s.args([]string{"apply", "-f", "-"})...)
	cmd.Stdin = strings.NewReader(manifest)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
}

// rollout waits until a Deployment is as it should be.
func (s space) rollout(t *testing.T, name string) {
	t.Helper()
	s.kubectl(t, "rollout", "status", "deployment/"+name, "--timeout=60s")
}

// serves waits until a Service knows of n Pods that are ready: that comes after they are, and what it is told late would
// else be news of what comes next.
func (s space) serves(t *testing.T, service string, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("Service %s to send to %d Pods", service, n), func() bool {
		out, _ := s.try("get", "endpointslices", "-l", "kubernetes.io/service-name="+service, "-o", "jsonpath={.items[*].endpoints[*].conditions.ready}")
		return strings.TrimSpace(out) == strings.TrimSpace(strings.Repeat("true ", n))
	})
}

// says waits until a command in a Pod, after flags and -- where there are some, succeeds and its output has a text in it: what changed may come to a node a moment later.
func (s space) says(t *testing.T, pod, want string, command ...string) {
	t.Helper()
	if !slices.Contains(command, "--") {
		command = append([]string{"--"}, command...)
	}
	var last string
	defer func() {
		if t.Failed() {
			t.Logf("%q in Pod %s said last: %s", command, pod, last)
		}
	}()
	eventually(t, fmt.Sprintf("%q from %q in Pod %s", want, command, pod), func() bool {
		out, err := s.try(append([]string{"exec", pod}, command...)...)
		last = out
		return err == nil && strings.Contains(out, want)
	})
}

// eventually waits until a condition holds that nothing can be watched for.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	within(t, time.Minute, what, ok)
}

// pollEvery leaves the processors to what is waited for: most conditions start a process.
const pollEvery = 200 * time.Millisecond

func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", d, what)
		}
		time.Sleep(pollEvery)
	}
}

// startPiped starts a command that is spoken with.
func startPiped(t *testing.T, cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err = cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return in, out
}

// processes are those that have to do with a folder: it is in their command line or their environment, they
// run a program in it, or it is their working directory. Each is told with what of it names the folder.
func processes(folder string) (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		if filepath.Base(p) == strconv.Itoa(os.Getpid()) {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		told := filepath.Base(p) + " " + string(bytes.ReplaceAll(cmdline, []byte{0}, []byte{' '}))
		if bytes.Contains(cmdline, []byte(folder)) {
			found = append(found, told)
			continue
		}
		if of := names(p, folder); of != "" {
			found = append(found, told+"("+of+")")
		}
	}
	return found
}

// outlive is what processes gives of a cluster that was deleted, when its containers had the time to end by themselves.
func outlive(folder string) []string {
	return fault.Lasting(context.Background(), func() []string { return processes(folder) })
}

// names is what of a process, beside its command line, has a folder in it.
func names(process, folder string) string {
	for _, link := range []string{"exe", "cwd"} {
		if to, err := os.Readlink(filepath.Join(process, link)); err == nil && strings.Contains(to, folder) {
			return link + " " + to
		}
	}
	environ, _ := os.ReadFile(filepath.Join(process, "environ"))
	for v := range strings.SplitSeq(string(environ), "\x00") {
		if strings.Contains(v, folder) {
			return v
		}
	}
	return ""
}
