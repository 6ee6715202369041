package runtime_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// fetch asks a Pod's port 80 for its page.
func fetch(n *node, ip string) (string, error) {
	ctx, cancel := context.WithTimeout(n.t.Context(), 5*time.Second)
	defer cancel()
	conn, err := n.network.DialPod(ctx, ip, 80)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return "", err
	}
	b, err := io.ReadAll(conn)
	return string(b), err
}

func TestAPodAnswersOnItsAddressUntilItIsStopped(t *testing.T) {
	n := newNode(t)
	p := n.runPod("web")
	ip := p.ip()
	if !strings.HasPrefix(ip, "10.244.1.") {
		t.Fatalf("its address is %s", ip)
	}
	c := p.create("nginx:1.29")
	c.begin()
	var page string
	n.eventually("nginx answers", func() (ok bool) {
		var err error
		page, err = fetch(n, ip)
		return err == nil
	})
	if !strings.Contains(page, "Welcome to nginx!") {
		t.Errorf("the page is %s", page)
	}
	if err := n.StopPodSandbox(t.Context(), p.id); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(n, ip); err == nil {
		t.Error("it answers after it was stopped")
	}
	if _, err := os.Stat(filepath.Join(n.network.Dir, ip)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its place on the network is still there: %v", err)
	}
	if c.running() {
		t.Error("its container runs on")
	}
	s, err := n.PodSandboxStatus(t.Context(), p.id, false)
	if err != nil || s.GetStatus().GetState() != runtimeapi.PodSandboxState_SANDBOX_NOTREADY {
		t.Errorf("its status is %v, %v", s, err)
	}
	if err := errors.Join(n.StopPodSandbox(t.Context(), p.id), n.RemovePodSandbox(t.Context(), p.id)); err != nil {
		t.Errorf("stopped again and removed: %v", err)
	}
	if _, err := n.PodSandboxStatus(t.Context(), p.id, false); status.Code(err) != codes.NotFound {
		t.Errorf("removed, but: %v", err)
	}
	if _, err := n.ContainerStatus(t.Context(), c.id, false); status.Code(err) != codes.NotFound {
		t.Errorf("its container was not removed with it: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(n.dir, "c", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A node has 249 addresses for Pods: an address that is not given back is missed, and one that is
// given twice is worse.
func TestAddressesAreGivenOnceAndGivenBack(t *testing.T) {
	n := newNode(t)
	pods := map[string]*pod{}
	for range 249 {
		p := n.runPod("p")
		if other := pods[p.ip()]; other != nil {
			t.Fatalf("%s was given twice", p.ip())
		}
		pods[p.ip()] = p
	}
	config := &runtimeapi.PodSandboxConfig{Metadata: &runtimeapi.PodSandboxMetadata{Name: "late"}}
	if _, err := n.RunPodSandbox(t.Context(), config, ""); err == nil || !strings.Contains(err.Error(), "used up") {
		t.Fatalf("one Pod too many: %v", err)
	}
	free := pods["10.244.1.77"]
	if err := n.StopPodSandbox(t.Context(), free.id); err != nil {
		t.Fatal(err)
	}
	if ip := n.runPod("late").ip(); ip != "10.244.1.77" {
		t.Errorf("the only free address is 10.244.1.77, given was %s", ip)
	}
	// The kubelet removes sandboxes some time after it stopped them; that must not hurt the heir.
	if err := n.RemovePodSandbox(t.Context(), free.id); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(n.network.Dir, "10.244.1.77")); err != nil {
		found, _ := filepath.Glob(filepath.Join(n.network.Dir, "*"))
		t.Errorf("the new Pod's place on the network: %v (there are %d places)", err, len(found))
	}
}

func TestAHostPortAnswersWhileItsPodRuns(t *testing.T) {
	n := newNode(t)
	config := &runtimeapi.PodSandboxConfig{
		Metadata:     &runtimeapi.PodSandboxMetadata{Name: "web", Namespace: "default"},
		PortMappings: []*runtimeapi.PortMapping{{ContainerPort: 80, HostPort: 8080}}, LogDirectory: filepath.Join(n.dir, "logs"),
	}
	id, err := n.RunPodSandbox(t.Context(), config, "")
	if err != nil {
		t.Fatal(err)
	}
	c := (&pod{node: n, id: id, config: config}).create("nginx:1.29")
	c.begin()
	const address = "172.18.0.3:8080"
	n.eventually("the host port answers", func() bool {
		conn, err := n.network.Dial(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	if err := n.StopPodSandbox(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	// Refused by the node, and not passed on to an address that the next Pod may get.
	if conn, err := n.network.Dial(t.Context(), "tcp", address); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("the host port of a Pod that was stopped: %v, %v", conn, err)
	}
}

func TestAPodsResolvConf(t *testing.T) {
	n := newNode(t)
	config := &runtimeapi.PodSandboxConfig{
		Metadata: &runtimeapi.PodSandboxMetadata{Name: "p", Namespace: "shop"}, LogDirectory: filepath.Join(n.dir, "logs"),
		DnsConfig: &runtimeapi.DNSConfig{Servers: []string{"10.96.0.10"}, Searches: []string{"shop.svc.cluster.local", "cluster.local"}, Options: []string{"ndots:5"}},
	}
	id, err := n.RunPodSandbox(t.Context(), config, "")
	if err != nil {
		t.Fatal(err)
	}
	c := (&pod{node: n, id: id, config: config}).shell("cat /etc/resolv.conf; sleep 3600")
	n.eventually("it has read the file", func() bool { return strings.Contains(c.log(), "options") })
	for _, want := range []string{" F nameserver 10.96.0.10\n", " F search shop.svc.cluster.local cluster.local\n", " F options ndots:5\n"} {
		if !strings.Contains(c.log(), want) {
			t.Errorf("%q is not in\n%s", want, c.log())
		}
	}
}

// Where a Pod shares its processes, its containers see and signal each other, and none is process 1.
func TestContainersOfAPodShareTheirProcesses(t *testing.T) {
	p := newNode(t).runPodAs("shared", &runtimeapi.NamespaceOption{Pid: runtimeapi.NamespaceMode_POD})
	c := p.joined(&runtimeapi.NamespaceOption{Pid: runtimeapi.NamespaceMode_POD}, "sleep 3600")
	other := p.joined(&runtimeapi.NamespaceOption{Pid: runtimeapi.NamespaceMode_POD}, "sleep 7200")
	other.eventually("it sees all processes", func() bool {
		out, _, _ := other.ExecSync(t.Context(), other.id, []string{"ps", "-o", "args"}, time.Minute)
		text := string(out)
		return strings.Contains(text, "/pause\n") && strings.Contains(text, "sleep 3600\n") && strings.Contains(text, "sleep 7200\n")
	})
	if _, _, err := other.ExecSync(t.Context(), other.id, []string{"sh", "-c", "kill -9 1; pkill -f 'sleep 3600'"}, time.Minute); err != nil {
		t.Errorf("signal the other container's process: %v", err)
	}
	if s := c.ended(); s.GetExitCode() != 143 {
		t.Errorf("it ended with %v, want 143: it is not process 1, which a signal that it does not handle would not end", s)
	}
	if !other.running() {
		t.Error("the container that sent the signal has ended")
	}
}

// kubectl debug --target joins the processes of one container.
func TestAContainerJoinsTheProcessesOfAnother(t *testing.T) {
	p := newNode(t).runPod("web")
	c := p.shell("exec sleep 3600")
	look := p.joined(&runtimeapi.NamespaceOption{Pid: runtimeapi.NamespaceMode_TARGET, TargetId: c.id}, "sleep 7200")
	look.eventually("it sees the target's processes", func() bool {
		out, _, _ := look.ExecSync(t.Context(), look.id, []string{"ps", "-o", "pid,args"}, time.Minute)
		return strings.Contains(string(out), "    1 sleep 3600\n") && strings.Contains(string(out), "sleep 7200\n")
	})
	if out, _, err := c.ExecSync(t.Context(), c.id, []string{"ps"}, time.Minute); err != nil || !strings.Contains(string(out), "sleep 7200") {
		t.Errorf("the target sees %s, %v", out, err)
	}
}

func TestAPodsFilesAreThoseOfAContainerRuntime(t *testing.T) {
	n := newNode(t)
	p := n.runPodAs("web", nil)
	c := p.shell("sleep 3600")
	out, _, err := c.ExecSync(t.Context(), c.id, []string{"cat", "/etc/hostname", "/etc/resolv.conf"}, time.Minute)
	if want := "web\nsearch default.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"; err != nil || string(out) != want {
		t.Errorf("they are %q, %v, want %q", out, err, want)
	}
}
