package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: nginx:1.29
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
`

const client = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: busybox, image: "busybox:1.36", command: [sh, -c, "sleep 1d"]}]
`

func (s space) waitReady(t *testing.T, what string) {
	t.Helper()
	s.kubectl(t, "wait", "--for=condition=Ready", what, "--timeout=60s")
}

// TestServiceSpreads reaches every Pod behind a Service, by name and by address, from another Pod.
func TestServiceSpreads(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, web)
	s.apply(t, client)
	s.rollout(t, "web")
	s.serves(t, "web", 3)
	s.waitReady(t, "pod/client")
	ip := strings.TrimSpace(s.kubectl(t, "get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"))
	for _, host := range []string{"web", "web." + s.name, "web." + s.name + ".svc.cluster.local", ip} {
		s.says(t, "client", "Welcome to nginx!", "wget", "-qO-", "http://"+host+"/")
	}
	s.kubectl(t, "exec", "client", "--", "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do wget -qO- http://web/hello >/dev/null 2>&1; done; true")
	pods := strings.Fields(s.kubectl(t, "get", "pods", "-l", "app=web", "-o", "name"))
	for _, p := range pods {
		// A readiness probe asks for /, the client asked for /hello.
		if !strings.Contains(s.kubectl(t, "logs", p), "GET /hello") {
			t.Errorf("%s had none of 30 requests", p)
		}
	}
	if len(pods) != 3 {
		t.Errorf("%d Pods, want 3", len(pods))
	}
}

// TestConfigReachesProgram mounts a ConfigMap, a Secret and the downward API, and serves from them.
func TestConfigReachesProgram(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: ConfigMap
metadata: {name: page}
data: {index.html: "hello from a ConfigMap\n", COLOUR: green}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {token: open-sesame}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  initContainers:
  - {name: prepare, image: "busybox:1.37", command: [sh, -c, "echo prepared > /work/note"], volumeMounts: [{name: work, mountPath: /work}]}
  containers:
  - name: nginx
    image: nginx:1.29
    envFrom: [{configMapRef: {name: page}}]
    env:
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: key, key: token}}}
    readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}
    volumeMounts:
    - {name: page, mountPath: /usr/share/nginx/html}
    - {name: key, mountPath: /etc/key, readOnly: true}
    - {name: labels, mountPath: /etc/labels}
    - {name: work, mountPath: /work}
  volumes:
  - {name: page, configMap: {name: page}}
  - {name: key, secret: {secretName: key}}
  - {name: labels, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
  - {name: work, emptyDir: {}}
`)
	s.waitReady(t, "pod/web")
	for command, want := range map[string]string{
		"curl -s http://localhost/":  "hello from a ConfigMap",
		"cat /etc/key/token":         "open-sesame",
		"cat /etc/labels/labels":     `app="web"`,
		"cat /work/note":             "prepared",
		"env":                        "TOKEN=open-sesame",
		"sh -c 'echo $COLOUR $NODE'": "green worker-",
		"hostname":                   "web",
		"cat /var/run/secrets/kubernetes.io/serviceaccount/namespace": s.name,
	} {
		argv := append([]string{"exec", "web", "-c", "nginx", "--"}, split(command)...)
		if out := s.kubectl(t, argv...); !strings.Contains(out, want) {
			t.Errorf("%s printed %q, want %q in it", command, out, want)
		}
	}
	// What the learner has, a Pod must not see.
	if out := s.kubectl(t, "exec", "web", "-c", "nginx", "--", "env"); strings.Contains(out, s.home) || strings.Contains(out, "KUBECONFIG") {
		t.Errorf("the host's environment is in the container's:\n%s", out)
	}
	if out, err := s.try("exec", "web", "-c", "nginx", "--", "cat", s.home+"/clusters/learn/kubeconfig"); err == nil {
		t.Errorf("a container read the learner's credentials: %s", out)
	}
	// A ConfigMap that changes reaches the Pod.
	s.kubectl(t, "create", "configmap", "other", "--from-literal=x=y")
	s.kubectl(t, "patch", "configmap", "page", "-p", `{"data":{"index.html":"changed\n"}}`)
	within(t, 2*time.Minute, "the changed ConfigMap in the Pod", func() bool {
		out, err := s.try("exec", "web", "-c", "nginx", "--", "curl", "-s", "http://localhost/")
		return err == nil && strings.Contains(out, "changed")
	})
}

// split splits a command at spaces, except within single quotes.
func split(command string) (argv []string) {
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(command, -1) {
		argv = append(argv, m[1]+m[2])
	}
	return argv
}

// TestRestarts shows what the kubelet does with containers that end: a new start, back-off, previous logs.
func TestRestarts(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: crash}
spec:
  containers: [{name: c, image: "busybox:1.37", command: [sh, -c, "echo out; echo err >&2; exit 3"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: wrong}
spec:
  containers: [{name: c, image: "busybox:1.37", command: [no-such-command]}]
---
apiVersion: v1
kind: Pod
metadata: {name: typo}
spec:
  containers: [{name: c, image: "ngnix:1.29"}]
`)
	eventually(t, "a restart and back-off", func() bool {
		out, _ := s.try("get", "pod", "crash")
		return strings.Contains(out, "CrashLoopBackOff")
	})
	// Which of two streams is read first is nobody's promise.
	if out := s.kubectl(t, "logs", "crash", "--previous"); len(out) != len("out\nerr\n") || !strings.Contains(out, "out\n") || !strings.Contains(out, "err\n") {
		t.Errorf("previous log is %q", out)
	}
	if out := s.kubectl(t, "get", "pod", "crash", "-o", "jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}"); out != "3" {
		t.Errorf("exit code %s, want 3", out)
	}
	eventually(t, "the error of a command that is not there", func() bool {
		out, _ := s.try("describe", "pod", "wrong")
		return strings.Contains(out, `exec: "no-such-command": executable file not found in $PATH`)
	})
	eventually(t, "the error of an image that is not there", func() bool {
		out, _ := s.try("describe", "pod", "typo")
		return strings.Contains(out, "ErrImagePull") && strings.Contains(out, "nginx")
	})
}

