package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const native = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: mine}
spec:
  replicas: 3
  selector: {matchLabels: {app: mine}}
  template:
    metadata: {labels: {app: mine}}
    spec:
      containers:
      - name: mine
        image: mine:v1
        env: [{name: GREETING, value: good day}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: mine}
spec:
  selector: {app: mine}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: echo, port: 81, protocol: UDP, targetPort: 8081}]
`

// TestImageOfALearnersProgram builds a web server that knows nothing of practice clusters, runs three
// of it behind a Service, and kills one.
func TestImageOfALearnersProgram(t *testing.T) {
	t.Parallel()
	if provider() != "sandbox" {
		t.Skip("images of real clusters are built with docker")
	}
	source := filepath.Join("..", "pkg", "sandbox", "native", "testdata", "web")
	if out := shared.fails(t, 2, "cluster", "build-image", "mine:v1", source); !strings.Contains(out, "nothing locks it in") || !strings.Contains(out, "--yes") {
		t.Errorf("without consent: %s", out)
	}
	if out := shared.fails(t, 2, "cluster", "build-image", "nginx:mine", source, "--yes"); !strings.Contains(out, "of its own") {
		t.Errorf("in the place of a built-in image: %s", out)
	}
	if out := shared.run(t, "cluster", "build-image", "mine:v1", source, "--yes", "-o", "name"); !strings.Contains(out, "image/mine:v1") {
		t.Errorf("the name of what was built: %s", out)
	}
	s := newSpace(t)
	s.apply(t, native)
	s.apply(t, client)
	s.rollout(t, "mine")
	s.waitReady(t, "pod/client")
	s.says(t, "client", "hello from mine-", "wget", "-qO-", "http://mine/")
	s.says(t, "client", "good day", "wget", "-qO-", "http://mine/")
	// They are processes of the machine that are missed when they outlive the cluster.
	if running := processes(s.home); !slices.ContainsFunc(running, func(p string) bool { return strings.Contains(p, " /mine (") }) {
		t.Errorf("none of the program's processes is found among\n%s", strings.Join(running, "\n"))
	}
	pod := strings.Fields(s.kubectl(t, "get", "pods", "-l", "app=mine", "-o", "jsonpath={.items[*].metadata.name}"))[0]
	for _, tt := range []struct{ args, want string }{
		{"env", "GREETING=good day"},
		{"get http://mine/", "hello from mine-"},
		{"lookup kubernetes.default", "10.96.0.1"},
		{"udp mine:81", "echo ping from 10.244."},
		{"cat /var/run/secrets/kubernetes.io/serviceaccount/namespace", s.name},
	} {
		args := append([]string{"exec", pod, "--", "/mine"}, strings.Fields(tt.args)...)
		if out := s.kubectl(t, args...); !strings.Contains(out, tt.want) {
			t.Errorf("%s in the Pod: %q, want %q", tt.args, out, tt.want)
		}
	}
	s.kubectl(t, "delete", "pod", pod)
	eventually(t, "three Pods without the one that was deleted", func() bool {
		out, _ := s.try("get", "pods", "-l", "app=mine", "-o", "name")
		return !strings.Contains(out, pod) && len(strings.Fields(out)) == 3
	})
	s.rollout(t, "mine")
}
