package program_test

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

func TestGreeter(t *testing.T) {
	for tag, want := range map[string]string{"1.0": "1.0 (blue)", "2.0": "2.0 (green)", "latest": "2.0 (green)"} {
		main, _, c := served(t, "kubectl-learn/greeter:"+tag, "greeter "+want+": listening on port 8080\n")
		for _, n := range []netCase{
			{"curl -s web:8080/hi", "Hello from greeter " + want + " in Pod web-0\n", "", 0},
			{"curl -s -H 'Accept: text/html' web:8080", "background: " + strings.Trim(want[4:], "()"), "", 0},
			{"curl -s web:8080/version", want[:3] + "\n", "", 0},
			{"curl -fsS web:8080/readyz", "ready\n", "", 0},
			{"curl -fsS web:8080/healthz", "alive\n", "", 0},
		} {
			n.check(t, c)
		}
		main.until("greeter " + want + ": GET /hi for 10.244.1.9\n")
		main.signal(term)
		if code := main.wait(); code != 0 {
			t.Errorf("told to end, it ended with %d", code)
		}
	}
}

// Version 3.0 is there to make a rollout stop.
func TestGreeterBroken(t *testing.T) {
	_, _, c := served(t, "kubectl-learn/greeter:broken", "greeter 3.0 (red): this version is broken")
	for _, n := range []netCase{
		{"curl -fsS web:8080/readyz", "", "curl: (22) The requested URL returned error: 503\n", 22},
		{"curl -fsS web:8080/", "", "curl: (22) The requested URL returned error: 500\n", 22},
		{"curl -fsS web:8080/healthz", "alive\n", "", 0},
	} {
		n.check(t, c)
	}
}

func TestGreeterOptions(t *testing.T) {
	p := newPod(t, "kubectl-learn/greeter:1.0")
	p.spec.Env = append(p.spec.Env, "GREETING=Moin", "COLOUR=teal")
	main := p.main("/greeter", "--port", "80")
	main.until("greeter 1.0 (teal): listening on port 80\n")
	c := p.neighbour("curlimages/curl:8.12.1")
	netCase{"curl -s web", "Moin from greeter 1.0 (teal) in Pod web-0\n", "", 0}.check(t, c)
	main.signal(term)
	main.wait()
	main = p.main("/greeter", "--crash-after=300ms")
	if code := main.wait(); code != 1 || !strings.Contains(main.out.String(), "crashing, 300ms after the start, as --crash-after says\n") {
		t.Errorf("crashed with %d: %s", code, main.out)
	}
	for args, want := range map[string]string{"--nope": "flag provided but not defined: -nope", "x": `unexpected argument "x"`, "--port=x": "invalid value"} {
		r := p.main("/greeter", args)
		if code := r.wait(); code != 2 || !strings.Contains(r.err.String(), want) || !strings.Contains(r.err.String(), "--crash-after") {
			t.Errorf("%s: %d %s", args, code, r.err)
		}
	}
}

// The memory is real: the operating system counts it.
func TestLeak(t *testing.T) {
	p := newPod(t, "kubectl-learn/leak")
	r := p.main("/leak", "--start-mb=40", "--mb-per-second", "20", "--until-mb", "60")
	r.until("leak: holding 40 MB\n")
	r.until("leak: holding 60 MB\n")
	r.until("leak: 60 MB is all that it was told to take\n")
	if runtime.GOOS == "linux" {
		host, err := process.NewProcess(int32(r.cmd.Process.Pid))
		must(t, err)
		m, err := host.MemoryInfo()
		must(t, err)
		if m.RSS < 60<<20 || m.RSS > 200<<20 {
			t.Errorf("%d bytes are resident", m.RSS)
		}
	}
	r.alive(50 * time.Millisecond)
	r.signal(term)
	if code := r.wait(); code != 0 || !strings.Contains(r.out.String(), "leak: SIGTERM: ending, with 60 MB\n") {
		t.Errorf("ended with %d: %s", code, r.out)
	}
	if r := p.main("/leak", "--mb-per-second=-1"); r.wait() != 2 {
		t.Errorf("negative memory: %s", r.err)
	}
}

// Each state is held for as long as it is looked at.
func TestSlowStart(t *testing.T) {
	p := newPod(t, "kubectl-learn/slow-start:1.0")
	c := p.neighbour("curlimages/curl:8.12.1")
	end := func(main *run) {
		t.Helper()
		main.signal(term)
		if code := main.wait(); code != 0 {
			t.Errorf("told to end, it ended with %d: %s", code, main.out)
		}
	}
	main := p.main("/slow-start", "--listen-after", "1h")
	main.until("slow-start: loading; it will listen in 1h0m0s\n")
	netCase{"curl -sS web:8080", "", "Could not connect to server\n", 7}.check(t, c)
	end(main)
	main = p.main("/slow-start", "--listen-after", "50ms", "--ready-after", "1h")
	main.until("slow-start: listening on port 8080, ready in ")
	for _, n := range []netCase{
		{"curl -s web:8080/healthz", "alive\n", "", 0},
		{"curl -s -w '%{http_code}' web:8080/readyz", "503", "", 0},
		{"curl -s web:8080/", "not ready: ", "", 0},
	} {
		n.check(t, c)
	}
	end(main)
	main = p.main("/slow-start", "--listen-after", "50ms", "--ready-after", "200ms")
	main.until("slow-start: ready, ")
	netCase{"curl -fs web:8080/readyz; curl -s web:8080", "ready\nHello from slow-start in Pod web-0\n", "", 0}.check(t, c)
	end(main)
}

