package applet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
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

func nc(ctx context.Context, t *task.Task) int {
	o, args, ok := options(t, "lzvnkw:p:e:uq:i:46", "listen=l")
	if !ok {
		return 1
	}
	if o.has('u') {
		t.Errorf("UDP is not supported here")
		return 1
	}
	if o.has('l') {
		port := o.value('p', "")
		if port == "" && len(args) > 0 {
			port = args[len(args)-1]
		}
		return ncListen(ctx, t, port, o.has('k'), o.has('v'))
	}
	if len(args) < 2 {
		return usage(t, "[-lnz] [-w SEC] [IPADDR PORT]")
	}
	wait := connectTimeout
	if w := o.value('w', ""); w != "" {
		d, err := sleepTime(w)
		if err != nil {
			t.Errorf("invalid number '%s'", w)
			return 1
		}
		wait = d
	}
	addr, err := resolve(ctx, t, args[0])
	if err != nil {
		t.Errorf("bad address '%s'", args[0])
		return 1
	}
	dial, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	c, err := t.Net.DialContext(dial, "tcp", net.JoinHostPort(addr, args[1]))
	where := fmt.Sprintf("%s (%s:%s)", args[0], addr, args[1])
	if err != nil {
		if o.has('v') {
			t.Errorf("%s: %s", where, dialText(err))
		}
		return 1
	}
	defer c.Close()
	if o.has('v') {
		fmt.Fprintf(t.Err, "%s open\n", where)
	}
	if o.has('z') {
		return 0
	}
	return splice(ctx, t, c)
}

// splice carries bytes between a connection and the program's streams until the other side ends.
func splice(ctx context.Context, t *task.Task, c net.Conn) int {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(c, stream.Bind(reading, t.In))
		if w, ok := c.(interface{ CloseWrite() error }); ok && reading.Err() == nil {
			_ = w.CloseWrite()
		}
	}()
	_, _ = io.Copy(t.Out, c)
	if ctx.Err() != nil {
		return task.CodeOf(ctx)
	}
	return 0
}

func ncListen(ctx context.Context, t *task.Task, port string, keep, verbose bool) int {
	l, err := t.Net.Listen(ctx, "tcp", ":"+port)
	if err != nil {
		if strings.Contains(err.Error(), "in use") {
			t.Errorf("bind: Address already in use")
		} else {
			t.Errorf("bad port '%s'", port)
		}
		return 1
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	defer l.Close()
	if verbose {
		fmt.Fprintf(t.Err, "listening on [::]:%s ...\n", port)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return task.CodeOf(ctx)
		}
		if verbose {
			fmt.Fprintf(t.Err, "connect to %s from %s\n", c.LocalAddr(), c.RemoteAddr())
		}
		code := splice(ctx, t, c)
		_ = c.Close()
		if !keep || ctx.Err() != nil {
			return code
		}
	}
}

// resolver is what /etc/resolv.conf says.
type resolver struct {
	server string
	search []string
	ndots  int
}

func resolvConf(t *task.Task) resolver {
	r := resolver{server: "10.96.0.10", ndots: 1}
	b, _ := t.FS.ReadFile("/etc/resolv.conf")
	lines := bufio.NewScanner(strings.NewReader(string(b)))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "nameserver":
			r.server = f[1]
		case "search":
			r.search = f[1:]
		case "options":
			for _, o := range f[1:] {
				if n, ok := strings.CutPrefix(o, "ndots:"); ok {
					r.ndots, _ = strconv.Atoi(n)
				}
			}
		}
	}
	return r
}

// names are the full names that are asked for one after the other.
func (r resolver) names(name string) []string {
	if strings.HasSuffix(name, ".") {
		return []string{name}
	}
	var out []string
	for _, s := range r.search {
		out = append(out, name+"."+strings.TrimSuffix(s, ".")+".")
	}
	if strings.Count(name, ".") >= r.ndots {
		return append([]string{name + "."}, out...)
	}
	return append(out, name+".")
}

func nslookup(ctx context.Context, t *task.Task) int {
	typ := "A"
	var args []string
	for _, a := range t.Args[1:] {
		low := strings.ToLower(a)
		if v, ok := strings.CutPrefix(low, "-type="); ok {
			typ = strings.ToUpper(v)
		} else if v, ok := strings.CutPrefix(low, "-q="); ok {
			typ = strings.ToUpper(v)
		} else if v, ok := strings.CutPrefix(low, "-querytype="); ok {
			typ = strings.ToUpper(v)
		} else if !strings.HasPrefix(a, "-") {
			args = append(args, a)
		}
	}
	if len(args) == 0 {
		return usage(t, "[-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]")
	}
	r := resolvConf(t)
	if len(args) > 1 {
		r.server = args[1]
	}
	t.Printf("Server:\t\t%s\nAddress:\t%s:53\n\n", r.server, r.server)
	query, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	name := args[0]
	if a, err := netip.ParseAddr(name); err == nil {
		return reverse(query, t, a)
	}
	for _, full := range r.names(name) {
		answers, err := t.Net.Lookup(query, typ, full)
		if err != nil || len(answers) == 0 {
			if d, ok := errors.AsType[*net.DNSError](err); err != nil && (!ok || !d.IsNotFound) {
				fmt.Fprintf(t.Err, ";; connection timed out; no servers could be reached\n\n")
				return 1
			}
			continue
		}
		printAnswers(t, typ, strings.TrimSuffix(full, "."), answers)
		return 0
	}
	t.Printf("** server can't find %s: NXDOMAIN\n\n", strings.TrimSuffix(name, "."))
	return 1
}

func printAnswers(t *task.Task, typ, name string, answers []string) {
	for _, a := range answers {
		switch typ {
		case "A", "AAAA":
			t.Printf("Name:\t%s\nAddress: %s\n", name, a)
		case "SRV":
			t.Printf("%s\tservice = %s\n", name, a)
		case "CNAME":
			t.Printf("%s\tcanonical name = %s\n", name, a)
		case "PTR":
			t.Printf("%s\tname = %s\n", name, a)
		default:
			t.Printf("%s\t%s = %s\n", name, strings.ToLower(typ), a)
		}
	}
	t.Printf("\n")
}

func reverse(ctx context.Context, t *task.Task, a netip.Addr) int {
	parts := strings.Split(a.String(), ".")
	if len(parts) != 4 {
		t.Printf("** server can't find %s: NXDOMAIN\n\n", a)
		return 1
	}
	name := parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0] + ".in-addr.arpa"
	answers, err := t.Net.Lookup(ctx, "PTR", name+".")
	if err != nil || len(answers) == 0 {
		t.Printf("** server can't find %s: NXDOMAIN\n\n", name)
		return 1
	}
	printAnswers(t, "PTR", name, answers)
	return 0
}

// getent knows hosts and ahosts.
func getent(ctx context.Context, t *task.Task) int {
	if len(t.Args) < 3 || !strings.Contains(t.Args[1], "hosts") {
		fmt.Fprintf(t.Err, "Usage: getent hosts NAME\n")
		return 1
	}
	code := 0
	for _, name := range t.Args[2:] {
		a, err := resolve(ctx, t, name)
		if err != nil {
			code = 2
			continue
		}
		t.Printf("%-15s %s\n", a, name)
	}
	return code
}

// ping resolves the name and says what a container without the right to raw sockets says: there is no
// ICMP on the Pod network.
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
	t.Errorf("permission denied (are you root?)")
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
