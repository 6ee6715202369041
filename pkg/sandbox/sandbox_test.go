package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestMain is also the process that the tests of Alive start: it holds a part, once a line tells it to, until it
// is killed, or is what such a process starts.
func TestMain(m *testing.M) {
	in := bufio.NewReader(os.Stdin)
	switch dir := os.Getenv("HOLD_ALIVE"); dir {
	case "":
		os.Exit(m.Run())
	case "child":
		fmt.Println("here")
	default:
		_, _ = in.ReadString('\n')
		held, err := HoldAlive(context.Background(), Layout{Dir: dir}, "part")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		defer held.Close()
		child := exec.Command(os.Args[0])
		child.Env, child.Stdin, child.Stdout = append(os.Environ(), "HOLD_ALIVE=child"), os.Stdin, os.Stdout
		if err := child.Start(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	_, _ = in.ReadString('\n') // never comes: the parent kills
}

// TestAliveGoesWithTheProcess looks at a part from before it is started until it was killed, while the process that
// it started lives on.
func TestAliveGoesWithTheProcess(t *testing.T) {
	l := Layout{Dir: t.TempDir()}
	if _, ok := Alive(l, "part"); ok {
		t.Fatal("alive before it was started")
	}
	claim, err := ClaimAlive(t.Context(), l, "part")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HOLD_ALIVE="+l.Dir)
	claim.GiveTo(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := claim.Close(); err != nil {
		t.Fatal(err)
	}
	// Whoever started it may have been killed by now, and it has done nothing yet.
	if runtime.GOOS != "windows" {
		if pid, ok := Alive(l, "part"); !ok || pid != 0 {
			t.Errorf("before the process said a word, alive is %v with process ID %d, want true and none", ok, pid)
		}
		if _, err := ClaimAlive(t.Context(), l, "part"); !errors.Is(err, ErrAlive) {
			t.Errorf("a second claim: %v, want ErrAlive", err)
		}
	}
	if _, err := fmt.Fprintln(in); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "here\n" {
		t.Fatalf("the process says %q", line)
	}
	if pid, ok := Alive(l, "part"); !ok || pid != cmd.Process.Pid {
		t.Errorf("alive is %v with process ID %d, want %d", ok, pid, cmd.Process.Pid)
	}
	if _, err := HoldAlive(t.Context(), l, "part"); !errors.Is(err, ErrAlive) {
		t.Errorf("a second one: %v, want ErrAlive", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = cmd.Process.Wait() // its child lives until our end of its standard input is closed
	if _, ok := Alive(l, "part"); ok {
		t.Error("alive after kill -9")
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

func TestConfigIsReplacedWhole(t *testing.T) {
	l := Layout{Dir: t.TempDir()}
	if _, err := ReadConfig(l); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v, want fs.ErrNotExist", err)
	}
	c := &Config{Name: "learn", Port: 6443, State: Running, Nodes: []Node{{Name: "control-plane"}, {Name: "worker-1", Index: 1}}}
	if err := c.Write(l); err != nil {
		t.Fatal(err)
	}
	got, err := ReadConfig(l)
	if err != nil {
		t.Fatal(err)
	}
	n, ok := got.Node("worker-1")
	if !ok || n.IP() != "172.18.0.3" || n.PodCIDR() != "10.244.1.0/24" || n.ControlPlane() {
		t.Errorf("worker-1 is %+v (%v)", n, ok)
	}
	if err := os.WriteFile(l.Config(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadConfig(l); err == nil || !strings.Contains(err.Error(), l.Config()) {
		t.Errorf("of a torn file: %v, want an error that names it", err)
	}
}

// TestVersionIsThatOfTheModule keeps the constant true when Kubernetes is upgraded.
func TestVersionIsThatOfTheModule(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), "k8s.io/kubernetes "+Version+"\n") {
		t.Errorf("go.mod does not require k8s.io/kubernetes %s", Version)
	}
	if strings.Contains(string(b), "\nreplace ") || strings.Contains(string(b), "\nexclude ") {
		t.Error("go.mod has a replace or an exclude: go install PACKAGE@latest would refuse it")
	}
}

func TestSocketsHaveShortPaths(t *testing.T) {
	home := "/Users/firstname.lastname/.local/share/kubectl-learn"
	if n := (Layout{Dir: home + "/clusters/learn"}).LongestSocket(); n > 103 {
		t.Errorf("the longest socket path in a usual home has %d bytes; macOS allows 103", n)
	}
}