// TestProbes has a liveness probe of each kind fail, and a readiness probe take a Pod out of its Service.
func TestProbes(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: exec, labels: {app: probed}}
spec:
  containers:
  - name: c
    image: nginx:1.29
    livenessProbe: {exec: {command: [cat, /usr/share/nginx/html/index.html]}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: http, labels: {app: probed}}
spec:
  containers:
  - name: c
    image: nginx:1.29
    startupProbe: {tcpSocket: {port: 80}, periodSeconds: 1, failureThreshold: 60}
    livenessProbe: {httpGet: {path: /index.html, port: 80}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: tcp, labels: {app: probed}}
spec:
  containers:
  - name: c
    image: busybox:1.37
    command: [sh, -c, "touch /on; while [ -e /on ]; do nc -l -p 7000 </dev/null >/dev/null; done; sleep 1d"]
    startupProbe: {tcpSocket: {port: 7000}, periodSeconds: 1, failureThreshold: 30}
    livenessProbe: {tcpSocket: {port: 7000}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 2}
  terminationGracePeriodSeconds: 0
---
apiVersion: v1
kind: Pod
metadata: {name: ready, labels: {app: ready}}
spec:
  containers:
  - name: c
    image: nginx:1.29
    readinessProbe: {httpGet: {path: /index.html, port: 80}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1}
---
apiVersion: v1
kind: Service
metadata: {name: ready}
spec: {selector: {app: ready}, ports: [{port: 80}]}
`)
	for _, p := range []string{"exec", "http", "ready", "tcp"} {
		s.waitReady(t, "pod/"+p)
	}
	for pod, file := range map[string]string{"exec": "/usr/share/nginx/html/index.html", "http": "/usr/share/nginx/html/index.html", "ready": "/usr/share/nginx/html/index.html", "tcp": "/on"} {
		s.says(t, pod, "", "rm", file)
	}
	for _, p := range []string{"exec", "http", "tcp"} {
		eventually(t, p+" restarted by its liveness probe", func() bool {
			out, _ := s.try("get", "pod", p, "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
			return out != "0" && out != ""
		})
	}
	eventually(t, "no endpoint that is ready", func() bool {
		out, _ := s.try("get", "endpointslices", "-l", "kubernetes.io/service-name=ready", "-o", "jsonpath={.items[*].endpoints[*].conditions.ready}")
		return out == "false"
	})
	if out := s.kubectl(t, "get", "pod", "ready", "-o", "jsonpath={.status.containerStatuses[0].restartCount}"); out != "0" {
		t.Errorf("a readiness probe restarted its container %s times", out)
	}
}

// TestTermination gives a program its grace period: one that listens to SIGTERM ends at once, one
// that does not is killed when the time is over.
func TestTermination(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: listens}
spec:
  terminationGracePeriodSeconds: 30
  containers: [{name: c, image: "nginx:1.29"}]
---
apiVersion: v1
kind: Pod
metadata: {name: deaf}
spec:
  terminationGracePeriodSeconds: 4
  containers: [{name: c, image: "busybox:1.37", command: [sleep, 1d]}]
`)
	s.waitReady(t, "pod/listens")
	s.waitReady(t, "pod/deaf")
	start := time.Now()
	s.kubectl(t, "delete", "pod", "listens")
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("a program that listens to SIGTERM took %v of its 30 s", d)
	}
	start = time.Now()
	s.kubectl(t, "delete", "pod", "deaf")
	if d := time.Since(start); d < 4*time.Second {
		t.Errorf("a program that is deaf to SIGTERM was gone after %v of its 4 s", d)
	}
}

