package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// conversation is a command that is spoken with while it runs.
type conversation struct {
	in  io.WriteCloser
	out *bufio.Scanner
	end func() error
}

// converse starts a command; it is ended with the test.
func (s space) converse(t *testing.T, args ...string) conversation {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	cmd := s.command(ctx, s.args(args)...)
	in, out := startPiped(t, cmd)
	ended := make(chan error, 1)
	end := func() error {
		err := cmd.Wait()
		ended <- err
		return err
	}
	t.Cleanup(func() {
		cancel()
		if len(ended) == 0 {
			_ = end()
		}
	})
	return conversation{in, bufio.NewScanner(out), end}
}

// hears reads lines until one is as wanted.
func (c conversation) hears(t *testing.T, want string) {
	t.Helper()
	var before []string
	for c.out.Scan() {
		if c.out.Text() == want {
			return
		}
		before = append(before, c.out.Text())
	}
	t.Fatalf("it said %q and ended (%v), without %q", before, c.out.Err(), want)
}

// TestAttach speaks with a program that runs, and listens to another.
func TestAttach(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: reader}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: "busybox:1.37", stdin: true, stdinOnce: true, command: [sh, -c, "while read line; do echo got $line; done; echo no more; exit 3"]}
---
apiVersion: v1
kind: Pod
metadata: {name: talker}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: "busybox:1.37", command: [sh, -c, "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.2; done"]}
`)
	s.waitReady(t, "pod/reader")
	s.waitReady(t, "pod/talker")

	c := s.converse(t, "attach", "-i", "reader")
	for _, word := range []string{"one", "two"} {
		if _, err := io.WriteString(c.in, word+"\n"); err != nil {
			t.Fatal(err)
		}
		c.hears(t, "got "+word)
	}
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	c.hears(t, "no more")
	_ = c.end()
	eventually(t, "the end of a program whose input has ended", func() bool {
		out, _ := s.try("get", "pod", "reader", "-o", "jsonpath={.status.phase} {.status.containerStatuses[0].state.terminated.exitCode}")
		return out == "Failed 3"
	})
	if out := s.kubectl(t, "logs", "reader"); out != "got one\ngot two\nno more\n" {
		t.Errorf("its log is %q", out)
	}

	c = s.converse(t, "attach", "talker")
	if !c.out.Scan() || !strings.HasPrefix(c.out.Text(), "line ") {
		t.Fatalf("attach printed %q, %v", c.out.Text(), c.out.Err())
	}
	first := c.out.Text()
	if !c.out.Scan() || c.out.Text() == first || !strings.HasPrefix(c.out.Text(), "line ") {
		t.Errorf("after %q attach printed %q, %v", first, c.out.Text(), c.out.Err())
	}
	// Who only listens has not stopped it.
	if out := s.kubectl(t, "get", "pod", "talker", "-o", "jsonpath={.status.phase} {.status.containerStatuses[0].restartCount}"); out != "Running 0" {
		t.Errorf("the Pod is %s", out)
	}
	s.fails(t, 1, s.args([]string{"attach", "no-such-pod"})...)
}

// tree is what a folder holds: each file's content by its path, with slashes.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		found[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestCopy copies a file and a folder to a container and back.
func TestCopy(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, client)
	var all []byte // every byte, more than fits into a pipe
	for i := range 1 << 18 {
		all = append(all, byte(i), byte(i>>8))
	}
	dir := t.TempDir()
	files := map[string]string{"all": string(all), "empty": "", "with blank": "x\n", "a/b/deep": "deep\n", ".hidden": "h"}
	for name, content := range files {
		path := filepath.Join(dir, "up", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.waitReady(t, "pod/client")

	s.kubectl(t, "cp", filepath.Join(dir, "up", "all"), "client:/tmp/all")
	if out := s.kubectl(t, "exec", "client", "--", "wc", "-c", "/tmp/all"); out != "524288 /tmp/all\n" {
		t.Errorf("in the container it has %q", out)
	}
	s.kubectl(t, "cp", "client:/tmp/all", filepath.Join(dir, "back"))
	if b, err := os.ReadFile(filepath.Join(dir, "back")); err != nil || !bytes.Equal(b, all) {
		t.Errorf("%d bytes came back, not those %d that were sent (%v)", len(b), len(all), err)
	}

	s.kubectl(t, "cp", filepath.Join(dir, "up"), "client:/tmp/folder")
	if out := s.kubectl(t, "exec", "client", "--", "sh", "-c", "cd /tmp/folder; cat a/b/deep 'with blank' .hidden; find . -type f | wc -l"); out != "deep\nx\nh5\n" {
		t.Errorf("the folder in the container is %q", out)
	}
	s.kubectl(t, "exec", "client", "--", "sh", "-c", "echo theirs > /tmp/folder/a/made; rm /tmp/folder/empty")
	s.kubectl(t, "cp", "client:/tmp/folder", filepath.Join(dir, "down"))
	got := tree(t, filepath.Join(dir, "down"))
	delete(files, "empty")
	files["a/made"] = "theirs\n"
	if len(got) != len(files) {
		t.Errorf("%d files came back, want %d", len(got), len(files))
	}
	for name, content := range files {
		if got[name] != content {
			t.Errorf("%s came back with %d bytes, want %d", name, len(got[name]), len(content))
		}
	}
	// Where a command ends early the API server closes the connection at once. What kubectl is still sending then may cost it what
	// was answered, on any cluster: so little is sent, and once more if it was late.
	eventually(t, "the reason why nothing is copied into a folder that is not there", func() bool {
		out := s.fails(t, 1, s.args([]string{"cp", filepath.Join(dir, "up", "with blank"), "client:/no/such/file"})...)
		return strings.Contains(out, "can't change directory to '/no/such'")
	})
}

const debugged = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: "nginx:1.29", readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}}]
`

