package program_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A program that does not handle TERM ignores it as process 1, so that a Pod takes its whole grace period.
func TestProcessOneIgnoresTerm(t *testing.T) {
	for _, args := range [][]string{{"sleep", "3600"}, {"sh", "-c", "while true; do sleep 0.05; done"}, {"sh", "-c", "sleep 3600"}, {"tail", "-f", "/dev/null"}} {
		p := newPod(t, "busybox")
		r := p.main(args...)
		waitFor(t, func() bool { out, _, _ := p.sh("ps"); return strings.Contains(out, "    1 root") })
		r.signal(syscall.SIGTERM)
		if _, errs, code := p.sh("kill 1; kill -9 1"); code != 0 {
			t.Errorf("kill 1: %d %s", code, errs)
		}
		r.alive(150 * time.Millisecond)
		r.signal(syscall.SIGKILL)
		r.wait()
	}
}

func TestTrap(t *testing.T) {
	for script, want := range map[string]int{
		"trap 'echo bye; exit 0' TERM; echo started; while true; do sleep 0.05; done":                                             0,
		"trap 'echo bye; exit 3' TERM INT; sleep 3600 & echo started; wait":                                                       3,
		"trap 'echo bye; exit 4' TERM; sh -c 'echo started; until [ -f /tmp/go ]; do sleep 0.05; done'; echo not reached; exit 9": 4,
		"stop() { echo bye; exit 5; }; trap stop SIGTERM; echo started; while :; do sleep 0.01; done":                             5,
		"trap 'echo bye; kill $!; exit 6' TERM; sleep 3600 & echo started; wait $!":                                               6,
	} {
		p := newPod(t, "alpine")
		r := p.main("sh", "-c", script)
		r.until("started\n")
		r.signal(syscall.SIGTERM)
		// A trap waits for the command in the foreground to end.
		p.sh("touch /tmp/go")
		if code := r.wait(); code != want || r.out.String() != "started\nbye\n" {
			t.Errorf("%s\ncode %d, want %d; out %q, err %q", script, code, want, r.out, r.err)
		}
	}
}

func TestKillOtherProcesses(t *testing.T) {
	p := newPod(t, "busybox")
	main := p.main("sh", "-c", "sleep 500 & trap 'echo usr1' USR1; while true; do sleep 0.05; done")
	var line string
	waitFor(t, func() bool {
		out, _, _ := p.sh("ps | grep 'sleep 500$' | grep -v grep")
		line = out
		return out != ""
	})
	pid := strings.Fields(line)[0]
	if _, errs, code := p.sh("kill " + pid); code != 0 {
		t.Error(errs)
	}
	waitFor(t, func() bool { out, _, _ := p.sh("ps"); return !strings.Contains(out, " sleep 500\n") })
	if _, errs, code := p.sh("kill -USR1 1"); code != 0 {
		t.Error(errs)
	}
	main.until("usr1")
	joined := p.exec("", "sleep", "700")
	waitFor(t, func() bool { out, _, _ := p.sh("ps"); return strings.Contains(out, "sleep 700") })
	if _, errs, code := p.sh("pkill -f 'sleep 700'"); code != 0 {
		t.Error(errs)
	}
	if code := joined.wait(); code != 143 {
		t.Errorf("killed with TERM: %d", code)
	}
	joined = p.exec("", "sleep", "800")
	waitFor(t, func() bool { out, _, _ := p.sh("ps"); return strings.Contains(out, "sleep 800") })
	p.sh("kill -9 $(pgrep -f 'sleep 800')")
	joined.wait()
	waitFor(t, func() bool { out, _, _ := p.sh("ps"); return !strings.Contains(out, "sleep 800") })
	if _, errs, code := p.sh("kill 999"); code != 1 || errs != "sh: can't kill pid 999: No such process\n" {
		t.Errorf("code %d, %q", code, errs)
	}
	main.alive(10 * time.Millisecond)
}

