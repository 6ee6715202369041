//go:build unix

package e2e

import (
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNothingOfTheHost asks for the machine's files in the ways that Kubernetes has for it.
func TestNothingOfTheHost(t *testing.T) {
	s := newSpace(t)
	secret := filepath.Join(s.home, "clusters", "learn", "pki", "ca.key")
	s.apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: host}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: "busybox:1.37", command: [sleep, 1d], volumeMounts: [{name: host, mountPath: /host}]}
  volumes: [{name: host, hostPath: {path: /}}]
---
apiVersion: v1
kind: Pod
metadata: {name: link}
spec:
  terminationGracePeriodSeconds: 0
  initContainers:
  - {name: plant, image: "busybox:1.37", command: [ln, -s, /, /e/l], volumeMounts: [{name: e, mountPath: /e}]}
  containers:
  - {name: c, image: "busybox:1.37", command: [sleep, 1d], volumeMounts: [{name: e, mountPath: /sub, subPath: l}]}
  volumes: [{name: e, emptyDir: {}}]
`)
	s.waitReady(t, "pod/host")
	for _, path := range []string{"/host" + secret, secret, "/proc/1/root" + secret, "/host/etc/shadow"} {
		if out, err := s.try("exec", "host", "--", "cat", path); err == nil {
			t.Errorf("a container read %s: %s", path, out)
		}
	}
	// What a Pod writes to its node's disk is there for the next Pod of that node, and nowhere else.
	s.kubectl(t, "exec", "host", "--", "sh", "-c", "echo mine > /host/note && cat /host/note")
	eventually(t, "the refusal of a subPath that leads out of its volume", func() bool {
		out, _ := s.try("describe", "pod", "link")
		return strings.Contains(out, "failed to prepare subPath")
	})
	// A link that a container plants is followed within the container.
	s.kubectl(t, "exec", "host", "--", "ln", "-s", filepath.Dir(secret), "/host/out")
	if out, err := s.try("exec", "host", "--", "cat", "/host/out/ca.key"); err == nil {
		t.Errorf("a link led out of the volume: %s", out)
	}
}

// TestPrivate has every file of the cluster be the learner's alone, and every port on loopback.
func TestPrivate(t *testing.T) {
	dir := filepath.Join(shared.home, "clusters", "learn")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it went away while we looked
		}
		// What a container or a volume is made of has the modes that Pods see.
		if d.IsDir() && (d.Name() == "c" || d.Name() == "pods" || d.Name() == "disk" || d.Name() == "images" || d.Name() == "volumes") {
			return fs.SkipDir
		}
		info, err := d.Info()
		// A Pod's sockets are made by its programs, in a folder of its own that is 0700.
		if strings.HasPrefix(filepath.Base(filepath.Dir(path)), "10.244.") {
			return nil
		}
		if err == nil && info.Mode()&fs.ModeSymlink == 0 && info.Mode().Perm()&0o077 != 0 && !strings.Contains(path, "/k/") {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cluster's folder: %v %v, want 0700", info.Mode(), err)
	}
	server := shared.run(t, "kubectl", "--", "config", "view", "-o", "jsonpath={.clusters[0].cluster.server}")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(strings.TrimSpace(server), "https://"))
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		ip, _, err := net.ParseCIDR(a.String())
		if err != nil || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		if c, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), port), time.Second); err == nil {
			_ = c.Close()
			t.Errorf("the API server answers at %s", ip)
		}
	}
}

// TestNarrowIdentities asks what each component may do. Only the learner may do everything.
func TestNarrowIdentities(t *testing.T) {
	pki := filepath.Join(shared.home, "clusters", "learn", "pki")
	for _, tc := range []struct{ identity, verb, resource, want string }{
		{"scheduler", "create", "pods/binding", "yes"},
		{"scheduler", "delete", "deployments.apps", "no"},
		{"scheduler", "get", "secrets", "no"},
		{"controller-manager", "create", "serviceaccounts/token", "yes"},
		{"controller-manager", "delete", "nodes", "no"},
		{"proxy", "list", "services", "yes"},
		{"proxy", "list", "secrets", "no"},
		{"proxy", "create", "pods", "no"},
		{"worker-1", "update", "nodes/status", "yes"},
		{"worker-1", "delete", "deployments.apps", "no"},
		{"worker-1", "list", "secrets", "no"},
	} {
		// The answer "no" is exit code 1 too.
		resource, part, _ := strings.Cut(tc.resource, "/")
		out, _ := exec.Command(shared.bin, "kubectl", "--", "--kubeconfig", filepath.Join(pki, tc.identity+".kubeconfig"),
			"auth", "can-i", tc.verb, resource, "--subresource", part, "--all-namespaces").Output()
		if !strings.HasPrefix(string(out), tc.want) {
			t.Errorf("may %s %s %s? %s, want %s", tc.identity, tc.verb, tc.resource, out, tc.want)
		}
	}
	if out := shared.run(t, "kubectl", "--", "auth", "can-i", "*", "*", "--all-namespaces"); !strings.Contains(out, "yes") {
		t.Errorf("the learner may not do everything: %s", out)
	}
}