// TestDebug looks into a Pod with a container that comes later, and into a copy of it.
func TestDebug(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, debugged)
	s.waitReady(t, "pod/web")
	const script = "wget -qO- http://127.0.0.1/ | grep -c '<h1>'; ps"
	s.kubectl(t, "debug", "web", "--image=busybox:1.37", "--container=look", "--target=main", "--", "sh", "-c", script)
	s.kubectl(t, "debug", "web", "--image=busybox:1.37", "--container=blind", "--", "sh", "-c", script)
	for name, sees := range map[string]bool{"look": true, "blind": false} {
		eventually(t, "the end of "+name, func() bool {
			out, _ := s.try("get", "pod", "web", "-o", `jsonpath={.status.ephemeralContainerStatuses[?(@.name=="`+name+`")].state.terminated.reason}`)
			return out == "Completed"
		})
		out := s.kubectl(t, "logs", "web", "-c", name)
		if !strings.HasPrefix(out, "1\n") {
			t.Errorf("%s does not reach the web server of its Pod: %q", name, out)
		}
		if strings.Contains(out, "nginx: master process") != sees {
			t.Errorf("%s sees the processes of main, want %v:\n%s", name, sees, out)
		}
	}
	if out := s.kubectl(t, "get", "pod", "web", "-o", "jsonpath={.status.phase} {.status.containerStatuses[0].restartCount} {.spec.ephemeralContainers[0].targetContainerName}"); out != "Running 0 main" {
		t.Errorf("the Pod is %s", out)
	}

	s.kubectl(t, "debug", "web", "--copy-to=copy", "--share-processes", "--image=busybox:1.37", "--container=look", "--", "sleep", "1d")
	s.kubectl(t, "debug", "web", "--copy-to=other", "--set-image=main=httpd:2.4")
	s.kubectl(t, "debug", "web", "--copy-to=idle", "--container=main", "--", "sleep", "1d")
	for _, pod := range []string{"copy", "other", "idle"} {
		s.waitReady(t, "pod/"+pod)
	}
	if out := s.kubectl(t, "exec", "copy", "-c", "look", "--", "ps"); !strings.Contains(out, "nginx: master process") {
		t.Errorf("in the copy ps shows\n%s", out)
	}
	s.says(t, "copy", "Welcome to nginx!", "-c", "look", "--", "wget", "-qO-", "http://127.0.0.1/")
	ip := s.kubectl(t, "get", "pod", "other", "-o", "jsonpath={.status.podIP}")
	s.says(t, "copy", "It works!", "-c", "look", "--", "wget", "-qO-", "http://"+ip+"/")
	if out, err := s.try("exec", "idle", "--", "curl", "-s", "http://127.0.0.1/"); err == nil {
		t.Errorf("the copy with another command is a web server: %q", out)
	}
	// A copy in which somebody looks around is behind no Service of the Pod. One with another image is.
	if out := s.kubectl(t, "get", "pods", "-l", "app=web", "-o", "name"); out != "pod/other\npod/web\n" {
		t.Errorf("Pods with the label: %q", out)
	}
}

