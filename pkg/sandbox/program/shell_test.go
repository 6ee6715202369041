package program_test

import "testing"

func TestShell(t *testing.T) {
	p := newPod(t, "busybox:1.37")
	for _, c := range []struct {
		name, script, out, err string
		code                   int
	}{
		{"echo", `echo hello world`, "hello world\n", "", 0},
		{"variables", `a=1; b="x $a"; echo "$b" '$a' ${c:-none}`, "x 1 $a none\n", "", 0},
		{"unknown command", `foo`, "", "sh: foo: not found\n", 127},
		{"unknown path", `/app/foo`, "", "sh: /app/foo: not found\n", 127},
		{"not executable", `touch /tmp/x; /tmp/x`, "", "sh: /tmp/x: Permission denied\n", 126},
		{"exit code", `exit 42`, "", "", 42},
		{"pipeline", `printf 'b\na\nc\n' | sort | head -n 2`, "a\nb\n", "", 0},
		{"loop", `for i in 1 2 3; do echo $i; done; i=0; while [ $i -lt 2 ]; do i=$((i+1)); echo w$i; done`, "1\n2\n3\nw1\nw2\n", "", 0},
		{"break and continue", `for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done`, "1\n3\n", "", 0},
		{"if else", `if false; then echo a; elif true; then echo b; else echo c; fi`, "b\n", "", 0},
		{"case", `case nginx:1.29 in nginx:*) echo web;; *) echo other;; esac`, "web\n", "", 0},
		{"function", `f() { local x=in; echo "$1 $x"; return 3; }; x=out; f arg; echo $? $x`, "arg in\n3 out\n", "", 0},
		{"substitution", `echo "now $(echo in) and ` + "`echo back`" + `"`, "now in and back\n", "", 0},
		{"here document", "cat <<EOF\nhost $HOSTNAME\nEOF\ncat <<'EOF'\nraw $HOSTNAME\nEOF", "host web-0\nraw $HOSTNAME\n", "", 0},
		{"redirections", `echo out > /tmp/o; echo more >> /tmp/o; cat < /tmp/o; cat /nope 2>&1 | cat`, "out\nmore\ncat: can't open '/nope': No such file or directory\n", "", 0},
		{"descriptors", `exec 3>/tmp/three; echo x >&3; exec 3>&-; cat /tmp/three; { echo o; echo e >&2; } 2>/dev/null`, "x\no\n", "", 0},
		{"missing folder", `echo x > /no/such`, "", "sh: can't create /no/such: nonexistent directory\n", 1},
		{"missing input", `cat < /none`, "", "sh: can't open /none: no such file\n", 1},
		{"errexit", `set -e; echo a; false; echo b`, "a\n", "", 1},
		{"errexit in condition", `set -e; if false; then :; fi; false || true; ! true; echo ok`, "ok\n", "", 0},
		{"nounset", `set -u; echo $nope; echo never`, "", "", 2},
		{"pipefail", `set -o pipefail; false | true`, "", "", 1},
		{"dollar zero", `echo $0`, "sh\n", "", 0},
		{"process id", `[ $$ -gt 1 ] && echo yes`, "yes\n", "", 0},
		{"background and wait", `(sleep 0.05; exit 7) & wait $!; echo $?`, "7\n", "", 0},
		{"kill a job", `sleep 100 & kill $!; wait $!; echo $?`, "143\n", "", 0},
		{"subshell", `x=1; (x=2; cd /tmp; exit 5); echo $? $x $(pwd)`, "5 1 /\n", "", 0},
		{"cd", `cd /tmp && pwd; cd - ; cd /nope`, "/tmp\n/\n", "sh: cd: can't cd to /nope: No such file or directory\n", 1},
		{"globs", `cd /tmp; touch g1 g2 x1; echo g* none*`, "g1 g2 none*\n", "", 0},
		{"test", `[ -f /etc/passwd ] && [ -d /etc ] && [ ! -e /nope ] && [ a != b ] && [ 2 -gt 1 ] && test -n x && echo ok`, "ok\n", "", 0},
		{"test error", `[ x -eq 1 ]`, "", "sh: [: x: bad number\n", 2},
		{"read", `printf 'a b c\nd\n' | while read x y; do echo "$x-$y"; done`, "a-b c\nd-\n", "", 0},
		{"getopts", `set -- -a -b val rest; while getopts ab: o; do echo $o $OPTARG; done; shift $((OPTIND-1)); echo $1`, "a\nb val\nrest\n", "", 0},
		{"eval and quoting", `x='echo "a  b"'; eval "$x"`, "a  b\n", "", 0},
		{"command -v", `command -v ls; command -v cd; command -v nope || echo no`, "/bin/ls\ncd\nno\n", "", 0},
		{"type", `type sleep; type cd`, "sleep is /bin/sleep\ncd is a shell builtin\n", "", 0},
		{"trap on exit", `trap 'echo bye $?' EXIT; exit 3`, "bye 3\n", "", 3},
		{"a program is killed", `sh -c 'kill -9 $$; sleep 1'; echo $?; sh -c 'kill $$; sleep 1'; echo $?; sh -c 'kill -INT $$; sleep 1'; echo $?; sh -c 'exit 137'`, "137\n143\n130\n", "Killed\nTerminated\n", 137},
		{"trap of itself", `trap 'echo got; exit 9' USR1; kill -USR1 $$; sleep 1; echo late`, "got\n", "", 9},
		{"sourcing", `echo 'v=set' > /tmp/env; . /tmp/env; echo $v`, "set\n", "", 0},
		{"script", `printf '#!/bin/sh\necho "$0 $1"\n' > /tmp/s; chmod +x /tmp/s; /tmp/s arg`, "/tmp/s arg\n", "", 0},
		{"script's complaint", `printf '\nnope\n' > /tmp/s2; sh /tmp/s2`, "", "/tmp/s2: line 2: nope: not found\n", 127},
		{"missing script", `sh /tmp/none`, "", "sh: can't open '/tmp/none': No such file or directory\n", 2},
		{"arithmetic", `echo $((2**10 % 7)) $((1<2)) $((0x10))`, "2 1 16\n", "", 0},
		{"string operations", `f=/a/b.tar.gz; echo ${f##*/} ${f%%.*} ${#f}`, "b.tar.gz /a/b 11\n", "", 0},
		{"assignment for one command", `X=1 env | grep ^X; echo "[$X]"`, "X=1\n[]\n", "", 0},
		{"a name that no variable can have", `env a-b=c sh -c 'sh -c env' | grep ^a-b`, "a-b=c\n", "", 0},
		{"alias of nothing on the host", `echo ~ ~root ~nobody`, "/root /root ~nobody\n", "", 0},
		{"yes to head", `yes | head -n 1`, "y\n", "", 0},
		{"tee", `echo a | tee /tmp/t1 /tmp/t2 > /dev/null; cat /tmp/t1 /tmp/t2`, "a\na\n", "", 0},
		{"dev stdout", `echo x > /dev/stdout; echo y | tee /dev/stderr > /dev/null`, "x\n", "y\n", 0},
		{"time limits", `timeout 0.1 sleep 10; echo $?`, "143\n", "", 0},
		{"unterminated", `while true; do echo`, "", "", 2},
		{"endless recursion", `f() { f; }; f`, "", "sh: maximum function nesting level exceeded\n", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.t = t
			out, errs, code := p.sh(c.script)
			if out != c.out || code != c.code || c.err != "" && errs != c.err {
				t.Errorf("%s\nout  %q\nwant %q\nerr  %q\nwant %q\ncode %d, want %d", c.script, out, c.out, errs, c.err, code, c.code)
			}
			if c.err == "" && c.code == 0 && errs != "" {
				t.Errorf("%s: unexpected on standard error: %s", c.script, errs)
			}
		})
	}
}

