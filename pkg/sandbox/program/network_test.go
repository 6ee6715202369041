package program_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// names is a resolver with one Service, web (10.96.3.4), whose Pod is 10.244.1.5.
type names struct{}

func (names) Resolve(ctx context.Context, from podnet.Source, _, host string, port int) (string, error) {
	switch host {
	case "web", "web.learn.svc.cluster.local", "10.96.3.4":
		if port == 81 {
			return "", podnet.Refused
		}
		return fmt.Sprintf("10.244.1.5:%d", port), nil
	case "10.96.9.9":
		<-ctx.Done()
		return "", podnet.Timeout
	case "10.244.1.5":
		return fmt.Sprintf("%s:%d", host, port), nil
	}
	return "", podnet.NoSuchHost
}

func (names) Lookup(_ context.Context, _ podnet.Source, typ, name string) ([]string, error) {
	switch strings.TrimSuffix(name, ".") {
	case "web", "web.learn.svc.cluster.local":
		if typ == "A" {
			return []string{"10.96.3.4"}, nil
		}
		return nil, nil
	case "slow":
		return []string{"10.96.9.9"}, nil
	case "other.learn.svc.cluster.local":
		if typ == "CNAME" {
			return []string{"example.com."}, nil
		}
		return nil, nil
	case "near.learn.svc.cluster.local":
		return map[string][]string{"A": {"10.96.3.4"}, "CNAME": {"web.learn.svc.cluster.local."}}[typ], nil
	case "4.3.96.10.in-addr.arpa":
		return []string{"web.learn.svc.cluster.local."}, nil
	}
	return nil, podnet.NoSuchHost
}

// client returns a second pod that reaches p through a proxy.
func (p *pod) neighbour(ref string) *pod {
	p.t.Helper()
	c := newPod(p.t, ref)
	n := podnet.Network{Dir: filepath.Join(p.dir, "net")}
	dir, err := n.AddPod("10.244.1.9")
	must(p.t, err)
	c.spec.Net, c.spec.PodIP, c.spec.Hostname, c.spec.Pod = dir, "10.244.1.9", "client", "client"
	l, err := net.Listen("unix", c.spec.Proxy)
	must(p.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = (&podnet.Proxy{Network: n, Resolver: names{}}).Serve(ctx, l) }()
	p.t.Cleanup(func() { cancel(); <-done })
	resolv := filepath.Join(c.dir, "resolv.conf")
	must(p.t, os.WriteFile(resolv, []byte("nameserver 10.96.0.10\nsearch learn.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"), 0o644))
	c.spec.Mounts = append(c.spec.Mounts, container.Mount{Path: "/etc/resolv.conf", Source: resolv})
	return c
}

type netCase struct {
	script, out, err string
	code             int
}

func (c netCase) check(t *testing.T, p *pod) {
	t.Helper()
	out, errs, code := p.sh(c.script)
	if !strings.Contains(out, c.out) || c.out == "" && out != "" || !strings.Contains(errs, c.err) || c.err == "" && errs != "" || code != c.code {
		t.Errorf("%s\nout  %q\nwant %q\nerr  %q\nwant %q\ncode %d, want %d", c.script, out, c.out, errs, c.err, code, c.code)
	}
}

func TestWget(t *testing.T) {
	web := newPod(t, "nginx:1.27")
	main := web.main()
	main.until("start worker process ")
	p := web.neighbour("busybox")
	for _, c := range []netCase{
		{"wget -qO- http://web", "Welcome to nginx!", "", 0},
		{"wget -q -O - -T 5 web:80/50x.html", "An error occurred.", "", 0},
		{"wget -O- http://web/", "Welcome", "Connecting to web (10.96.3.4:80)\nwriting to stdout\n", 0},
		{"wget -O- http://web:80/", "Welcome", "Connecting to web:80 (10.96.3.4:80)\nwriting to stdout\n", 0},
		{"cd /tmp && wget web && ls", "index.html\n", "saving to 'index.html'\n", 0},
		{"wget -qO- foo", "", "wget: bad address 'foo'\n", 1},
		{"wget -qO- http://web:81", "", "wget: can't connect to remote host (10.96.3.4): Connection refused\n", 1},
		{"wget -qO- http://10.244.1.5:8080", "", "wget: can't connect to remote host (10.244.1.5): Connection refused\n", 1},
		{"wget -q -O- web/nope", "", "wget: server returned error: HTTP/1.1 404 Not Found\n", 1},
		{"wget -q -T 0.2 -O- http://10.96.9.9/", "", "wget: download timed out\n", 1},
		{"wget -S -q -O /dev/null web", "", "Server: nginx/1.27.5\n", 0},
		{"wget -q --spider web && echo there", "there\n", "", 0},
		{"wget --header 'Host: x' -qO- web | head -n 1", "<!DOCTYPE html>\n", "", 0},
		{"nc -z -w 20 web 80 && echo open", "open\n", "", 0},
		{"nc -zv web 80", "", "web (10.96.3.4:80) open\n", 0},
		{"nc -u -l -p 99 -w 1 > /tmp/heard & until grep -qs hi /tmp/heard; do echo hi | nc -u -w 0.2 127.0.0.1 99; done; echo heard", "heard\n", "", 0},
		{"nc -z web 81", "", "", 1},
		{"nc -zv web 81", "", "nc: web (10.96.3.4:81): Connection refused\n", 1},
		{"printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | nc web 80 | head -n 1", "HTTP/1.0 200 OK", "", 0},
		{"nslookup web", "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\tweb.learn.svc.cluster.local\nAddress: 10.96.3.4\n\n** server can't find web.svc.cluster.local: NXDOMAIN\n", "", 0},
		{"nslookup nope.org", "** server can't find nope.org: NXDOMAIN\n\n** server can't find nope.org: NXDOMAIN\n", "", 1},
		{"nslookup web.learn", "** server can't find web.learn: NXDOMAIN\n", "", 1},
		{"nslookup other.learn.svc.cluster.local", "other.learn.svc.cluster.local\tcanonical name = example.com\n", "", 0},
		{"nslookup near.learn.svc.cluster.local", "near.learn.svc.cluster.local\tcanonical name = web.learn.svc.cluster.local\nName:\tweb.learn.svc.cluster.local\nAddress: 10.96.3.4\n\nnear.learn.svc.cluster.local\tcanonical name = web.learn.svc.cluster.local\n\n", "", 0},
		{"nslookup 10.96.3.4", "4.3.96.10.in-addr.arpa\tname = web.learn.svc.cluster.local\n", "", 0},
		{"wget -qO- http://foo:81/x", "", "wget: bad address 'foo:81'\n", 1},
		{"ping -c 1 web", "PING web (10.96.3.4): 56 data bytes\n", "ping: the sandbox's network has TCP and UDP, and no ICMP: try nc -zv web PORT, or wget\n", 1},
		{"ping foo", "", "ping: bad address 'foo'\n", 1},
		{"hostname -i; hostname", "10.244.1.9\nclient\n", "", 0},
		{"(nc -l -p 9000 > /tmp/got &) ; until nc -z localhost 9000; do sleep 0.05; done", "", "", 0},
	} {
		c.check(t, p)
	}
	main.until("10.244.1.9 - - [")
	shoot := web.neighbour("nicolaka/netshoot")
	for _, c := range []netCase{
		{"echo x | nc -v -t -w 20 web 80", "400 Bad Request", "Connection to web (10.96.3.4) 80 port [tcp/*] succeeded!\n", 0},
		{"nc -zv -w 20 web 81", "", "nc: connect to web (10.96.3.4) port 81 (tcp) failed: Connection refused\n", 1},
		{"sleep 1 | nc -w 0.2 web 80; echo ended", "ended\n", "", 0},
		{"curl -q -s web; dig +short web.learn.svc.cluster.local", "10.96.3.4\n", "", 0},
	} {
		c.check(t, shoot)
	}
}

