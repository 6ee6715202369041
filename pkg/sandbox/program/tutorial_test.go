package program_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// image starts a container of the image and returns a neighbour that can ask it as http://web.
func served(t *testing.T, ref, ready string, args ...string) (main *run, web, client *pod) {
	t.Helper()
	web = newPod(t, ref)
	if len(args) > 0 {
		args = append(append([]string{}, web.image.Entrypoint...), args...)
	}
	main = web.main(args...)
	client = web.neighbour("curlimages/curl:8.12.1")
	if ready != "" {
		main.until(ready)
	}
	return main, web, client
}

func TestHelloApp(t *testing.T) {
	for tag, version := range map[string]string{"1.0": "1.0.0", "2.0": "2.0.0"} {
		main, _, c := served(t, "gcr.io/google-samples/hello-app:"+tag, "Server listening on port 8080\n")
		netCase{"curl -s web:8080/x", "Hello, world!\nVersion: " + version + "\nHostname: web-0\n", "", 0}.check(t, c)
		main.until(" Serving request: /x\n")
		main.signal(term)
		if code := main.wait(); code != 2 {
			t.Errorf("a Go program that minds no signal ends with %d, want 2", code)
		}
	}
}

func TestBootcamp(t *testing.T) {
	for _, ref := range []string{"gcr.io/google-samples/kubernetes-bootcamp:v1", "jocatalin/kubernetes-bootcamp:v2"} {
		main, web, c := served(t, ref, "Kubernetes Bootcamp App Started At: ")
		version := ref[len(ref)-1:]
		netCase{"curl -s http://web:8080", "Hello Kubernetes bootcamp! | Running on: web-0 | v=" + version + "\n", "", 0}.check(t, c)
		main.until("Running On: web-0 | Total Requests: 1 | App Uptime: ")
		// The tutorial looks into the container.
		if out, errs, code := web.sh("bash -c 'cat server.js | grep -c v=" + version + "; curl -s localhost:8080'"); !strings.HasPrefix(out, "1\nHello Kubernetes bootcamp!") || code != 0 {
			t.Errorf("inside: %q %q %d", out, errs, code)
		}
		if out, errs, code := web.sh("node other.js"); code != 1 || !strings.Contains(errs, "the sandbox has no JavaScript") {
			t.Errorf("another program: %q %q %d", out, errs, code)
		}
	}
}

func TestEchoServer(t *testing.T) {
	_, _, c := served(t, "registry.k8s.io/echoserver:1.4", "")
	awaitPort(t, c, 8080)
	netCase{"curl -s -d hi 'http://web:8080/a?b=c'", "CLIENT VALUES:\nclient_address=10.244.1.9\ncommand=POST\nreal path=/a?b=c\nquery=b=c\nrequest_version=1.1\nrequest_uri=http://web:8080/a\n\nSERVER VALUES:\nserver_version=nginx: 1.10.0 - lua: 10001\n\nHEADERS RECEIVED:\naccept=*/*\n", "", 0}.check(t, c)
	netCase{"curl -s -d hi web:8080", "BODY:\nhi", "", 0}.check(t, c)
	main, _, c := served(t, "k8s.gcr.io/echoserver:1.10", "Generating self-signed cert\n")
	netCase{"curl -s web:8080/", "\n\nHostname: web-0\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\tserver_version=nginx: 1.13.3 - lua: 10008\n\nRequest Information:\n\tclient_address=10.244.1.9\n\tmethod=GET\n\treal path=/\n", "", 0}.check(t, c)
	main.until(`10.244.1.9 - - [`)
	web := newPod(t, "registry.k8s.io/echoserver:1.10")
	web.spec.Env = append(web.spec.Env, "NODE_NAME=worker-1", "POD_NAME=web-0")
	web.main()
	c = web.neighbour("curlimages/curl:8.12.1")
	awaitPort(t, c, 8080)
	netCase{"curl -s web:8080/", "Pod Information:\n\tnode name:\tworker-1\n\tpod name:\tweb-0\n\n", "", 0}.check(t, c)
	_, _, c = served(t, "kicbase/echo-server:1.0", "Echo server listening on port 8080.\n")
	netCase{"curl -s -H 'X-A: b' web:8080/p", "Request served by web-0\n\nHTTP/1.1 GET /p\n\nHost: web:8080\nAccept: */*\nUser-Agent: curl/8.12.1\nX-A: b\n", "", 0}.check(t, c)
}

// awaitPort waits until a port of the Service web is open.
func awaitPort(t *testing.T, c *pod, port int) {
	t.Helper()
	if out, errs, code := c.sh(strings.ReplaceAll("until nc -z web PORT; do sleep 0.05; done", "PORT", itoa(port))); code != 0 {
		t.Fatalf("port %d does not open: %s %s", port, out, errs)
	}
}

