package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTop asks what nodes, Pods and containers use.
func TestTop(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, client)
	s.waitReady(t, "pod/client")
	figures := regexp.MustCompile(`client +busybox +\d+m +\d+Mi`)
	eventually(t, "figures of a new Pod", func() bool {
		out, err := s.try("top", "pod", "--containers")
		return err == nil && figures.MatchString(out)
	})
	nodes := regexp.MustCompile(`control-plane +\d+m +\d+% +\d+Mi +\d+%`)
	eventually(t, "figures of all nodes", func() bool {
		out, err := s.try("top", "node")
		return err == nil && nodes.MatchString(out) && !strings.Contains(out, "unknown")
	})
	if out := s.kubectl(t, "get", "apiservice", "v1beta1.metrics.k8s.io"); !strings.Contains(out, "True") {
		t.Errorf("the API of figures is not available:\n%s", out)
	}
	if out := s.kubectl(t, "get", "pods.metrics.k8s.io"); !strings.Contains(out, "client") {
		t.Errorf("the table of PodMetrics is\n%s", out)
	}
}

// TestSlowAutoscaling has a Deployment grow while one of its Pods works, and shrink when that is over.
func TestSlowAutoscaling(t *testing.T) {
	slow(t)
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: work}
spec:
  selector: {matchLabels: {app: work}}
  template:
    metadata: {labels: {app: work}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: work
        image: busybox:1.37
        command: [sh, -c, "while true; do i=0; while [ -e /busy ] && [ $i -lt 1000 ]; do i=$((i+1)); done; [ -e /busy ] || sleep 1; done"]
        resources: {requests: {cpu: 50m}}
`)
	s.rollout(t, "work")
	s.kubectl(t, "autoscale", "deployment", "work", "--min=1", "--max=3", "--cpu=50%")
	pod := strings.TrimSpace(s.kubectl(t, "get", "pods", "-l", "app=work", "-o", "name"))
	s.kubectl(t, "exec", pod, "--", "touch", "/busy")
	t.Cleanup(func() { _, _ = s.try("exec", pod, "--", "rm", "-f", "/busy") })
	replicas := func(want string) func() bool {
		return func() bool {
			out, err := s.try("get", "deployment", "work", "-o", "jsonpath={.spec.replicas}")
			return err == nil && out == want
		}
	}
	within(t, 2*time.Minute, "3 replicas under load", replicas("3"))
	s.kubectl(t, "exec", pod, "--", "rm", "/busy")
	within(t, 3*time.Minute, "1 replica without load", replicas("1"))
}

// hungry takes memory in bounds when it is told to, about 60 MB and what a shell needs to hold them.
const hungry = `while [ ! -e /eat ]; do sleep 0.2; done; a=$(yes 123456789 | head -c 60000000); sleep 1d`

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: hungry}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: busybox:1.37
    command: [sh, -c, '`+hungry+`']
    resources: {limits: {memory: 32Mi}}
`)
	s.waitReady(t, "pod/hungry")
	s.kubectl(t, "exec", "hungry", "--", "touch", "/eat")
	eventually(t, "the container killed and started again", func() bool {
		out, _ := s.try("get", "pod", "hungry", "-o", "jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].lastState.terminated.reason} {.status.containerStatuses[0].lastState.terminated.exitCode} {.status.phase}")
		return out == "1 OOMKilled 137 Running"
	})
}

// TestResize changes what a container may use while it runs.
func TestResize(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: sized}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: busybox:1.37
    command: [sleep, 1d]
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 64Mi}}
    env:
    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}
    volumeMounts: [{name: info, mountPath: /info}]
  volumes:
  - name: info
    downwardAPI: {items: [{path: memory, resourceFieldRef: {containerName: c, resource: limits.memory, divisor: 1Mi}}]}
