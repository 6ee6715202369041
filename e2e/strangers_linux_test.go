package e2e

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	gopsnet "github.com/shirou/gopsutil/v4/net"
	"golang.org/x/sys/unix"

	"github.com/kubectl-learn/kubectl-learn/internal/fault"
)

// nobody is a user that owns nothing of ours.
const nobody = 65534

// asNobody runs f with the rights of another user, on a thread that ends with it. The folder is the thread's working
// folder: relative paths lead to what is in it even where folders above are closed to that user.
func asNobody(t *testing.T, folder string, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread must not be used again
		err := errors.Join(unix.Unshare(unix.CLONE_FS), unix.Chdir(folder), unix.Setfsgid(nobody), unix.Setfsuid(nobody))
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestSecondUser has another user of the machine try every file and every socket of a cluster, and
// every port that it listens on. The home folder is open to all, as a learner's may be: what keeps others out
// must be the program's own doing.
func TestSecondUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	if err := os.Chmod(shared.home, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(shared.home, 0o700) })
	c := shared.cluster()
	var files, sockets []string
	err := filepath.WalkDir(shared.home, func(path string, d fs.DirEntry, err error) error {
		path = strings.TrimPrefix(path, shared.home+"/")
		switch {
		case err != nil: // it went away while we looked
		case d.Type()&fs.ModeSocket != 0:
			sockets = append(sockets, path)
		case d.Type().IsRegular():
			files = append(files, path)
		}
		return nil
	})
	if err != nil || len(files) < 20 || len(sockets) < 5 {
		t.Fatalf("%v; only %d files and %d sockets were found", err, len(files), len(sockets))
	}
	asNobody(t, shared.home, func() {
		if _, err := os.ReadFile("/etc/hostname"); err != nil {
			t.Errorf("the other user can read nothing at all: %v", err)
		}
		if _, err := os.ReadDir("."); err != nil {
			t.Errorf("the home folder is not open to the other user, who then proves nothing: %v", err)
		}
		for _, path := range files {
			if f, err := os.Open(path); !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
				_ = f.Close()
				t.Errorf("another user opens %s: %v", path, err)
			}
		}
		for _, path := range sockets {
			a, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err != nil {
				t.Error(err)
				return
			}
			if err := unix.Connect(a, &unix.SockaddrUnix{Name: path}); !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("another user connects to %s: %v", path, err)
			}
			_ = unix.Close(a)
		}
	})
	ports := 0
	for _, p := range fault.Processes(c.Dir()) {
		for _, l := range listeners(t, p.PID) {
			ports++
			if ip := net.ParseIP(l.Laddr.IP); !ip.IsLoopback() {
				t.Errorf("%s listens on %s", p, l.Laddr.IP)
			}
			refusesStrangers(t, l.Laddr.Port)
		}
	}
	if ports < 4 { // the API server's and each kubelet's
		t.Errorf("only %d ports were found", ports)
	}
}

// listeners are the TCP and UDP sockets on which a process waits for others.
func listeners(t *testing.T, pid int) (found []gopsnet.ConnectionStat) {
	t.Helper()
	all, err := gopsnet.ConnectionsPid("inet", int32(pid))
	if err != nil {
		t.Logf("connections of %d: %v", pid, err)
	}
	for _, c := range all {
		if c.Status == "LISTEN" || c.Type == unix.SOCK_DGRAM {
			found = append(found, c)
		}
	}
	return found
}

// refusesStrangers asks a port of loopback, to which every user of a machine can connect, for what is
// none of their business.
func refusesStrangers(t *testing.T, port uint32) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for _, path := range []string{"/api/v1/namespaces/kube-system/secrets", "/pods", "/exec/default/x/y"} {
		for _, scheme := range []string{"http", "https"} {
			resp, err := client.Get(fmt.Sprintf("%s://127.0.0.1:%d%s", scheme, port, path))
			if err != nil {
				continue // not this scheme, or not without a certificate
			}
			_ = resp.Body.Close()
			if resp.StatusCode < 400 {
				t.Errorf("%s://127.0.0.1:%d%s answers a stranger: %s", scheme, port, path, resp.Status)
			}
		}
	}
}

// TestPodsSeeNothingOfTheLearner looks for the learner's rights and environment in a Pod.
func TestPodsSeeNothingOfTheLearner(t *testing.T) {
	s := newSpace(t)
	s.kubectl(t, "run", "in", "--image=busybox:1.37", "--command", "--", "sleep", "1d")
	s.kubectl(t, "run", "curl", "--image=curlimages/curl:8.12.1", "--command", "--", "sleep", "1d")
	s.waitReady(t, "pod/in")
	s.waitReady(t, "pod/curl")
	env := s.kubectl(t, "exec", "in", "--", "env")
	for _, of := range []string{"KUBECTL_LEARN", "KUBECONFIG=", s.home, "HOME=" + os.Getenv("HOME") + "\n", "USER="} {
		if of != "HOME=/root\n" && strings.Contains(env, of) {
			t.Errorf("a Pod's environment has %q:\n%s", of, env)
		}
	}
	for _, p := range fault.Processes(s.cluster().Dir()) {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID))
		for _, v := range strings.Split(string(b), "\x00") {
			if name, _, _ := strings.Cut(v, "="); p.Container() && name != "" || strings.HasPrefix(name, "KUBECTL_LEARN") || strings.HasPrefix(name, "LEARN_") {
				t.Errorf("process %s was given %s", p, name)
			}
		}
	}
	// With the token that the Pod was given, and without one.
	const ask = `curl -sk -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)" https://kubernetes.default`
	for path, want := range map[string]string{
		"/version":                               "200",
		"/api/v1/namespaces/kube-system/secrets": "403",
		"/api/v1/nodes":                          "403",
		"/api/v1/namespaces/" + s.name + "/pods": "403",
	} {
		if got := s.kubectl(t, "exec", "curl", "--", "sh", "-c", ask+path); got != want {
			t.Errorf("a Pod asks for %s and gets %s, want %s", path, got, want)
		}
	}
	// The machine's own loopback is not the Pod's.
	server := s.run(t, "kubectl", "--", "config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
	if out, err := s.try("exec", "curl", "--", "curl", "-sk", "-m", "5", strings.TrimSpace(server)+"/version"); err == nil {
		t.Errorf("a Pod reaches the machine's port: %s", out)
	}
	for _, path := range []string{"kubeconfig", "pki/ca.key", "etcd.sock:0"} {
		if out, err := s.try("exec", "in", "--", "cat", filepath.Join(s.home, "clusters", "learn", path)); err == nil {
			t.Errorf("a Pod reads %s: %s", path, out)
		}
	}
}