// The last command of sh -c takes the place of the shell, as in busybox and dash.
func TestLastCommandReplacesShell(t *testing.T) {
	p := newPod(t, "busybox")
	p.main("sh", "-c", "echo hi; sleep 3600").until("hi")
	waitFor(t, func() bool { out, _, _ := p.sh("cat /proc/1/cmdline | tr '\\0' ' '"); return out == "sleep 3600 " })
	p2 := newPod(t, "nginx:1.27")
	r := p2.main("sh", "-c", "exec nginx -g 'daemon off;'")
	r.until("start worker process ")
	r.signal(syscall.SIGTERM)
	if code := r.wait(); code != 0 {
		t.Errorf("nginx by exec ended with %d", code)
	}
}

func TestNginxAsDaemon(t *testing.T) {
	p := newPod(t, "nginx:1.27")
	if code := p.main("nginx").wait(); code != 0 {
		t.Errorf("nginx that goes to the background leaves process 1 with %d", code)
	}
	p = newPod(t, "nginx:1.27")
	r := p.main("sh", "-c", "nginx && tail -f /dev/null")
	r.until("start worker process ")
	if resp, _ := p.get(80, "/"); resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
	r.alive(10 * time.Millisecond)
}

// control is the node's end of the control connections.
func (p *pod) node() {
	p.t.Helper()
	p.spec.Control = filepath.Join(p.dir, "control.sock")
	l, err := net.Listen("unix", p.spec.Control)
	if err != nil {
		p.t.Fatal(err)
	}
	p.control, p.held = l, make(chan net.Conn, 8)
	p.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.held <- c
		}
	}()
}

func TestEndsWithItsNode(t *testing.T) {
	p := newPod(t, "busybox")
	p.node()
	r := p.main("sleep", "3600")
	c := <-p.held
	r.alive(20 * time.Millisecond)
	_ = c.Close()
	if code := r.wait(); code != 137 {
		t.Errorf("exit code %d", code)
	}
	_ = p.control.Close()
	if code := p.main("sleep", "3600").wait(); code != 137 {
		t.Errorf("without a node: exit code %d", code)
	}
}