`)
	s.waitReady(t, "pod/sized")
	if out := s.kubectl(t, "get", "pod", "sized", "-o", "jsonpath={.status.qosClass}"); out != "Burstable" {
		t.Errorf("its QoS class is %s", out)
	}
	for command, want := range map[string]string{
		"sh -c 'echo $CPU'":             "200\n",
		"cat /info/memory":              "64",
		"cat /sys/fs/cgroup/cpu.max":    "20000 100000\n",
		"cat /sys/fs/cgroup/memory.max": "67108864\n",
	} {
		if out := s.kubectl(t, append([]string{"exec", "sized", "--"}, split(command)...)...); out != want {
			t.Errorf("%s printed %q, want %q", command, out, want)
		}
	}
	s.kubectl(t, "patch", "pod", "sized", "--subresource=resize", "-p", `{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"300m"},"limits":{"cpu":"500m","memory":"96Mi"}}}]}}`)
	eventually(t, "the new limits in the status, without a restart", func() bool {
		out, _ := s.try("get", "pod", "sized", "-o", "jsonpath={.status.containerStatuses[0].resources.limits.cpu} {.status.containerStatuses[0].resources.limits.memory} {.status.containerStatuses[0].restartCount}")
		return out == "500m 96Mi 0"
	})
	if out := s.kubectl(t, "exec", "sized", "--", "cat", "/sys/fs/cgroup/cpu.max"); out != "50000 100000\n" {
		t.Errorf("after the resize cpu.max is %q", out)
	}
}

// TestSlowEphemeralStorage evicts Pods that write more than they may.
func TestSlowEphemeralStorage(t *testing.T) {
	slow(t)
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: layer}
spec:
  containers:
  - name: c
    image: busybox:1.37
    command: [sh, -c, "dd if=/dev/zero of=/big bs=1M count=10; sleep 1d"]
    resources: {limits: {ephemeral-storage: 5Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: volume}
spec:
  containers:
  - name: c
    image: busybox:1.37
    command: [sh, -c, "dd if=/dev/zero of=/work/big bs=1M count=10; sleep 1d"]
    volumeMounts: [{name: work, mountPath: /work}]
  volumes: [{name: work, emptyDir: {sizeLimit: 5Mi}}]
---
apiVersion: v1
kind: Pod
metadata: {name: modest}
spec:
  containers:
  - name: c
    image: busybox:1.37
    command: [sh, -c, "dd if=/dev/zero of=/small bs=1M count=2; sleep 1d"]
    resources: {limits: {ephemeral-storage: 5Mi}}
`)
	for pod, want := range map[string]string{
		"layer":  "Pod ephemeral local storage usage exceeds the total limit of containers 5Mi.",
		"volume": `Usage of EmptyDir volume "work" exceeds the limit "5Mi".`,
	} {
		within(t, 90*time.Second, pod+" evicted", func() bool {
			out, _ := s.try("get", "pod", pod, "-o", "jsonpath={.status.phase} {.status.reason} {.status.message}")
			return strings.HasPrefix(out, "Failed Evicted") && strings.Contains(out, want)
		})
	}
	if out := s.kubectl(t, "get", "pod", "modest", "-o", "jsonpath={.status.phase}"); out != "Running" {
		t.Errorf("a Pod within its limit is %s", out)
	}
}

// TestSlowMemoryPressure leaves a node short of memory: it says so, the Pod that takes more than it asked for goes,
// the one that does not stays, and then the node is well again.
func TestSlowMemoryPressure(t *testing.T) {
	slow(t)
	t.Parallel()
	s := space{newLearn(t), "default"}
	s.run(t, "cluster", "create")
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: hungry, labels: {app: pressed}}
spec:
  nodeName: worker-1
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: "busybox:1.37", command: [sh, -c, '`+hungry+`']}]
---
apiVersion: v1
kind: Pod
metadata: {name: calm, labels: {app: pressed}}
spec:
  nodeName: worker-1
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: "busybox:1.37", command: [sleep, 1d], resources: {requests: {memory: 64Mi}}}]
`)
	s.waitReady(t, "pod/hungry")
	s.waitReady(t, "pod/calm")
	t.Cleanup(func() { s.run(t, "cluster", "node", "press", "worker-1") })
	s.run(t, "cluster", "node", "press", "worker-1", "--memory", "130Mi")
	s.kubectl(t, "exec", "hungry", "--", "touch", "/eat")
	state := func(want ...string) func() bool {
		return func() bool {
			out, _ := s.try("get", "node", "worker-1", "-o", `jsonpath={.status.conditions[?(@.type=="MemoryPressure")].status} {.spec.taints[*].key}`)
			for _, w := range want {
				if !strings.Contains(out, w) {
					return false
				}
			}
			return strings.Contains(out, "memory-pressure") == (want[0] == "True")
		}
	}
	within(t, 90*time.Second, "memory pressure and its taint", state("True", "node.kubernetes.io/memory-pressure"))
	within(t, time.Minute, "the hungry Pod evicted", func() bool {
		out, _ := s.try("get", "pod", "hungry", "-o", "jsonpath={.status.reason} {.status.message}")
		return strings.HasPrefix(out, "Evicted") && strings.Contains(out, "low on resource: memory")
	})
	within(t, 2*time.Minute, "no pressure any more", state("False"))
	if out := s.kubectl(t, "get", "pod", "calm", "-o", "jsonpath={.status.phase}"); out != "Running" {
		t.Errorf("the Pod that took less than it asked for is %s", out)
	}
}
