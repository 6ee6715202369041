package applet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func findNet(name string) task.Program {
	switch name {
	case "wget":
		return wget
	case "curl":
		return curl
	case "nc":
		return nc
	case "nslookup":
		return nslookup
	case "dig":
		return dig
	case "host":
		return host
	case "getent":
		return getent
	case "ping":
		return ping
	case "netstat":
		return plain(netstat)
	case "ip", "ifconfig":
		return plain(ip)
	}
	return nil
}

// resolve returns the address that a host name has, as the program would see it.
func resolve(ctx context.Context, t *task.Task, host string) (string, error) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return a.String(), nil
	}
	if host == "localhost" {
		return "127.0.0.1", nil
	}
	if a := hostsFile(t, host); a != "" {
		return a, nil
	}
	if host == t.Spec.Hostname {
		return t.Spec.PodIP, nil
	}
	answers, err := t.Net.Lookup(ctx, "A", host)
	if err != nil {
		return "", err
	}
	if len(answers) == 0 {
		return "", &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return answers[0], nil
}

// hostsFile looks a name up in /etc/hosts.
func hostsFile(t *task.Task, host string) string {
	b, err := t.FS.ReadFile("/etc/hosts")
	if err != nil {
		return ""
	}
	for _, l := range strings.Split(string(b), "\n") {
		l, _, _ = strings.Cut(l, "#")
		f := strings.Fields(l)
		for i := 1; i < len(f); i++ {
			if f[i] == host && strings.Contains(f[0], ".") {
				return f[0]
			}
		}
	}
	return ""
}

// dialText is the reason of a failed connection as a C library words it.
func dialText(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), strings.Contains(err.Error(), "refused"):
		return "Connection refused"
	case errors.Is(err, syscall.EHOSTUNREACH), strings.Contains(err.Error(), "no route to host"):
		return "Host is unreachable"
	case errors.Is(err, syscall.ENETUNREACH), strings.Contains(err.Error(), "network is unreachable"):
		return "Network unreachable"
	case errors.Is(err, syscall.ECONNRESET):
		return "Connection reset by peer"
	case isTimeout(err):
		return "Operation timed out"
	}
	return errText(err)
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
}

func isUnknownHost(err error) bool {
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}

// connectTimeout is how long a connection is tried if nobody says otherwise, about as long as Linux does.
const connectTimeout = 130 * time.Second

// ping resolves the name, and says that there is no ICMP on the Pod network.
func ping(ctx context.Context, t *task.Task) int {
	_, args, ok := options(t, "c:w:W:i:s:q46t:I:")
	if !ok || len(args) == 0 {
		return usage(t, "[OPTIONS] HOST")
	}
	a, err := resolve(ctx, t, args[0])
	if err != nil {
		t.Errorf("bad address '%s'", args[0])
		return 1
	}
	t.Printf("PING %s (%s): 56 data bytes\n", args[0], a)
	t.Errorf("the sandbox's network has TCP and UDP, and no ICMP: try nc -zv %s PORT, or wget", args[0])
	return 1
}

func netstat(t *task.Task) int {
	_, _, ok := options(t, "tlnapuxWe")
	if !ok {
		return 1
	}
	t.Printf("Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State\n")
	for _, p := range netstatPorts(t) {
		t.Printf("tcp        0      0 %-23s %-23s LISTEN\n", fmt.Sprintf("0.0.0.0:%d", p), "0.0.0.0:*")
	}
	return 0
}

func ip(t *task.Task) int {
	if t.Name() == "ip" && len(t.Args) > 2 && t.Args[1] == "link" && t.Args[2] != "show" {
		// A container has no right to change interfaces unless it is privileged; here none can.
		fmt.Fprintf(t.Err, "ip: RTNETLINK answers: Operation not permitted\n")
		return 1
	}
	if t.Name() == "ip" && len(t.Args) > 1 && !strings.HasPrefix(t.Args[1], "a") {
		t.Errorf("only 'ip addr' is there")
		return 1
	}
	if t.Name() == "ip" {
		t.Printf("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n    inet %s/24 scope global eth0\n", t.Spec.PodIP)
		return 0
	}
	t.Printf("eth0      Link encap:Ethernet\n          inet addr:%s  Mask:255.255.255.0\n\nlo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0\n", t.Spec.PodIP)
	return 0
}

// outFile opens where a download goes.
func outFile(t *task.Task, name string) (io.WriteCloser, error) {
	if name == "-" {
		return nopCloser{t.Out}, nil
	}
	f, err := t.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		e.Path = filepath.ToSlash(name)
	}
	return f, err
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