// TestLogs follows, and asks for times and a part.
func TestLogs(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: counts}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: "busybox:1.37", command: [sh, -c, "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.2; done"]}]
`)
	s.waitReady(t, "pod/counts")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, s.args([]string{"logs", "-f", "counts"})...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 1; i <= 10 && lines.Scan(); i++ {
		if want := fmt.Sprint("line ", i); lines.Text() != want {
			t.Fatalf("read %q, want %q", lines.Text(), want)
		}
	}
	cancel()
	_ = cmd.Wait()
	if out := s.kubectl(t, "logs", "counts", "--tail=2"); strings.Count(out, "\n") != 2 {
		t.Errorf("--tail=2 gave %q", out)
	}
	if out := s.kubectl(t, "logs", "counts", "--timestamps", "--tail=1"); !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\S+ line \d+\n$`).MatchString(out) {
		t.Errorf("--timestamps gave %q", out)
	}
	eventually(t, "some of the log with --since=1s, and not all", func() bool {
		recent, err := s.try("logs", "counts", "--since=1s")
		all, _ := s.try("logs", "counts")
		return err == nil && 0 < len(recent) && len(recent) < len(all)
	})
}

// TestPortForward reaches a Pod and a Service from the learner's machine, and a node port too.
func TestPortForward(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, web)
	s.rollout(t, "web")
	for _, target := range []string{"service/web", "deployment/web"} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		cmd := s.command(ctx, s.args([]string{"port-forward", target, ":80"})...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		port := regexp.MustCompile(`127\.0\.0\.1:(\d+)`).FindStringSubmatch(line)
		if port == nil {
			t.Fatalf("port-forward printed %q", line)
		}
		for range 3 {
			get(t, "http://127.0.0.1:"+port[1]+"/", "Welcome to nginx!")
		}
		cancel()
		_ = cmd.Wait()
	}
	s.kubectl(t, "patch", "service", "web", "-p", `{"spec":{"type":"NodePort"}}`)
	port := s.kubectl(t, "get", "service", "web", "-o", "jsonpath={.spec.ports[0].nodePort}")
	eventually(t, "an answer at the node port", func() bool {
		resp, err := http.Get("http://127.0.0.1:" + port + "/")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func get(t *testing.T, url, want string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(b), want) {
		t.Fatalf("%s answered %q (%v), want %q in it", url, b, err, want)
	}
}

// TestRolloutAndScale changes a version, takes it back, and scales, while a client counts what is lost.
func TestRolloutAndScale(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, web)
	s.rollout(t, "web")
	s.kubectl(t, "set", "image", "deployment/web", "nginx=nginx:1.28")
	s.rollout(t, "web")
	pod := strings.Fields(s.kubectl(t, "get", "pods", "-l", "app=web", "-o", "go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}"))[0]
	if out := s.kubectl(t, "exec", pod, "--", "nginx", "-v"); !strings.Contains(out, "1.28") {
		t.Errorf("after the rollout: %s", out)
	}
	s.kubectl(t, "rollout", "undo", "deployment/web")
	s.rollout(t, "web")
	if out := s.kubectl(t, "get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"); out != "nginx:1.29" {
		t.Errorf("after the undo: %s", out)
	}
	s.kubectl(t, "scale", "deployment/web", "--replicas=6")
	s.rollout(t, "web")
	nodes := map[string]int{}
	for _, n := range strings.Fields(s.kubectl(t, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].spec.nodeName}")) {
		nodes[n]++
	}
	if len(nodes) < 2 || nodes["control-plane"] > 0 {
		t.Errorf("6 Pods are on %v", nodes)
	}
}

// TestExecAndAttach talks to a shell as `kubectl run -it` and `kubectl exec -i` do.
func TestExecAndAttach(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, client)
	s.waitReady(t, "pod/client")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, s.args([]string{"exec", "-i", "client", "--", "sh"})...)
	cmd.Stdin = strings.NewReader("cd /tmp\npwd\nexit 7\n")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if string(out) != "/tmp\n" || !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("exec -i sh printed %q and ended with %v, want /tmp and 7", out, err)
	}
	cmd = s.command(ctx, s.args([]string{"run", "once", "--image=busybox:1.37", "--rm", "-i", "--restart=Never", "--", "cat"})...)
	cmd.Stdin = strings.NewReader("there and back\n")
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "there and back") {
		t.Errorf("run -i printed %q and ended with %v", out, err)
	}
	if out := s.fails(t, 1, s.args([]string{"exec", "client", "--", "no-such-command"})...); !strings.Contains(out, "executable file not found in $PATH") {
		t.Errorf("exec of a command that is not there: %s", out)
	}
}