// What hpa-example is for: each request costs CPU time.
func TestHPAExample(t *testing.T) {
	main, _, c := served(t, "registry.k8s.io/hpa-example", "Set the 'ServerName' directive globally")
	awaitPort(t, c, 80)
	before := cpuOf(t, main)
	netCase{"curl -si web", "HTTP/1.1 200 OK\r\n", "", 0}.check(t, c)
	netCase{"for i in 1 2 3 4 5 6 7 8 9 10; do curl -s web; done", strings.Repeat("OK!", 10), "", 0}.check(t, c)
	if used := cpuOf(t, main) - before; used < 11*2e6 || used > 11*1e9 {
		t.Errorf("11 requests took %v ns of CPU", used)
	}
	main.signal(term)
	if code := main.wait(); code != 0 {
		t.Errorf("ended with %d", code)
	}
}

func TestPython(t *testing.T) {
	main, web, c := served(t, "python:3.13-slim", "Serving HTTP on 0.0.0.0 port 8000 (http://0.0.0.0:8000/) ...\n", "python3", "-m", "http.server", "--directory", "/tmp/www")
	web.sh("mkdir -p '/tmp/www/sub dir'; echo page > /tmp/www/b.txt; touch /tmp/www/A.json")
	for _, n := range []netCase{
		{"curl -s web:8000/b.txt", "page\n", "", 0},
		{"curl -s web:8000/", "<title>Directory listing for /</title>\n</head>\n<body>\n<h1>Directory listing for /</h1>\n<hr>\n<ul>\n<li><a href=\"A.json\">A.json</a></li>\n<li><a href=\"b.txt\">b.txt</a></li>\n<li><a href=\"sub%20dir/\">sub dir/</a></li>\n</ul>", "", 0},
		{"curl -sI web:8000/b.txt", "Server: SimpleHTTP/0.6 Python/3.13.9\r\n", "", 0},
		{"curl -s -o /dev/null -w '%{http_code}' web:8000/none", "404", "", 0},
		{"curl -s -X POST -o /dev/null -w '%{http_code}' web:8000/", "501", "", 0},
		{"curl -s -o /dev/null -w '%{http_code}' --path-as-is web:8000/../../etc/passwd", "404", "", 0},
	} {
		n.check(t, c)
	}
	main.until(`10.244.1.9 - - [`)
	main.until(`"GET /none HTTP/1.1" 404 -`)
	for _, n := range []netCase{
		{"python3 --version; python -V", "Python 3.13.9\nPython 3.13.9\n", "", 0},
		{"python3 app.py", "", "python3: this python can do -m http.server only", 1},
		{"python3 -c 'print(1)'", "", "python3: this python can do -m http.server only", 1},
		{"python3", "", "this python can do -m http.server only", 1},
		{"python3 -m http.server x", "", "server.py: error: argument port: invalid int value: 'x'\n", 2},
		{"python3 -m http.server 8000", "", "python3: listen tcp 0.0.0.0:8000: bind: address already in use\n", 1},
	} {
		n.check(t, web)
	}
}

func TestPostgres(t *testing.T) {
	p := newPod(t, "postgres:16")
	r := p.main()
	if code := r.wait(); code != 1 || !strings.Contains(r.err.String(), "superuser password is not specified") {
		t.Errorf("without a password: %d %q", code, r.err)
	}
	p.spec.Env = append(p.spec.Env, "POSTGRES_PASSWORD=x")
	r = p.main()
	if code := r.wait(); code != 1 || !strings.Contains(r.err.String(), "The sandbox has no PostgreSQL") || !strings.Contains(r.err.String(), "redis:8") {
		t.Errorf("with one: %d %q", code, r.err)
	}
}

// What a rollout is seen by is the same in all places that tell a version.
func TestNginxVersionEverywhere(t *testing.T) {
	for ref, version := range map[string]string{"nginx:1.28": "1.28.0", "nginx:1.29": "1.29.3", "nginx:1.27-alpine": "1.27.5", "registry.k8s.io/e2e-test-images/nginx:1.28.0-2": "1.28.0"} {
		_, web, c := served(t, ref, "start worker process ")
		for _, n := range []netCase{
			{"curl -sI web", "Server: nginx/" + version + "\r\n", "", 0},
			{"curl -s web/none", "<hr><center>nginx/" + version + "</center>", "", 0},
			{"curl -sI web/none", "Server: nginx/" + version + "\r\n", "", 0},
		} {
			n.check(t, c)
		}
		if out, _, _ := web.sh("nginx -v 2>&1; nginx -V 2>&1 | head -n 1; echo $NGINX_VERSION"); strings.Count(out, version) != 3 {
			t.Errorf("%s: inside: %s", ref, out)
		}
	}
	for _, ref := range []string{"nginx:1.29.9", "nginx:1.30", "redis:9", "kubectl-learn/greeter:4.0", "gcr.io/google-samples/kubernetes-bootcamp:v10", "python:2"} {
		if _, err := program.Lookup(ref); err == nil {
			t.Errorf("%s was never made, and is there", ref)
		}
	}
}