// TestSidecar has a Job whose Pod has a sidecar: it is there before the main container, and ends after it.
func TestSidecar(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 30
      initContainers:
      - name: first
        image: busybox:1.37
        command: [sh, -c, "echo first > /work/order"]
        volumeMounts: [{name: work, mountPath: /work}]
      - name: sidecar
        image: busybox:1.37
        restartPolicy: Always
        command: [sh, -c, "trap 'echo told to end; exit 0' TERM; sleep 2; echo sidecar >> /work/order; while true; do sleep 0.2; done"]
        startupProbe: {exec: {command: [grep, sidecar, /work/order]}, periodSeconds: 1, failureThreshold: 60}
        volumeMounts: [{name: work, mountPath: /work}]
      containers:
      - name: main
        image: busybox:1.37
        command: [sh, -c, "echo main >> /work/order; cat /work/order"]
        volumeMounts: [{name: work, mountPath: /work}]
      volumes: [{name: work, emptyDir: {}}]
`)
	s.kubectl(t, "wait", "--for=condition=Complete", "job/once", "--timeout=60s")
	if out := s.kubectl(t, "logs", "job/once", "-c", "main"); out != "first\nsidecar\nmain\n" {
		t.Errorf("the order is %q", out)
	}
	if out := s.kubectl(t, "logs", "job/once", "-c", "sidecar"); out != "told to end\n" {
		t.Errorf("the sidecar said %q", out)
	}
	const ended = `state.terminated`
	times := strings.Fields(s.kubectl(t, "get", "pods", "-l", "job-name=once", "-o", "jsonpath={.items[0].status.initContainerStatuses[1]."+ended+".startedAt} {.items[0].status.containerStatuses[0]."+ended+".startedAt} "+
		"{.items[0].status.containerStatuses[0]."+ended+".finishedAt} {.items[0].status.initContainerStatuses[1]."+ended+".finishedAt}"))
	// Times of one zone and one length; the sidecar's first 2 seconds are seen in them.
	if len(times) != 4 || !slices.IsSorted(times) || times[0] == times[1] {
		t.Errorf("sidecar begins, main begins, main ends, sidecar ends: %q", times)
	}
	if out := s.kubectl(t, "get", "pods", "-l", "job-name=once", "-o", "jsonpath={.items[*].status.phase} {.items[*].status.initContainerStatuses[1].restartCount} {.items[*].status.initContainerStatuses[1].state.terminated.exitCode}"); out != "Succeeded 0 0" {
		t.Errorf("the Pod is %s", out)
	}
}

// TestSidecarIsRestarted kills a sidecar of a Pod that goes on.
func TestSidecarIsRestarted(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: pair}
spec:
  terminationGracePeriodSeconds: 0
  initContainers:
  - {name: sidecar, image: "busybox:1.37", restartPolicy: Always, command: [sh, -c, "while [ ! -e /stop ]; do sleep 0.2; done"]}
  containers:
  - {name: main, image: "busybox:1.37", command: [sleep, 1d]}
`)
	s.waitReady(t, "pod/pair")
	s.kubectl(t, "exec", "pair", "-c", "sidecar", "--", "touch", "/stop")
	eventually(t, "another start of the sidecar", func() bool {
		out, _ := s.try("get", "pod", "pair", "-o", "jsonpath={.status.initContainerStatuses[0].restartCount} {.status.initContainerStatuses[0].ready} {.status.containerStatuses[0].restartCount} {.status.phase}")
		return out == "1 true 0 Running"
	})
}

// unhealthy waits for an event that says something of a Pod's probe.
func (s space) unhealthy(t *testing.T, pod, want string) {
	t.Helper()
	eventually(t, "an event of "+pod+": "+want, func() bool {
		out, _ := s.try("get", "events", "--field-selector", "reason=Unhealthy,involvedObject.name="+pod, "-o", "jsonpath={.items[*].message}")
		return strings.Contains(out, want)
	})
}