func TestStubborn(t *testing.T) {
	main, _, c := served(t, "kubectl-learn/stubborn", "stubborn: listening on port 8080\n")
	main.signal(term)
	main.until("stubborn: SIGTERM: not now\n")
	main.until("stubborn: still here, ")
	netCase{"curl -s web:8080", "Hello from stubborn in Pod web-0\n", "", 0}.check(t, c)
	main.signal(syscall.SIGKILL)
	if code := main.wait(); code == 0 {
		t.Error("SIGKILL did not end it")
	}
	p := newPod(t, "kubectl-learn/stubborn")
	main = p.main("/stubborn", "--exit-after=300ms")
	main.until("listening")
	main.signal(term)
	if code := main.wait(); code != 0 || !strings.Contains(main.out.String(), "stubborn: ending by itself, 300ms after the signal, as --exit-after says\n") {
		t.Errorf("ended with %d: %s", code, main.out)
	}
}

func TestLoad(t *testing.T) {
	web := newPod(t, "kubectl-learn/greeter:1.0")
	main := web.main()
	main.until("listening")
	p := web.neighbour("kubectl-learn/load:1.0")
	// An answer that is late is not to fail, nor to keep others from being sent.
	r := p.main("/load", "--rate=50", "--duration=2500ms", "--timeout=1m", "--concurrency=1000", "--answers", `greeter (\S+)`, "web:8080")
	if code := r.wait(); code != 0 {
		t.Errorf("%d %s %s", code, r.out, r.err)
	}
	out := r.out.String()
	for _, want := range []string{"50 requests a second to http://web:8080\n", " ok, 0 failed, half within ", "; 1.0: ", "in all: ", "(0.0 % failed)\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if lines := strings.Count(out, "\n"); lines < 3 || lines > 6 {
		t.Errorf("%d lines:\n%s", lines, out)
	}
	// What fails is counted by its reason, and shows in the exit code where that is asked for.
	r = p.main("/load", "--rate=50", "--every=100ms", "--strict", "http://web:81/")
	r.until("(connection refused: ")
	r.signal(term)
	if code := r.wait(); code != 1 || !strings.Contains(r.out.String(), "in all: 0 ok, ") || !strings.Contains(r.out.String(), "(100.0 % failed)") {
		t.Errorf("a closed port: %d %s", code, r.out)
	}
	r = p.main("/load", "--rate=20", "http://nope/")
	r.until("(unknown host: ")
	r.signal(term)
	if code := r.wait(); code != 0 || !strings.Contains(r.out.String(), "in all: ") {
		t.Errorf("told to end: %d %s", code, r.out)
	}
	if r := p.main("/load", "--rate=0", "web"); r.wait() != 2 || !strings.Contains(r.err.String(), "Usage: load ") {
		t.Errorf("a rate of 0: %s", r.err)
	}
}

func TestHey(t *testing.T) {
	web := newPod(t, "kubectl-learn/greeter:1.0")
	web.main().until("listening")
	p := web.neighbour("rakyll/hey")
	r := p.main("/usr/local/bin/hey", "-n", "100", "-c", "5", "http://web:8080/")
	code := r.wait()
	for _, want := range []string{"Summary:\n  Total:\t", "Requests/sec:\t", "Response time histogram:\n", "■", "Latency distribution:\n  10% in ", "Status code distribution:\n  [200]\t100 responses\n"} {
		if !strings.Contains(r.out.String(), want) || code != 0 {
			t.Errorf("%d, no %q in\n%s%s", code, want, r.out, r.err)
		}
	}
	if r := p.main("/usr/local/bin/hey", "-z", "100ms", "-c", "2", "-q", "20", "http://web:8080/"); r.wait() != 0 || !strings.Contains(r.out.String(), "Summary:\n") {
		t.Errorf("for a time: %s%s", r.out, r.err)
	}
	r = p.main("/usr/local/bin/hey", "-n", "2", "-c", "2", "-q", "20", "web:81")
	if code := r.wait(); code != 0 || !strings.Contains(r.out.String(), "Error distribution:\n") || !strings.Contains(r.out.String(), "connection refused") {
		t.Errorf("%d %s", code, r.out)
	}
	if r := p.main("/usr/local/bin/hey", "-n", "1", "web"); r.wait() != 1 || !strings.Contains(r.err.String(), "-n cannot be less than -c") {
		t.Errorf("%s", r.err)
	}
}
