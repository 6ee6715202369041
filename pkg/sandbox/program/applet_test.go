package program_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
)

func TestApplets(t *testing.T) {
	p := newPod(t, "busybox:1.37")
	const words = `printf 'one 1\ntwo 2\nthree 3\nTwo 22\n' > /tmp/w; `
	for _, c := range []struct {
		script, out, err string
		code             int
	}{
		{words + "cat /tmp/w /none", "one 1\ntwo 2\nthree 3\nTwo 22\n", "cat: can't open '/none': No such file or directory\n", 1},
		{words + "cat -n /tmp/w | head -1", "     1\tone 1\n", "", 0},
		{"cat /etc", "", "cat: read error: Is a directory\n", 1},
		{words + "head -n 2 /tmp/w; tail -n 1 /tmp/w; head -c 3 /tmp/w; tail -n +4 /tmp/w; head -n -3 /tmp/w", "one 1\ntwo 2\nTwo 22\noneTwo 22\none 1\n", "", 0},
		{words + "wc -l < /tmp/w; wc -w /tmp/w; wc -c /tmp/w", "4\n8 /tmp/w\n27 /tmp/w\n", "", 0},
		{words + "grep two /tmp/w; grep -i TWO /tmp/w; grep -c two /tmp/w; grep -v o /tmp/w; grep -n two /tmp/w", "two 2\ntwo 2\nTwo 22\n1\nthree 3\n2:two 2\n", "", 0},
		{words + "grep -q two /tmp/w && echo yes; grep -E '^(one|three) [0-9]+$' /tmp/w; grep 't.\\{2,3\\} 3' /tmp/w; grep -o '[0-9]*' /tmp/w", "yes\none 1\nthree 3\n1\n2\n3\n22\n", "", 0},
		{"grep x /none", "", "grep: /none: No such file or directory\n", 2},
		{"mkdir -p /tmp/g/h; echo hit > /tmp/g/a; echo hit > /tmp/g/h/b; grep -r hit /tmp/g", "/tmp/g/a:hit\n/tmp/g/h/b:hit\n", "", 0},
		{words + "sed 's/o/0/' /tmp/w | head -1; sed -n 2p /tmp/w; sed '/two/d;s/ /-/g' /tmp/w; sed -E 's/([a-z]+) ([0-9])/\\2 \\1/' /tmp/w | head -1; sed '$!d' /tmp/w", "0ne 1\ntwo 2\none-1\nthree-3\nTwo-22\n1 one\nTwo 22\n", "", 0},
		{"echo a > /tmp/i; sed -i 's/a/b/' /tmp/i; cat /tmp/i; sed -e 's|b|/x/|' -e 'a end' /tmp/i; echo 1,2 | sed 'y/,/;/'", "b\n/x/\nend\n1;2\n", "", 0},
		{words + "awk '{print $1}' /tmp/w; awk -F' ' -v p=x 'NR==2 {printf \"%s%d\\n\", p, $2+1} END {print NR}' /tmp/w; wc -l /tmp/w | awk {'print $1'}", "one\ntwo\nthree\nTwo\nx3\n4\n4\n", "", 0},
		{"echo a > /tmp/1; echo b > /tmp/2; awk '{print FILENAME, FNR, NR, v, \"FILENAME\"}' /tmp/1 v=7 /tmp/2; X=y awk 'BEGIN {print ENVIRON[\"X\"]; exit 3}'", "/tmp/1 1 1  FILENAME\n/tmp/2 1 2 7 FILENAME\ny\n", "", 3},
		{"awk 1 /tmp/none", "", "awk: can't open '/tmp/none': No such file or directory\n", 2},
		{"awk 'BEGIN {print > \"/tmp/x\"}'", "", "awk: this awk reads its input and writes its output; it opens no other files and starts no programs\n", 2},
		{"awk 'BEGIN {system(\"ls\")}'", "", "awk: this awk reads its input and writes its output; it opens no other files and starts no programs\n", 2},
		{"echo | sed Z", "", "sed: unsupported command Z\n", 1},
		{words + "cut -d' ' -f2 /tmp/w; cut -c1-2 /tmp/w | head -1", "1\n2\n3\n22\non\n", "", 0},
		{"echo Hello | tr a-z A-Z; echo aabb | tr -d a; echo 'a  b' | tr -s ' '", "HELLO\nbb\na b\n", "", 0},
		{"printf '10\\n9\\n1\\n9\\n' | sort -n | uniq; printf 'b\\na\\n' | sort -r; printf 'x 2\\ny 1\\n' | sort -k2", "1\n9\n10\nb\na\ny 1\nx 2\n", "", 0},
		{"printf 'a\\na\\nb\\n' | uniq -c", "      2 a\n      1 b\n", "", 0},
		{"seq 3; seq 2 2 6; seq -s, 3", "1\n2\n3\n2\n4\n6\n1,2,3\n", "", 0},
		{"echo hello | md5sum; echo hello | sha256sum", "b1946ac92492d2347c6235b4d2611184  -\n5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  -\n", "", 0},
		{"echo hello | base64; echo aGVsbG8K | base64 -d", "aGVsbG8K\nhello\n", "", 0},
		{"mkdir /tmp/d; mkdir /tmp/d", "", "mkdir: can't create directory '/tmp/d': File exists\n", 1},
		{"mkdir /no/d", "", "mkdir: can't create directory '/no/d': No such file or directory\n", 1},
		{"mkdir -p /tmp/x/y/z && touch /tmp/x/f && cp -r /tmp/x /tmp/x2 && mv /tmp/x2 /tmp/x3 && find /tmp/x3 | sort; rm -rf /tmp/x3; ls /tmp/x3", "/tmp/x3\n/tmp/x3/f\n/tmp/x3/y\n/tmp/x3/y/z\n", "ls: /tmp/x3: No such file or directory\n", 1},
		{"rm /none", "", "rm: can't remove '/none': No such file or directory\n", 1},
		{"rm -f /none; mkdir -p /tmp/rd; rm /tmp/rd", "", "rm: '/tmp/rd' is a directory\n", 1},
		{"ln -s /etc/passwd /tmp/l; readlink /tmp/l; cat /tmp/l | head -c 4; ls -l /tmp/l | cut -c1-10", "/etc/passwd\nrootlrwxrwxrwx\n", "", 0},
		{"touch /tmp/m; chmod 600 /tmp/m; stat -c %a /tmp/m; chmod u+x,g+r /tmp/m; stat -c '%a %A' /tmp/m", "600\n740 -rwxr-----\n", "", 0},
		{"mkdir -p /tmp/s; cd /tmp/s; touch b a .h; ls; ls -a; ls -1 /tmp/s", "a\nb\n.\n..\n.h\na\nb\na\nb\n", "", 0},
		{"dd if=/dev/zero of=/tmp/dd bs=1k count=3 2>/dev/null; wc -c < /tmp/dd; du -s /tmp/dd | cut -f1", "3072\n4\n", "", 0},
		{"date -u -d @0 +%FT%TZ; date -u -d '2024-02-29 12:30:00' '+%a %b %e %Y'; date -d @86400 -u -Iseconds", "1970-01-01T00:00:00Z\nThu Feb 29 2024\n1970-01-02T00:00:00+00:00\n", "", 0},
		{"sleep 0.01; sleep 0s 0.001m; sleep x", "", "sleep: invalid number 'x'\n", 1},
		{"basename /a/b.txt .txt; dirname /a/b/c; dirname x; which sh; which nope || echo none", "b\n/a/b\n.\n/bin/sh\nnone\n", "", 0},
		{"printf 'a b\\nc\\n' | xargs; printf '1\\n2\\n' | xargs -n1 echo n; printf 'x\\ny\\n' | xargs -I{} echo '<{}>'", "a b c\nn 1\nn 2\n<x>\n<y>\n", "", 0},
		{"find /etc -name 'pass*' -type f; find /tmp -maxdepth 0 -type d; mkdir -p /tmp/fe; touch /tmp/fe/1; find /tmp/fe -type f -exec echo f {} \\;", "/etc/passwd\n/tmp\nf /tmp/fe/1\n", "", 0},
		{"id -u; id; whoami; uname; uname -n", "0\nuid=0(root) gid=0(root) groups=0(root),10(wheel)\nroot\nLinux\nweb-0\n", "", 0},
		{"env -i A=1 env; env X=y printenv X; printenv NOPE || echo none", "A=1\ny\nnone\n", "", 0},
		{"expr 2 + 3; expr 1 = 2", "5\n0\n", "", 1},
		{"nproc; head -n1 /proc/meminfo; free -m | head -2 | tail -1 | tr -s ' ' | cut -d' ' -f2", "2\nMemTotal:        4194304 kB\n4096\n", "", 0},
		{"ls -Z", "", "ls: unrecognized option: Z\nBusyBox v1.37.0 multi-call binary.\n", 1},
		{"busybox echo by name; busybox nope", "by name\n", "nope: applet not found\n", 127},
		{"mkdir /tmp/b && cp /bin/busybox /tmp/b/busybox && /tmp/b/busybox echo copied; cp /bin/busybox /tmp/bb; /tmp/bb", "copied\n", "bb: applet not found\n", 127},
		{"mktemp -d | grep -c /tmp/tmp.; truncate -s 10 /tmp/tr; wc -c < /tmp/tr; tac /tmp/w | head -1", "1\n10\nTwo 22\n", "", 0},
		{"mkdir -p /tmp/ta/sub && echo a > /tmp/ta/sub/f && ln -s f /tmp/ta/sub/l && cd /tmp && tar cf - ta | (mkdir -p /tmp/tb; tar xmf - -C /tmp/tb) && cat tb/ta/sub/l && tar czf t.gz ta && tar tzf t.gz", "a\nta/\nta/sub/\nta/sub/f\nta/sub/l\n", "", 0},
		{"cd /tmp && printf 'x' > one && tar cf o.tar one && sed -i 's/^one/..\\/../' o.tar; tar xf o.tar; echo $?", "1\n", "tar: short read\n", 0},
		{"cd /tmp && touch member && tar cf m.tar member; tar xf m.tar -C /tmp/none; echo $?; tar xf - -C /etc/passwd < m.tar; echo $?; ls -d /tmp/none", "1\n1\n", "tar: can't change directory to '/tmp/none': No such file or directory\ntar: can't change directory to '/etc/passwd': Not a directory\nls: /tmp/none: No such file or directory\n", 1},
		{"cd /tmp && touch late && (tar cf - late; sleep 0.2; echo more; echo written $? >&2) | tar tf -", "late\n", "written 0\n", 0},
		{"tar cf - /tmp/none /tmp/w | tar tf -; echo $?", "tmp/w\n0\n", "tar: /tmp/none: No such file or directory\ntar: removing leading '/' from member names\ntar: error exit delayed from previous errors\n", 0},
		{"ps -o pid,comm | head -n 2; ps -opid | head -n 1; ps -o nope", "PID   COMMAND\n    2 sh\nPID\n", "ps: bad -o argument 'nope', supported arguments: user,comm,args,pid,ppid,time\n", 1},
		{"printf '10.244.1.5\tweb-0.web.learn.svc.cluster.local\tweb-0\n' > /etc/hosts; hostname -f; hostname -d; hostname; rm /etc/hosts; hostname -f", "web-0.web.learn.svc.cluster.local\nweb.learn.svc.cluster.local\nweb-0\nweb-0\n", "", 0},
		{"kill x", "", "sh: invalid number 'x'\n", 1},
		{"stty size", "", "stty: standard input: Not a tty\n", 1},
		{"mount -t proc; mount -t nosuch", "proc on /proc type proc (rw,nosuid,nodev,noexec,relatime)\n", "", 0},
		{"mount /dev/vda1 /mnt", "", "mount: permission denied (are you root?)\n", 1},
		{"time true", "", "real\t0m ", 0},
		{"timeout 5 echo in time", "in time\n", "", 0},
		{"echo x | tee /proc/x", "x\n", "tee: /proc/x: No such file or directory\n", 1},
		{"test -f /etc/passwd; echo $?; [ 1 = 2 ]; echo $?; /bin/echo -e 'a\\tb'; /usr/bin/env echo env", "0\n1\na\tb\nenv\n", "", 0},
		{"od -An -tx1 -N2 /etc/passwd > /dev/null; printf '%s=%d\\n' a 1 b 2; printf '%5.2f|%-4s|%04d\\n' 3.14159 ab 7", "a=1\nb=2\n 3.14|ab  |0007\n", "", 0},
		{"cd /tmp && for i in 1 2 3; do echo line$i; done | while read l; do echo \"[$l]\"; done | sort -r | head -1", "[line3]\n", "", 0},
	} {
		name := c.script[strings.LastIndex(c.script, "; ")+1:]
		t.Run(strings.TrimSpace(name[:min(len(name), 40)]), func(t *testing.T) {
			p.t = t
			out, errs, code := p.sh(c.script)
			if out != c.out || code != c.code || !strings.HasPrefix(errs, c.err) || c.err == "" && errs != "" {
				t.Errorf("%s\nout  %q\nwant %q\nerr  %q\nwant %q\ncode %d, want %d", c.script, out, c.out, errs, c.err, code, c.code)
			}
		})
	}
}