// TestGRPCProbes has a server that says it is not well restarted, and what is no gRPC server.
func TestGRPCProbes(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	const probed = `
apiVersion: v1
kind: Pod
metadata: {name: NAME}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: "IMAGE", livenessProbe: {grpc: {port: PORT}, periodSeconds: 1, failureThreshold: 1}}]
`
	probe := func(name, image, port string) {
		t.Helper()
		s.apply(t, strings.NewReplacer("NAME", name, "IMAGE", image, "PORT", port).Replace(probed))
	}
	restarted := func(pod string) bool {
		out, _ := s.try("get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
		return out != "0" && out != ""
	}
	// Nobody listens; a server that speaks HTTP/1.
	for pod, port := range map[string]string{"closed": "9000", "other": "80"} {
		probe(pod, "nginx:1.29", port)
		eventually(t, pod+" restarted by its probe", func() bool { return restarted(pod) })
		s.unhealthy(t, pod, `Liveness probe failed: timeout: failed to connect service "`)
	}
	if provider() != "sandbox" {
		return // an image that serves it is built for the sandbox only
	}
	s.run(t, "cluster", "build-image", "health:v1", filepath.Join("testdata", "health"), "--yes")
	s.apply(t, client)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: health}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: health:v1
    startupProbe: {grpc: {port: 8080}, periodSeconds: 1, failureThreshold: 60}
    livenessProbe: {grpc: {port: 8080}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 5}
    readinessProbe: {grpc: {port: 8080, service: ready}, periodSeconds: 1}
`)
	s.waitReady(t, "pod/health")
	s.waitReady(t, "pod/client")
	if restarted("health") {
		t.Error("a server that says it is well was restarted")
	}
	ip := s.kubectl(t, "get", "pod", "health", "-o", "jsonpath={.status.podIP}")
	s.kubectl(t, "exec", "client", "--", "wget", "-qO-", "http://"+ip+":8080/sick")
	eventually(t, "a server that is not well restarted", func() bool { return restarted("health") })
	s.unhealthy(t, "health", `Liveness probe failed: service unhealthy (responded with "NOT_SERVING")`)
	s.running(t, "health")
}

const hooks = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: traces}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: leaves}
spec:
  containers:
  - name: main
    image: nginx:1.29
    volumeMounts: [{name: traces, mountPath: /traces}]
    lifecycle: {preStop: {exec: {command: [sh, -c, "curl -s http://localhost/ | grep -c '<h1>' > /traces/bye; hostname >> /traces/bye"]}}}
  volumes: [{name: traces, persistentVolumeClaim: {claimName: traces}}]
---
apiVersion: v1
kind: Pod
metadata: {name: reads}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: busybox:1.37
    command: [sleep, 1d]
    volumeMounts: [{name: traces, mountPath: /traces}]
  volumes: [{name: traces, persistentVolumeClaim: {claimName: traces}}]
---
apiVersion: v1
kind: Pod
metadata: {name: both}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: main
    image: busybox:1.37
    command: [sh, -c, "touch /tmp/well; sleep 1d & wait"]
    volumeMounts: [{name: work, mountPath: /work}]
    startupProbe: {exec: {command: [cat, /tmp/well]}, periodSeconds: 1, failureThreshold: 60}
    livenessProbe: {exec: {command: [cat, /tmp/well]}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1}
    lifecycle:
      postStart: {exec: {command: [sh, -c, "echo begin >> /work/trace"]}}
      preStop: {exec: {command: [sh, -c, "echo end >> /work/trace"]}}
  - name: beside
    image: busybox:1.37
    command: [sleep, 1d]
    volumeMounts: [{name: work, mountPath: /work}]
  volumes: [{name: work, emptyDir: {}}]
`

// TestHooks has hooks that leave traces: on a volume that outlives the Pod, on one that outlives the
// container, and in the log of a web server.
func TestHooks(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, hooks)
	s.apply(t, debugged)
	for _, pod := range []string{"leaves", "reads", "both", "web"} {
		s.waitReady(t, "pod/"+pod)
	}
	// The hook runs before the program is told to end.
	s.kubectl(t, "delete", "pod", "leaves")
	if out := s.kubectl(t, "exec", "reads", "--", "cat", "/traces/bye"); out != "1\nleaves\n" {
		t.Errorf("the hook left %q", out)
	}

	s.kubectl(t, "exec", "both", "-c", "main", "--", "rm", "/tmp/well")
	eventually(t, "the hooks of a container that is restarted", func() bool {
		out, _ := s.try("exec", "both", "-c", "beside", "--", "cat", "/work/trace")
		return strings.HasPrefix(out, "begin\nend\nbegin\n")
	})

	ip := s.kubectl(t, "get", "pod", "web", "-o", "jsonpath={.status.podIP}")
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: asks}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: busybox:1.37
    command: [sleep, 1d]
    lifecycle: {postStart: {httpGet: {host: `+ip+`, port: 80, path: "/?asked-by=hook"}}}
