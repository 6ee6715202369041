package runtime_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	criclient "k8s.io/cri-client/pkg"
	utilexec "k8s.io/utils/exec"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

func TestAContainersLife(t *testing.T) {
	c := newNode(t).runPod("web").create("busybox:1.36", "sh", "-c", "echo here; sleep 3600")
	if s := c.status(); s.GetState() != runtimeapi.ContainerState_CONTAINER_CREATED || s.GetCreatedAt() == 0 || s.GetStartedAt() != 0 {
		t.Errorf("created: %v", s)
	}
	c.begin()
	if s := c.status(); s.GetState() != runtimeapi.ContainerState_CONTAINER_RUNNING || s.GetStartedAt() < s.GetCreatedAt() || s.GetFinishedAt() != 0 {
		t.Errorf("started: %v", s)
	}
	if err := c.StartContainer(t.Context(), c.id); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("started twice: %v", err)
	}
	c.eventually("a line of log", func() bool { return strings.Contains(c.log(), "here") })
	if err := c.StopContainer(t.Context(), c.id, 0); err != nil {
		t.Fatal(err)
	}
	if s := c.status(); s.GetState() != runtimeapi.ContainerState_CONTAINER_EXITED || s.GetExitCode() != 137 || s.GetReason() != "Error" || s.GetFinishedAt() < s.GetStartedAt() {
		t.Errorf("stopped: %v", s)
	}
	if err := c.RemoveContainer(t.Context(), c.id); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ContainerStatus(t.Context(), c.id, false); status.Code(err) != codes.NotFound {
		t.Errorf("removed, but: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(c.dir, "c", c.id[:12]+"*")); err != nil || len(left) > 0 {
		t.Errorf("removed, but there is %v, %v", left, err)
	}
	// The kubelet may stop and remove what is gone.
	if err := errors.Join(c.StopContainer(t.Context(), c.id, 1), c.RemoveContainer(t.Context(), c.id)); err != nil {
		t.Errorf("once more: %v", err)
	}
}

func TestHowAContainerEndsIsTold(t *testing.T) {
	n := newNode(t)
	for script, want := range map[string]struct {
		code   int32
		reason string
	}{
		"exit 0":                        {0, "Completed"},
		"exit 3":                        {3, "Error"},
		"no-such-command":               {127, "Error"},
		"echo last words >&2; exit 255": {255, "Error"},
	} {
		t.Run(script, func(t *testing.T) {
			s := n.runPod("p").shell(script).ended()
			if s.GetExitCode() != want.code || s.GetReason() != want.reason || s.GetMessage() != "" {
				t.Errorf("ended with %d, %s, %q; want %d, %s", s.GetExitCode(), s.GetReason(), s.GetMessage(), want.code, want.reason)
			}
		})
	}
}

func TestAnUnknownCommandIsAStartError(t *testing.T) {
	c := newNode(t).runPod("p").create("nginx:1.29", "ngnix", "-g", "daemon off;")
	err := c.StartContainer(t.Context(), c.id)
	if err == nil || !strings.Contains(err.Error(), `exec: "ngnix": executable file not found in $PATH`) {
		t.Errorf("the error is %v", err)
	}
	if s := c.status(); s.GetState() != runtimeapi.ContainerState_CONTAINER_EXITED || s.GetExitCode() != 128 || s.GetReason() != "StartError" || !strings.Contains(s.GetMessage(), "ngnix") {
		t.Errorf("the status is %v", s)
	}
}

func TestAnUnknownImageIsNamedWithWhatThereIs(t *testing.T) {
	p := newNode(t).runPod("p")
	image := &runtimeapi.ImageSpec{Image: "nginx:99"}
	_, err := p.PullImage(t.Context(), image, nil, p.config)
	if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "nginx:99") || !strings.Contains(err.Error(), "1.29") {
		t.Errorf("pull: %v", err)
	}
	if got, err := p.ImageStatus(t.Context(), image, false); err != nil || got.GetImage() != nil {
		t.Errorf("status of an image that was not pulled: %v, %v", got, err)
	}
	image.Image = "nginx:1.29"
	ref, err := p.PullImage(t.Context(), image, nil, p.config)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.ImageStatus(t.Context(), &runtimeapi.ImageSpec{Image: ref}, false); err != nil || got.GetImage().GetId() != ref {
		t.Errorf("status by digest %s: %v, %v", ref, got, err)
	}
}