// The images of Kubernetes' own tests, and what the tests do in them.
func TestE2EImages(t *testing.T) {
	const at = "registry.k8s.io/e2e-test-images/"
	_, _, c := served(t, at+"nautilus:1.8", "")
	awaitPort(t, c, 80)
	netCase{"curl -s web/data.json", `"image": "nautilus.jpg"`, "", 0}.check(t, c)
	for _, x := range []struct{ image, script, want string }{
		{"kitten:1.8", "grep -c kitten.jpg /data.json; grep -c 'Alpine Linux' /etc/os-release", `^1\n2\n$`},
		{"nonewprivs:1.4", "nnp", `^Effective uid: \d+\n$`},
		{"busybox:1.37.0-2", "printf '\\336\\312\\376\\272\\320\\376\\377' | hexdump -C", `^00000000  de ca fe ba d0 fe ff {30}\|\.{7}\|\n00000007\n$`},
		{"busybox:1.37.0-2", "printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' | hexdump -C", `^00000000  61 .*\|\n\*\n00000030  62 {48}\|b\|\n00000031\n$`},
		{"busybox:1.37.0-2", "ip link add dummy0 type dummy 2>&1 || true", `^ip: RTNETLINK answers: Operation not permitted\n$`},
	} {
		p := newPod(t, at+x.image)
		if out, errs, _ := p.sh(x.script); !regexp.MustCompile(x.want).MatchString(out) {
			t.Errorf("%s: %s: %q %q, want %s", x.image, x.script, out, errs, x.want)
		}
	}
	if img, err := program.Lookup(at + "nonroot:1.5"); err != nil || img.User != "1234" {
		t.Errorf("nonroot: %v %v", img, err)
	}
}

func TestDig(t *testing.T) {
	p := newPod(t, "nginx:1.27").neighbour("registry.k8s.io/e2e-test-images/glibc-dns-testing:2.1.1")
	for _, c := range []netCase{
		{"dig +notcp +noall +answer +search web A", "web.learn.svc.cluster.local.\t30\tIN\tA\t10.96.3.4\n", "", 0},
		{"dig +tcp +noall +answer +search web.learn.svc.cluster.local A", "web.learn.svc.cluster.local.\t30\tIN\tA\t10.96.3.4\n", "", 0},
		{"dig +noall +answer +search 4.3.96.10.in-addr.arpa. PTR", "4.3.96.10.in-addr.arpa.\t30\tIN\tPTR\tweb.learn.svc.cluster.local.\n", "", 0},
		{"dig +short A web.learn.svc.cluster.local; dig PTR +short 4.3.96.10.in-addr.arpa.", "10.96.3.4\nweb.learn.svc.cluster.local.\n", "", 0},
		{"dig +noall +answer near.learn.svc.cluster.local", "near.learn.svc.cluster.local.\t30\tIN\tCNAME\tweb.learn.svc.cluster.local.\nweb.learn.svc.cluster.local.\t30\tIN\tA\t10.96.3.4\n", "", 0},
		{"host near; host other", "near.learn.svc.cluster.local is an alias for web.learn.svc.cluster.local.\nweb.learn.svc.cluster.local has address 10.96.3.4\nother.learn.svc.cluster.local is an alias for example.com.\n", "", 0},
		{"dig -x 10.96.3.4 +short", "web.learn.svc.cluster.local.\n", "", 0},
		{"dig +short other.learn.svc.cluster.local CNAME", "example.com.\n", "", 0},
		{"dig +noall +answer +search nope.org", "", "", 0},
		{"dig nope.org | grep status", "status: NXDOMAIN", "", 0},
		{"host web", "web.learn.svc.cluster.local has address 10.96.3.4\n", "", 0},
		{"host nope", "Host nope not found: 3(NXDOMAIN)\n", "", 1},
		{"getent hosts web", "10.96.3.4", "", 0},
	} {
		c.check(t, p)
	}
}

// Each image says what it is, and messages name those that people ask for.
func TestImagesAreDescribed(t *testing.T) {
	for _, img := range program.Images() {
		if img.About == "" {
			t.Errorf("%s says nothing of itself", img.Repository)
		}
	}
	_, err := program.Lookup("nope/nothing:1")
	for _, want := range []string{"redis", "kubectl-learn/greeter", "gcr.io/google-samples/hello-app", "kubectl learn cluster images"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	if n := len(err.Error()); n > 900 || strings.Contains(err.Error(), "e2e-test-images") {
		t.Errorf("the message has %d characters: %v", n, err)
	}
}