---
apiVersion: v1
kind: Pod
metadata: {name: refused}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: busybox:1.37
    command: [sleep, 1d]
    lifecycle: {postStart: {httpGet: {host: `+ip+`, port: 81}}}
`)
	s.waitReady(t, "pod/asks")
	if out := s.kubectl(t, "logs", "web"); strings.Count(out, `"GET /?asked-by=hook HTTP/1.1" 200`) != 1 || !strings.Contains(out, "kube-lifecycle/") {
		t.Errorf("the web server's log is\n%s", out)
	}
	eventually(t, "the event of a hook that failed", func() bool {
		out, _ := s.try("get", "events", "--field-selector", "reason=FailedPostStartHook,involvedObject.name=refused", "-o", "jsonpath={.items[*].message}")
		return out != ""
	})
}

// TestSleepHook keeps a Pod for as long as its hook sleeps, within its grace period.
func TestSleepHook(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	for pod, sleep := range map[string]string{"short": "4", "long": "80"} {
		s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: `+pod+`}
spec:
  terminationGracePeriodSeconds: 90
  containers: [{name: main, image: "nginx:1.29", lifecycle: {preStop: {sleep: {seconds: `+sleep+`}}}}]
`)
	}
	s.waitReady(t, "pod/short")
	s.waitReady(t, "pod/long")
	start := time.Now()
	s.kubectl(t, "delete", "pod", "short")
	if d := time.Since(start); d < 4*time.Second || d > 60*time.Second {
		t.Errorf("a hook sleeps 4 of 90 s, and the Pod was gone after %v", d)
	}
	start = time.Now()
	s.kubectl(t, "delete", "pod", "long", "--grace-period=3")
	if d := time.Since(start); d < 3*time.Second || d > 60*time.Second {
		t.Errorf("a hook would sleep 80 s, the grace period is 3 s, and the Pod was gone after %v", d)
	}
	if out, err := s.try("run", "longer", "--image=nginx:1.29", `--overrides={"spec": {"terminationGracePeriodSeconds": 5, "containers": [{"name": "longer", "image": "nginx:1.29", "lifecycle": {"preStop": {"sleep": {"seconds": 6}}}}]}}`); err == nil || !strings.Contains(out, "less than") {
		t.Errorf("a hook that sleeps longer than the grace period: %s", out)
	}
}

// tick is a CronJob that is not due for a while, or each minute.
func (s space) tick(t *testing.T, schedule string) {
	t.Helper()
	s.kubectl(t, "create", "cronjob", "tick", "--image=busybox:1.37", "--schedule="+schedule, "--", "echo", "tick")
}

// TestCronJobByHand makes a Job of a CronJob that is not due.
func TestCronJobByHand(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.tick(t, "0 0 1 1 *")
	s.kubectl(t, "create", "job", "by-hand", "--from=cronjob/tick")
	s.kubectl(t, "wait", "--for=condition=Complete", "job/by-hand", "--timeout=60s")
	if out := s.kubectl(t, "logs", "job/by-hand"); out != "tick\n" {
		t.Errorf("it printed %q", out)
	}
	if out := s.kubectl(t, "get", "job", "by-hand", "-o", "jsonpath={.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name} {.metadata.annotations}"); !strings.Contains(out, "CronJob/tick") || !strings.Contains(out, `"cronjob.kubernetes.io/instantiate":"manual"`) {
		t.Errorf("its owner is %s", out)
	}
	s.kubectl(t, "delete", "cronjob", "tick")
	eventually(t, "the Job and its Pod to go with the CronJob", func() bool {
		out, err := s.try("get", "jobs,pods", "-o", "name")
		return err == nil && out == ""
	})
}

// TestSlowCronJob waits until a CronJob is due.
func TestSlowCronJob(t *testing.T) {
	slow(t)
	t.Parallel()
	s := newSpace(t)
	s.tick(t, "* * * * *")
	var job string
	within(t, 150*time.Second, "a Job that is complete", func() bool {
		out, _ := s.try("get", "jobs", "-o", "jsonpath={.items[0].metadata.name} {.items[0].status.succeeded}")
		name, ok := strings.CutSuffix(out, " 1")
		job = name
		return ok
	})
	if out := s.kubectl(t, "logs", "job/"+job); out != "tick\n" {
		t.Errorf("it printed %q", out)
	}
	if out := s.kubectl(t, "get", "cronjob", "tick", "-o", "jsonpath={.status.lastScheduleTime}"); !strings.HasSuffix(out, ":00Z") {
		t.Errorf("it was last due at %q", out)
	}
}

