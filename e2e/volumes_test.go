package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const database = `
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      securityContext: {runAsUser: 1000, fsGroup: 2000}
      containers:
      - name: main
        image: busybox:1.37
        command: [sh, -c, "sleep 1d"]
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: odd}
spec: {storageClassName: nosuch, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`

// TestVolumesMove follows a StatefulSet's volume: from Pod to Pod, off a node that died, over a stop of the
// cluster, until its claim is deleted.
func TestVolumesMove(t *testing.T) {
	t.Parallel()
	if provider() == "kind" {
		t.Skip("kind's volumes stay on their node")
	}
	s := space{newLearn(t), "default"}
	s.run(t, "cluster", "create")
	if out := s.kubectl(t, "get", "storageclass"); !strings.Contains(out, "standard (default)") || !strings.Contains(out, "WaitForFirstConsumer") {
		t.Errorf("the StorageClasses are\n%s", out)
	}
	s.apply(t, database)
	s.running(t, "db-0")
	s.kubectl(t, "exec", "db-0", "--", "sh", "-c", "echo kept > /data/file")
	if out := s.kubectl(t, "exec", "db-0", "--", "stat", "-c", "%u %g", "/data/file"); out != "1000 2000\n" {
		t.Errorf("the file belongs to %q", out)
	}
	eventually(t, "the event of a claim that got its volume", func() bool {
		out, _ := s.try("describe", "pvc", "data-db-0")
		return strings.Contains(out, "ProvisioningSucceeded")
	})
	eventually(t, "the event of a claim with an unknown class", func() bool {
		out, _ := s.try("describe", "pvc", "odd")
		return strings.Contains(out, `storageclass.storage.k8s.io "nosuch" not found`) && strings.Contains(out, "Pending")
	})

	s.kubectl(t, "delete", "pod", "db-0")
	s.keeps(t, "another Pod")

	node := s.kubectl(t, "get", "pod", "db-0", "-o", "jsonpath={.spec.nodeName}")
	s.run(t, "cluster", "node", "stop", node)
	// A StatefulSet waits for a Pod of which nobody knows whether it has ended, until it is told.
	within(t, 60*time.Second, "the Pod to be given up", func() bool {
		out, _ := s.try("get", "pod", "db-0", "-o", "jsonpath={.metadata.deletionTimestamp}")
		return out != ""
	})
	s.kubectl(t, "delete", "pod", "db-0", "--force", "--grace-period=0")
	s.keeps(t, "another node")
	if now := s.kubectl(t, "get", "pod", "db-0", "-o", "jsonpath={.spec.nodeName}"); now == node {
		t.Errorf("the Pod is on %s, which is stopped", now)
	}
	s.run(t, "cluster", "node", "start", node)

	s.kubectl(t, "patch", "pvc", "data-db-0", "-p", `{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}`)
	eventually(t, "the larger size", func() bool {
		out, _ := s.try("get", "pvc", "data-db-0", "-o", "jsonpath={.status.capacity.storage}")
		return out == "2Gi"
	})

	s.run(t, "cluster", "stop")
	s.run(t, "cluster", "start")
	s.keeps(t, "another start of the cluster")

	folders := filepath.Join(s.home, "clusters", "*", "volumes", "*")
	if found, err := filepath.Glob(folders); err != nil || len(found) != 1 {
		t.Errorf("the volumes' folders are %v, %v", found, err)
	} else if _, err := os.Stat(filepath.Join(found[0], "file")); err != nil {
		t.Errorf("the file on the host: %v", err)
	}
	s.kubectl(t, "delete", "statefulset/db", "pvc/data-db-0")
	eventually(t, "the volume and its folder to go", func() bool {
		out, _ := s.try("get", "pv", "-o", "name")
		found, _ := filepath.Glob(folders)
		return out == "" && len(found) == 0
	})
}

// running waits for a Pod that somebody makes.
func (s space) running(t *testing.T, pod string) {
	t.Helper()
	within(t, 60*time.Second, pod+" to be ready", func() bool {
		out, _ := s.try("get", "pod", pod, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status} {.metadata.deletionTimestamp}`)
		return out == "True "
	})
}

func (s space) keeps(t *testing.T, after string) {
	t.Helper()
	s.running(t, "db-0")
	if out, err := s.try("exec", "db-0", "--", "cat", "/data/file"); err != nil || out != "kept\n" {
		t.Errorf("the file after %s: %q, %v", after, out, err)
	}
}

// TestUsersAndVolumes is the Pod of Kubernetes' page on security contexts, and volumes of other kinds.
func TestUsersAndVolumes(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.apply(t, `
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {key: "secret\n"}
---
apiVersion: v1
kind: Pod
metadata: {name: user}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, sysctls: [{name: kernel.shm_rmid_forced, value: "1"}]}
  containers:
  - name: main
    image: busybox:1.37
    command: [sh, -c, "sleep 1d"]
    env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
    volumeMounts:
    - {name: work, mountPath: /work}
    - {name: memory, mountPath: /memory}
    - {name: key, mountPath: /key}
    - {name: work, mountPath: /own, subPathExpr: "sub/$(NAME)"}
    - {name: files, mountPath: /image}
  volumes:
  - {name: work, emptyDir: {}}
  - {name: memory, emptyDir: {medium: Memory}}
  - {name: key, secret: {secretName: key, defaultMode: 0400}}
  - {name: files, image: {reference: "busybox:1.36"}}
`)
	s.waitReady(t, "pod/user")
	for _, c := range []struct{ script, want string }{
		{"id", "uid=1000 gid=3000 groups=2000,3000\n"},
		{"ls -ld /work | cut -c 1-10; stat -c '%u %g' /work", "drwxrwsrwx\n0 2000\n"},
		{"echo hello > /work/file; stat -c '%a %u %g' /work/file", "644 1000 2000\n"},
		{"touch /root/x 2>&1; touch /etc/x 2>&1; true", "touch: /root/x: Permission denied\ntouch: /etc/x: Permission denied\n"},
		{"stat -L -c '%a %u %g' /key/key; cat /key/key", "440 0 2000\nsecret\n"},
		{"grep ' /memory ' /proc/1/mounts | cut -c 1-22; echo x > /memory/x && cat /memory/x", "tmpfs /memory tmpfs rw\nx\n"},
		{"echo own > /own/file; cat /work/sub/user/file", "own\n"},
		{"cat /image/etc/group | head -n 1; touch /image/x 2>&1; true", "root:x:0:\ntouch: /image/x: Read-only file system\n"},
		{"cat /proc/sys/kernel/shm_rmid_forced; head -n 1 /etc/resolv.conf | cut -c 1-6", "1\nsearch\n"},
	} {
		if out := s.kubectl(t, "exec", "user", "--", "sh", "-c", c.script); out != c.want {
			t.Errorf("%s:\n%q, want\n%q", c.script, out, c.want)
		}
	}
	eventually(t, "an event that says what of the Pod is only shown", func() bool {
		out := s.kubectl(t, "get", "events", "--field-selector", "reason=Emulated,involvedObject.name=user", "-o", "jsonpath={.items[*].message}")
		return strings.Contains(out, ": sysctls, users and groups, fsGroup, ") && strings.Contains(out, "image volumes. ")
	})
	if out := s.kubectl(t, "get", "pod", "user", "-o", "jsonpath={.status.containerStatuses[0].user}"); out != `{"linux":{"gid":3000,"supplementalGroups":[2000,3000],"uid":1000}}` {
		t.Errorf("the status says %s", out)
	}
}