// A line of the log is as containerd writes it: time, stream, F or P, text.
func TestLogsAreInCRIFormat(t *testing.T) {
	c := newNode(t).runPod("p").shell("echo out; echo err >&2; echo; printf 'no end of line'")
	c.ended()
	entry := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d) (stdout|stderr) ([FP]) (.*)\n$`)
	perStream := map[string][]string{}
	for line := range strings.Lines(c.log()) {
		m := entry.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("no entry of a CRI log: %q", line)
		}
		perStream[m[3]] = append(perStream[m[3]], m[4]+" "+m[5])
	}
	if got := strings.Join(perStream["stdout"], "|"); got != "F out|F |P no end of line" {
		t.Errorf("standard output: %q", got)
	}
	if got := strings.Join(perStream["stderr"], "|"); got != "F err" {
		t.Errorf("standard error: %q", got)
	}
}

func TestALongLineIsSplit(t *testing.T) {
	c := newNode(t).runPod("p").shell("printf '%040000d\\n' 7")
	c.ended()
	var tags string
	var text strings.Builder
	for line := range strings.Lines(c.log()) {
		_, rest, _ := strings.Cut(line, " stdout ")
		tags += rest[:1]
		if body := strings.TrimSuffix(rest[2:], "\n"); len(body) > 16<<10 {
			t.Errorf("an entry of %d bytes", len(body))
		} else {
			text.WriteString(body)
		}
	}
	if tags != "PPF" || text.Len() != 40000 || !strings.HasSuffix(text.String(), "07") {
		t.Errorf("tags %s, %d bytes", tags, text.Len())
	}
}

// The kubelet moves a log that is full away and asks for a new one.
func TestALogIsReopened(t *testing.T) {
	c := newNode(t).runPod("p").shell("while :; do echo tick; sleep 0.02; done")
	c.eventually("a first line", func() bool { return strings.Contains(c.log(), "tick") })
	path := c.status().GetLogPath()
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := c.ReopenContainerLog(t.Context(), c.id); err != nil {
		t.Fatal(err)
	}
	c.eventually("a line in the new log", func() bool { return strings.Contains(c.log(), "tick") })
}

func TestExecSync(t *testing.T) {
	c := newNode(t).runPod("web").shell("echo from main >/tmp/file; sleep 3600")
	c.eventually("the main process has begun", func() bool {
		_, _, err := c.ExecSync(t.Context(), c.id, []string{"cat", "/tmp/file"}, time.Minute)
		return err == nil
	})
	out, errs, err := c.ExecSync(t.Context(), c.id, []string{"sh", "-c", "cat /tmp/file; hostname; echo complaint >&2; exit 7"}, time.Minute)
	var exit utilexec.CodeExitError
	if !errors.As(err, &exit) || exit.Code != 7 {
		t.Errorf("the error is %v, want exit code 7", err)
	}
	if string(out) != "from main\nweb\n" || string(errs) != "complaint\n" {
		t.Errorf("it wrote %q and %q", out, errs)
	}
	if strings.Contains(c.log(), "complaint") {
		t.Error("an exec's output is in the container's log")
	}
	_, _, err = c.ExecSync(t.Context(), c.id, []string{"no-such"}, time.Minute)
	if status.Code(err) != codes.Unknown || !regexp.MustCompile(`failed to exec in container: failed to start exec "[0-9a-f]{64}": .*exec: "no-such": executable file not found in \$PATH$`).MatchString(err.Error()) {
		t.Errorf("a command that there is not: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(c.dir, "c", c.id[:12], "exec-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestExecSyncHasATimeout(t *testing.T) {
	c := newNode(t).runPod("p").shell("sleep 3600")
	began := time.Now()
	_, _, err := c.ExecSync(t.Context(), c.id, []string{"sh", "-c", "trap '' TERM; sleep 3600"}, 300*time.Millisecond)
	// The kubelet takes this error, and no other, for a probe that has failed.
	if !errors.Is(err, criclient.ErrCommandTimedOut) || !strings.HasSuffix(err.Error(), "timed out after 300ms") {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(began); took < 300*time.Millisecond || took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if !c.running() {
		t.Error("the container has ended with its probe")
	}
}

func TestAnExecEndsWithItsContainer(t *testing.T) {
	c := newNode(t).runPod("p").shell("sleep 3600")
	ended := make(chan error, 1)
	go func() {
		_, _, err := c.ExecSync(t.Context(), c.id, []string{"sh", "-c", "echo begun >/tmp/begun; sleep 3600"}, 0)
		ended <- err
	}()
	c.eventually("the exec has begun", func() bool {
		_, _, err := c.ExecSync(t.Context(), c.id, []string{"cat", "/tmp/begun"}, time.Minute)
		return err == nil
	})
	if err := c.StopContainer(t.Context(), c.id, 0); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		var exit utilexec.CodeExitError
		if !errors.As(err, &exit) || exit.Code != 137 {
			t.Errorf("it ended with %v, want exit code 137", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it outlived its container")
	}
	if _, _, err := c.ExecSync(t.Context(), c.id, []string{"true"}, time.Minute); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("an exec afterwards: %v", err)
	}
}

// What ends its container may go on for a moment, and ends with a code of its own.
func TestAnExecMayEndItsContainer(t *testing.T) {
	c := newNode(t).runPod("p").shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done")
	c.eventually("it has set its trap", func() bool { return strings.Contains(c.log(), "ready") })
	out, _, err := c.ExecSync(t.Context(), c.id, []string{"sh", "-c", "kill 1; sleep 0.5; echo alone; exit 3"}, time.Minute)
	var exit utilexec.CodeExitError
	if !errors.As(err, &exit) || exit.Code != 3 || string(out) != "alone\n" {
		t.Errorf("it ended with %v and wrote %q", err, out)
	}
	if s := c.ended(); s.GetExitCode() != 5 {
		t.Errorf("its container ended with %v", s)
	}
}

func TestStopAsksBeforeItKills(t *testing.T) {
	n := newNode(t)
	polite := n.runPod("polite").shell("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
	polite.eventually("it has set its trap", func() bool { return strings.Contains(polite.log(), "ready") })
	if err := polite.StopContainer(t.Context(), polite.id, 60); err != nil {
		t.Fatal(err)
	}
	if s := polite.status(); s.GetExitCode() != 5 || !strings.Contains(polite.log(), " stdout F bye\n") {
		t.Errorf("the polite one ended with %v and wrote %s", s, polite.log())
	}

	deaf := n.runPod("deaf").shell("trap 'echo no' TERM; echo ready; while :; do sleep 0.05; done")
	deaf.eventually("it has set its trap", func() bool { return strings.Contains(deaf.log(), "ready") })
	if _, _, err := deaf.ExecSync(t.Context(), deaf.id, []string{"kill", "1"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	deaf.eventually("it has heard, and gone on", func() bool { return strings.Contains(deaf.log(), " stdout F no\n") })
	began := time.Now()
	if err := deaf.StopContainer(t.Context(), deaf.id, 1); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("killed after %v, before its grace was over", took)
	}
	if s := deaf.status(); s.GetExitCode() != 137 {
		t.Errorf("the deaf one ended with %v", s)
	}
}

// A program that has only just been started is process 1 already, which a signal that it does not
// handle does not end.
func TestStopAtTheVeryBeginning(t *testing.T) {
	p := newNode(t).runPod("p")
	var containers []*container
	var stops sync.WaitGroup
	for range 5 {
		c := p.create("busybox:1.36", "sleep", "3600")
		containers = append(containers, c)
		c.begin()
		stops.Go(func() {
			// Its beginning may take as long as its grace.
			if err := c.StopContainer(t.Context(), c.id, 10); err != nil {
				t.Error(err)
			}
		})
	}
	stops.Wait()
	for _, c := range containers {
		if s := c.status(); s.GetExitCode() != 137 {
			t.Errorf("it ended with %v", s)
		}
	}
}

func TestKillOverTheControlSocket(t *testing.T) {
	n := newNode(t)
	c := n.runPod("p").shell("trap 'echo caught' TERM; echo ready; while :; do sleep 0.05; done")
	other := n.runPod("other").shell("sleep 3600")
	c.eventually("it has set its trap", func() bool { return strings.Contains(c.log(), "ready") })
	if err := runtime.Kill(t.Context(), n.control(), c.id); err != nil {
		t.Fatal(err)
	}
	if s := c.status(); s.GetState() != runtimeapi.ContainerState_CONTAINER_EXITED || s.GetExitCode() != 137 || s.GetReason() != "Error" || strings.Contains(c.log(), "caught") {
		t.Errorf("it ended with %v and wrote %s", s, c.log())
	}
	for _, nobody := range []string{strings.Repeat("0", 64), ""} {
		if err := runtime.Kill(t.Context(), n.control(), nobody); err == nil || !strings.Contains(err.Error(), "not found") {
			t.Errorf("kill container %q: %v", nobody, err)
		}
	}
	if !other.running() {
		t.Error("another container was killed")
	}
	if err := runtime.Kill(t.Context(), n.control()+".not", c.id); err == nil || !strings.Contains(err.Error(), "reach the node") {
		t.Errorf("kill on a node that is not there: %v", err)
	}
}

func TestAContainerSeesWhatItIsGiven(t *testing.T) {
	t.Setenv("LEARN_SECRET_OF_THE_HOST", "x")
	p := newNode(t).runPod("web")
	file := filepath.Join(p.dir, "greeting")
	if err := os.WriteFile(file, []byte("hello from a volume\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := p.createAs(&runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, LogPath: "c.log", WorkingDir: "/tmp", Image: &runtimeapi.ImageSpec{Image: "busybox:1.36"},
		Command: []string{"sh", "-c"}, Args: []string{"env; pwd; cat /mnt/greeting; echo no >/mnt/greeting; echo wrote $?; ls " + p.dir},
		Envs:   []*runtimeapi.KeyValue{{Key: "COLOUR", Value: []byte("blue")}},
		Mounts: []*runtimeapi.Mount{{ContainerPath: "/mnt/greeting", HostPath: file, Readonly: true}},
	})
	c.begin()
	c.ended()
	log := c.log()
	for _, want := range []string{" F COLOUR=blue\n", " F HOSTNAME=web\n", " F /tmp\n", " F hello from a volume\n", " F wrote 1\n", "No such file or directory"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in\n%s", want, log)
		}
	}
	if strings.Contains(log, "LEARN_SECRET") {
		t.Errorf("the host's environment is seen:\n%s", log)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "hello from a volume\n" {
		t.Errorf("a read-only volume now has %q, %v", b, err)
	}
}

// A container that takes more memory than its limit ends as the kernel would end it.
func TestAContainerOverItsMemoryLimitIsKilled(t *testing.T) {
	p := newNode(t).runPod("p")
	c := p.createAs(&runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: "c"}, LogPath: "c.log", Image: &runtimeapi.ImageSpec{Image: "busybox:1.36"},
		Command: []string{"sleep", "3600"},
		Linux:   &runtimeapi.LinuxContainerConfig{Resources: &runtimeapi.LinuxContainerResources{MemoryLimitInBytes: 1 << 10}},
	})
	c.begin()
	if s := c.ended(); s.GetExitCode() != 137 || s.GetReason() != "OOMKilled" {
		t.Errorf("it ended with %v", s)
	}
}

func TestContainersAreListedByWhatIsAsked(t *testing.T) {
	n := newNode(t)
	a, b := n.runPod("a"), n.runPod("b")
	done, on := a.shell("exit 0"), b.shell("sleep 3600")
	done.ended()
	for name, tc := range map[string]struct {
		filter *runtimeapi.ContainerFilter
		want   string
	}{
		"all, newest first": {nil, on.id + " " + done.id},
		"of a Pod":          {&runtimeapi.ContainerFilter{PodSandboxId: a.id}, done.id},
		"running":           {&runtimeapi.ContainerFilter{State: &runtimeapi.ContainerStateValue{State: runtimeapi.ContainerState_CONTAINER_RUNNING}}, on.id},
		"by ID":             {&runtimeapi.ContainerFilter{Id: done.id}, done.id},
	} {
		list, err := n.ListContainers(t.Context(), tc.filter)
		var ids []string
		for _, c := range list {
			ids = append(ids, c.GetId())
		}
		if got := strings.Join(ids, " "); err != nil || got != tc.want {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, tc.want)
		}
	}
}