func TestCurl(t *testing.T) {
	web := newPod(t, "nginx:1.27")
	web.write("etc/nginx/conf.d/default.conf", `server { listen 80; location / { root /usr/share/nginx/html; }
location /method { return 200 "$request_method $http_x_y $content_type\n"; } location /moved { return 302 /; } location /busy { return 503; } location /drop { return 444; } }`)
	web.main().until("start worker process ")
	p := web.neighbour("curlimages/curl:8.12.1")
	for _, c := range []netCase{
		{"curl -s web", "Welcome to nginx!", "", 0},
		{"curl -sS http://web/nope", "404 Not Found", "", 0},
		{"curl -fsS http://web/nope", "", "curl: (22) The requested URL returned error: 404\n", 22},
		{"curl -s -o /dev/null -w '%{http_code}\\n' web/nope", "404\n", "", 0},
		{"curl foo", "", "curl: (6) Could not resolve host: foo\n", 6},
		{"curl -s foo", "", "", 6},
		{"curl http://web:81", "", "curl: (7) Failed to connect to web port 81 after ", 7},
		{"curl http://web:81", "", " ms: Could not connect to server\n", 7},
		{"curl -m 0.2 http://10.96.9.9", "", "curl: (28) Connection timed out after ", 28},
		{"curl -I -s web", "HTTP/1.1 200 OK\r\nServer: nginx/1.27.5\r\n", "", 0},
		{"curl -si web/moved", "Location: http://web/\r\n", "", 0},
		{"curl -sL web/moved", "Welcome to nginx!", "", 0},
		{"curl -s -X DELETE -H 'X-Y: z' web/method", "DELETE z ", "", 0},
		{"curl -s -d a=b web/method", "POST ", "", 0},
		{"curl -sv web/method", "GET", "> GET /method HTTP/1.1\n> Host: web\n> User-Agent: curl/8.12.1\n> Accept: */*\n", 0},
		{"curl -s --retry 1 --retry-delay 0 --retry-connrefused web:81", "", "", 7},
		{"curl -sS web/drop", "", "curl: (52) Empty reply from server\n", 52},
		{"curl web", "Welcome", "% Total    % Received % Xferd", 0},
		{"curl -so /tmp/x web && head -n 1 /tmp/x", "<!DOCTYPE html>\n", "", 0},
		{"curl -s ftp://web", "", "", 1},
		{"curl --nonsense web", "", "curl: option --nonsense: is unknown\n", 2},
		{"curl", "", "curl: (2) no URL specified\n", 2},
		{"curl -sk https://web:80", "", "", 35},
		{"for i in 1 2 3; do curl -s -o /dev/null -w '%{http_code} ' web/busy; done", "503 503 503 ", "", 0},
	} {
		c.check(t, p)
	}
}

func TestInterruptedDownload(t *testing.T) {
	web := newPod(t, "nginx:1.27")
	p := web.neighbour("busybox")
	tty := p.terminal("sh")
	tty.until("# ")
	tty.keys("wget -O- http://10.96.9.9\r")
	tty.until("Connecting to 10.96.9.9 (10.96.9.9:80)")
	began := time.Now()
	tty.keys("\x03")
	tty.keys("echo got $?\r")
	tty.until("got 130\r\n")
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("Ctrl-C took %v", d)
	}
}