func TestTermOverTheControlConnection(t *testing.T) {
	p := newPod(t, "nginx:1.27")
	p.node()
	r := p.main()
	c := <-p.held
	r.until("start worker process ")
	if _, err := io.WriteString(c, "TERM\n"); err != nil {
		t.Fatal(err)
	}
	if code := r.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// terminal is an exec with a terminal.
type terminal struct {
	*run
	in *os.File
}

func (p *pod) terminal(args ...string) *terminal {
	p.t.Helper()
	s := p.spec
	s.Args, s.Exec, s.Stdin, s.Terminal = args, true, true, true
	s.Env = append(s.Env, "TERM=xterm")
	r, w, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	t := &terminal{run: p.start(s, r), in: w}
	_ = r.Close()
	p.t.Cleanup(func() { _ = w.Close() })
	return t
}

func (t *terminal) keys(s string) {
	t.t.Helper()
	if _, err := io.WriteString(t.in, s); err != nil {
		t.t.Fatal(err)
	}
}

func TestInteractiveShell(t *testing.T) {
	p := newPod(t, "busybox:1.37")
	tty := p.terminal("sh")
	tty.until("/ # ")
	tty.keys("cd /tmp\r")
	tty.until("/tmp # ")
	tty.keys("echo a$((1+1))b\r")
	tty.until("a2b\r\n")
	tty.keys("for i in 1 2; do\r")
	tty.until("> ")
	tty.keys("echo i$i; done\r")
	tty.until("i2\r\n")
	tty.keys("nope\r")
	tty.until("sh: nope: not found\r\n")
	tty.keys("sleep 100; echo after $?\r")
	waitFor(t, func() bool { out, _, _ := p.sh("ps"); return strings.Contains(out, "sleep 100") })
	tty.keys("\x03")
	tty.until("^C")
	tty.keys("echo status $?\r")
	tty.until("status 130\r\n")
	tty.keys("half a line\x03")
	tty.keys("echo next\r")
	tty.until("next\r\n")
	tty.keys("cat\r")
	waitFor(t, func() bool { out, _, _ := p.sh("ps | grep -w cat"); return strings.Contains(out, "cat") })
	tty.keys("typed\r")
	tty.until("typed\r\ntyped\r\n")
	tty.keys("\x04")
	tty.keys("echo back\r")
	tty.until("back\r\n")
	tty.keys("sleep 200 &\r")
	tty.keys("jobs\r")
	tty.until("sleep 200")
	tty.keys("kill %1\r")
	tty.keys("ls /etc/pas\t\r")
	tty.until("/etc/passwd\r\n")
	tty.keys("exit 7\r")
	if code := tty.wait(); code != 7 {
		t.Errorf("exit code %d\n%s", code, tty.out)
	}
}

func TestTerminalEnds(t *testing.T) {
	p := newPod(t, "nginx:1.27")
	tty := p.terminal("bash")
	tty.until("root@web-0:/# ")
	tty.keys("echo $COLUMNS by $LINES\r")
	tty.until("\n80 by 24\r\nroot@web-0:/# ")
	tty.keys("\x04")
	if code := tty.wait(); code != 0 {
		t.Errorf("Ctrl-D: %d", code)
	}
	tty = p.terminal("sh")
	tty.until("# ")
	_ = tty.in.Close()
	tty.wait()
	tty = p.terminal("tail", "-f", "/dev/null")
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(p.spec.Procs, "2")); return err == nil })
	_ = tty.in.Close()
	if code := tty.wait(); code != 129 {
		t.Errorf("hangup of a program: %d", code)
	}
	tty = p.terminal("sleep", "100")
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(p.spec.Procs, "2")); return err == nil })
	tty.keys("\x03")
	if code := tty.wait(); code != 130 {
		t.Errorf("Ctrl-C on a program: %d", code)
	}
}

func TestWriteToTheLogOfProcessOne(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs the host's /proc")
	}
	p := newPod(t, "busybox")
	main := p.main("sleep", "3600")
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(p.spec.Procs, "1")); return err == nil })
	if _, errs, code := p.sh("echo note > /proc/1/fd/1"); code != 0 {
		t.Error(errs)
	}
	main.until("note\n")
	if out, _, _ := p.sh("cat /proc/1/fd/../../../etc/hostname /proc/1/fd/1"); out != "" {
		t.Errorf("read %q", out)
	}
}

func TestTop(t *testing.T) {
	p := newPod(t, "alpine")
	p.main("sleep", "3600")
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(p.spec.Procs, "1")); return err == nil })
	if out, _, code := p.sh("top -b -n1"); code != 0 || !strings.Contains(out, "sleep 3600") {
		t.Errorf("code %d: %s", code, out)
	}
	tty := p.terminal("top")
	tty.until("sleep 3600")
	tty.keys("q")
	if code := tty.wait(); code != 0 {
		t.Errorf("q: %d", code)
	}
}

func TestNothingOfTheHost(t *testing.T) {
	p := newPod(t, "alpine")
	out, errs, code := p.sh("env; id; whoami; hostname; cat /proc/meminfo /proc/1/cmdline; cat /proc/version; df; free; uptime; uname -a; ls -la / /proc /dev; mount; echo $PPID $HOME $UID; cat /etc/passwd; pwd -P; ps")
	if code != 0 {
		t.Errorf("code %d: %s", code, errs)
	}
	host, _ := os.Hostname()
	for _, s := range []string{p.dir, fmt.Sprint(os.Getpid()), host, os.Getenv("PATH")} {
		if s != "" && strings.Contains(out+errs, s) {
			t.Errorf("%q of the host shows in\n%s", s, out+errs)
		}
	}
}