func TestTailFollows(t *testing.T) {
	p := newPod(t, "busybox")
	p.sh("echo first > /tmp/log")
	r := p.exec("", "tail", "-f", "/tmp/log")
	r.until("first\n")
	p.sh("echo second >> /tmp/log")
	r.until("second\n")
	// What comes after all was read and before all was printed counts as new, too.
	p.sh("seq 50000 > /tmp/long")
	r = p.exec("", "sh", "-c", "tail -n 50000 -f /tmp/long | (read first; echo begins with $first; until [ -f /tmp/go ]; do sleep 0.02; done; cat)")
	r.until("begins with 1\n")
	p.sh("echo last >> /tmp/long; touch /tmp/go")
	r.until("\nlast\n")
}

// A filter passes on each line as it comes, not only at the end.
func TestFiltersStream(t *testing.T) {
	p := newPod(t, "busybox")
	for _, filter := range []string{"sed s/x/y/", "grep -v z", "cat", "cat -n", "tr x y", "cut -c1-", "tee /tmp/t"} {
		r := p.exec("", "sh", "-c", "(echo x1; sleep 60) | "+filter)
		r.until("1\n")
	}
}

func TestReadOnlyRoot(t *testing.T) {
	p := newPod(t, "busybox")
	p.spec.ReadOnlyRoot = true
	for script, want := range map[string]string{
		"echo x > /tmp/x": "sh: can't create /tmp/x: Read-only file system\n", "touch /x": "touch: /x: Read-only file system\n", "mkdir /d": "mkdir: can't create directory '/d': Read-only file system\n",
		"rm /etc/passwd": "rm: can't remove '/etc/passwd': Read-only file system\n",
	} {
		if _, errs, code := p.sh(script); code != 1 || errs != want {
			t.Errorf("%s: %d %q, want %q", script, code, errs, want)
		}
	}
}

