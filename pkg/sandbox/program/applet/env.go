package applet

import (
	"context"
	"runtime"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func env(ctx context.Context, t *task.Task) int {
	if t.Name() == "printenv" && len(t.Args) > 1 {
		code := 1
		for _, name := range t.Args[1:] {
			for _, kv := range t.Env {
				if k, v, _ := strings.Cut(kv, "="); k == name {
					t.Printf("%s\n", v)
					code = 0
				}
			}
		}
		return code
	}
	o, args, ok := leading(t, "iu:0", "ignore-environment=i", "unset=u")
	if !ok {
		return 125
	}
	c := *t
	c.Env = slices.Clone(t.Env)
	if o.has('i') {
		c.Env = nil
	}
	drop := func(name string) {
		c.Env = slices.DeleteFunc(c.Env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	}
	if u := o.value('u', ""); u != "" {
		drop(u)
	}
	for len(args) > 0 && strings.Contains(args[0], "=") {
		name, _, _ := strings.Cut(args[0], "=")
		drop(name)
		c.Env = append(c.Env, args[0])
		args = args[1:]
	}
	if len(args) > 0 {
		return runProgram(ctx, &c, args)
	}
	for _, kv := range c.Env {
		t.Printf("%s\n", kv)
	}
	return 0
}

func hostname(t *task.Task) int {
	o, args, ok := options(t, "ifsdI", "ip-address=i", "all-ip-addresses=I", "short=s", "fqdn=f", "long=f")
	switch {
	case !ok:
		return 1
	case len(args) > 0:
		t.Errorf("sethostname: Operation not permitted")
		return 1
	case o.has('i') || o.has('I'):
		t.Printf("%s\n", t.Spec.PodIP)
	case o.has('s'):
		short, _, _ := strings.Cut(t.Spec.Hostname, ".")
		t.Printf("%s\n", short)
	case o.has('f'):
		t.Printf("%s\n", fullName(t))
	case o.has('d'):
		if _, domain, ok := strings.Cut(fullName(t), "."); ok {
			t.Printf("%s\n", domain)
		}
	default:
		t.Printf("%s\n", t.Spec.Hostname)
	}
	return 0
}

// fullName is the first name that /etc/hosts has beside the own address: that with the subdomain,
// where the Pod has one.
func fullName(t *task.Task) string {
	b, _ := t.FS.ReadFile("/etc/hosts")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == t.Spec.PodIP {
			return f[1]
		}
	}
	return t.Spec.Hostname
}

func uname(t *task.Task) int {
	o, _, ok := options(t, "asnrvmpio", "all=a", "kernel-release=r", "machine=m")
	if !ok {
		return 1
	}
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	parts := []struct {
		c    rune
		text string
	}{{'s', "Linux"}, {'n', t.Spec.Hostname}, {'r', task.KernelRelease}, {'v', "#1 SMP practice node"}, {'m', machine}, {'o', "Linux"}}
	var out []string
	for _, p := range parts {
		if o.has(p.c) || o.has('a') || len(o.set) == 0 && p.c == 's' {
			out = append(out, p.text)
		}
	}
	t.Printf("%s\n", strings.Join(out, " "))
	return 0
}