func TestDialects(t *testing.T) {
	p := newPod(t, "nginx:1.27")
	for _, c := range []struct {
		args []string
		err  string
		code int
	}{
		{[]string{"sh", "-c", "foo"}, "sh: 1: foo: not found\n", 127},
		{[]string{"bash", "-c", "foo"}, "bash: line 1: foo: command not found\n", 127},
		{[]string{"sh", "-c", "cd /nope"}, "sh: 1: cd: can't cd to /nope\n", 1},
		{[]string{"sh", "-c", "echo x > /no/x"}, "sh: 1: cannot create /no/x: Directory nonexistent\n", 1},
		{[]string{"bash", "-c", "cat < /none"}, "bash: line 1: /none: No such file or directory\n", 1},
		{[]string{"cat", "/none"}, "cat: /none: No such file or directory\n", 1},
		{[]string{"ls", "/none"}, "ls: cannot access '/none': No such file or directory\n", 2},
	} {
		r := p.exec("", c.args...)
		if code := r.wait(); code != c.code || r.err.String() != c.err {
			t.Errorf("%q: code %d, want %d; said %q, want %q", c.args, code, c.code, r.err, c.err)
		}
	}
}

func TestScriptOnStandardInput(t *testing.T) {
	p := newPod(t, "alpine")
	r := p.exec("echo one\nread x\nthis is read\necho \"got $x\"\nexit 4\necho never\n", "sh")
	if code := r.wait(); code != 4 || r.out.String() != "one\ngot this is read\n" {
		t.Errorf("code %d, out %q, err %q", code, r.out, r.err)
	}
}