// TestDaemonSet has a Pod on each node that takes Pods, and on the control plane's when it tolerates that.
func TestDaemonSet(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: c, image: "busybox:1.37", command: [sleep, 1d]}]
`)
	const onControlPlane = "node-role.kubernetes.io/control-plane"
	sorted := func(args ...string) []string {
		out := strings.Fields(s.kubectl(t, args...))
		slices.Sort(out)
		return out
	}
	compare := func(nodes []string) {
		t.Helper()
		s.kubectl(t, "rollout", "status", "daemonset/agent", "--timeout=60s")
		if got := sorted("get", "pods", "-l", "app=agent", "--field-selector=status.phase=Running", "-o", "jsonpath={.items[*].spec.nodeName}"); !slices.Equal(got, nodes) || len(nodes) < 2 {
			t.Errorf("its Pods are on %q, want %q", got, nodes)
		}
	}
	compare(sorted("get", "nodes", "-l", "!"+onControlPlane, "-o", "jsonpath={.items[*].metadata.name}"))
	s.kubectl(t, "patch", "daemonset", "agent", "-p", `{"spec":{"template":{"spec":{"tolerations":[{"key":"`+onControlPlane+`","operator":"Exists"}]}}}}`)
	compare(sorted("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"))
}

// TestCustomResource teaches the API server a kind, and takes it back.
func TestCustomResource(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	const crd = "lamps.features.example.com"
	t.Cleanup(func() { _, _ = s.try("delete", "crd", crd, "--ignore-not-found") })
	s.apply(t, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: `+crd+`}
spec:
  group: features.example.com
  scope: Namespaced
  names: {kind: Lamp, plural: lamps, singular: lamp, shortNames: [lp]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {scale: {specReplicasPath: .spec.bulbs, statusReplicasPath: .status.bulbs}}
    additionalPrinterColumns: [{name: Colour, type: string, jsonPath: .spec.colour}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [colour]
            properties:
              colour: {type: string, enum: [red, green]}
              bulbs: {type: integer, minimum: 0, default: 1}
          status:
            type: object
            properties: {bulbs: {type: integer}}
`)
	s.kubectl(t, "wait", "--for=condition=Established", "crd/"+crd, "--timeout=60s")
	lamp := func(name, colour string) string {
		return "apiVersion: features.example.com/v1\nkind: Lamp\nmetadata: {name: " + name + "}\nspec: {colour: " + colour + "}\n"
	}
	eventually(t, "the new kind among those that there are", func() bool {
		_, err := s.try("get", "lamps")
		return err == nil
	})
	s.apply(t, lamp("hall", "green"))
	if out := s.kubectl(t, "get", "lp", "--no-headers"); strings.Join(strings.Fields(out), " ") != "hall green" {
		t.Errorf("the table is %q", out)
	}
	s.kubectl(t, "scale", "lamp/hall", "--replicas=3")
	if out := s.kubectl(t, "get", "lamp", "hall", "-o", "jsonpath={.spec.bulbs} {.kind}"); out != "3 Lamp" {
		t.Errorf("after scale it is %q", out)
	}
	eventually(t, "the colours that it may have, explained", func() bool { // the API's documentation is gathered from time to time
		out, err := s.try("explain", "lamp.spec.colour")
		return err == nil && strings.Contains(out, "red")
	})
	file := filepath.Join(t.TempDir(), "lamp.yaml")
	if err := os.WriteFile(file, []byte(lamp("attic", "blue")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := s.fails(t, 1, s.args([]string{"apply", "-f", file})...); !strings.Contains(out, `Unsupported value: "blue"`) {
		t.Errorf("a colour that is not among them: %s", out)
	}
	s.kubectl(t, "delete", "lamp", "hall")
	if out := s.kubectl(t, "get", "lamps", "-o", "name"); out != "" {
		t.Errorf("after delete there is %q", out)
	}
	s.kubectl(t, "delete", "crd", crd)
	eventually(t, "the kind to be forgotten", func() bool {
		out, err := s.try("get", "lamps")
		// Which of them depends on what kubectl remembers of the API server.
		return err != nil && (strings.Contains(out, "the server doesn't have a resource type") || strings.Contains(out, "the server could not find the requested resource"))
	})
}
