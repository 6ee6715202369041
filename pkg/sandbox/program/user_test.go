package program_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/owner"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

func TestFindUser(t *testing.T) {
	img, err := program.Lookup("curlimages/curl")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		uid, gid int64
		home     string
	}{
		"": {0, 0, "/root"}, "curl_user": {100, 101, "/home/curl_user"}, "100": {100, 101, "/home/curl_user"},
		"1000": {1000, 0, "/"}, "1000:3000": {1000, 3000, "/"}, "curl_user:wheel": {100, 10, "/home/curl_user"},
	} {
		u, home, err := img.FindUser(text)
		if err != nil || u.UID != want.uid || u.GID != want.gid || home != want.home {
			t.Errorf("%q is %+v in %s, %v; want %+v", text, u, home, err, want)
		}
	}
	if _, _, err := img.FindUser("nobody-here"); err == nil || !strings.Contains(err.Error(), "no matching entries in passwd file") {
		t.Errorf("an unknown name: %v", err)
	}
}

// The Pod of Kubernetes' own page on security contexts: user 1000, group 3000, a volume of group 2000.
func TestProgramsOfAUser(t *testing.T) {
	p := newPod(t, "busybox:1.36")
	volume := filepath.Join(p.dir, "volume")
	if err := os.Mkdir(volume, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(volume, 0o777|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	if err := owner.SetGroup(volume, 2000); err != nil {
		t.Skip("the file system has no extended attributes:", err)
	}
	p.spec.Mounts = []container.Mount{{Path: "/data", Source: volume, Type: "tmpfs", Size: 8 << 20}}
	p.spec.User = container.User{UID: 1000, GID: 3000, Groups: []int64{2000, 3000}}
	for _, c := range []struct{ script, want string }{
		{"id; id -u; id -G", "uid=1000 gid=3000 groups=2000,3000\n1000\n2000 3000\n"},
		{"whoami 2>&1", "whoami: unknown uid 1000\n"},
		{"ls -ld /data | cut -c 1-33", "drwxrwsrwx    2 root     2000    \n"},
		{"cd /data; echo hello > file; ls -l file | cut -c 1-33; stat -c '%u %g' file", "-rw-r--r--    1 1000     2000    \n1000 2000\n"},
		{"mkdir /data/sub; stat -c '%a %u %g' /data/sub", "2755 1000 2000\n"},
		{"touch /tmp/x && ls -ln /tmp/x | cut -c 1-33", "-rw-r--r--    1 1000     3000    \n"},
		{"touch /root/x 2>&1; touch /x 2>&1; cat /etc/secret 2>&1", "touch: /root/x: Permission denied\ntouch: /x: Permission denied\ncat: can't open '/etc/secret': No such file or directory\n"},
		{"ls /root 2>&1", "ls: /root: Permission denied\n"},
		{"chmod 600 /etc/passwd 2>&1; rm /etc/passwd 2>&1", "chmod: /etc/passwd: Operation not permitted\nrm: can't remove '/etc/passwd': Permission denied\n"},
		{"[ -w /etc/passwd ] || echo no; [ -r /etc/passwd ] && echo yes; [ -w /data ] && echo yes", "no\nyes\nyes\n"},
		{"chown 1001 /data/file 2>&1; chgrp 3000 /data/file; stat -c %g /data/file", "chown: /data/file: Operation not permitted\n3000\n"},
		{"grep -E '^[UG]id' /proc/$$/status", "Uid:\t1000\t1000\t1000\t1000\nGid:\t3000\t3000\t3000\t3000\n"},
		{"grep /data /proc/mounts; df /data | grep -o '^tmpfs .* /data' | cut -c 1-5", "tmpfs /data tmpfs rw,relatime,size=8192k 0 0\ntmpfs\n"},
	} {
		if out, errs, _ := p.sh(c.script); out != c.want {
			t.Errorf("%s:\n%q %s, want\n%q", c.script, out, errs, c.want)
		}
	}
	// Root of another container of the Pod sees the same owners, and may do all.
	p.spec.User = container.User{}
	if out, errs, _ := p.sh("stat -c '%u %g' /data/file; chown nobody /data/file; ls -l /data/file | cut -c 17-24; cp /data/file /data/copy; stat -c '%u %g' /data/copy"); out != "1000 3000\nnobody  \n0 2000\n" {
		t.Errorf("root: %q %s", out, errs)
	}
}

func TestSysctls(t *testing.T) {
	p := newPod(t, "busybox:1.36")
	p.spec.Sysctls = map[string]string{"kernel.shm_rmid_forced": "1"}
	out, errs, _ := p.sh("sysctl kernel.shm_rmid_forced; cat /proc/sys/kernel/ostype; sysctl -n net.core.somaxconn; ls /proc/sys")
	if out != "kernel.shm_rmid_forced = 1\nLinux\n4096\nkernel\nnet\n" {
		t.Errorf("%q %s", out, errs)
	}
}