// df tells of the mounts that hold what is named, each with its own size.
func TestDf(t *testing.T) {
	p := newPod(t, "busybox:1.36")
	for name, m := range map[string]container.Mount{
		"sized": {Type: "tmpfs", Size: 32 << 20}, "unsized": {Type: "tmpfs"}, "disk": {},
	} {
		m.Path, m.Source = "/"+name, filepath.Join(p.dir, name)
		must(t, os.Mkdir(m.Source, 0o755))
		p.spec.Mounts = append(p.spec.Mounts, m)
	}
	const columns = "; df $paths | while read fs size used free percent on; do echo $fs $size $on; done"
	for script, want := range map[string]string{
		"paths=/sized":                               "tmpfs 32768 /sized\n",
		"paths=/unsized":                             "tmpfs 2097152 /unsized\n",
		"mkdir /sized/sub; paths=/sized/sub":         "tmpfs 32768 /sized\n",
		"paths='/disk /etc'":                         "/dev/vda1 20971520 /disk\noverlay 20971520 /\n",
		"ln -s /disk /etc/link; cd /etc; paths=link": "/dev/vda1 20971520 /disk\n",
		"paths='/dev/null /proc/self'":               "tmpfs 65536 /dev\nproc 0 /proc\n",
	} {
		if out, errs, _ := p.sh(script + columns); !strings.HasPrefix(out, "Filesystem 1K-blocks ") || !strings.HasSuffix(out, "\n"+want) || strings.Count(out, "\n") != 1+strings.Count(want, "\n") || errs != "" {
			t.Errorf("%s: %q %s, want %q", script, out, errs, want)
		}
	}
	if out, errs, code := p.sh("df /none"); code != 1 || strings.Count(out, "\n") != 1 || errs != "df: /none: can't find mount point\n" {
		t.Errorf("of a file that is not there: %q %q %d", out, errs, code)
	}
	if out, _, code := p.sh("df -m"); code != 0 || strings.Count(out, "\n") != 6 {
		t.Errorf("of all: %q %d", out, code)
	}
}
