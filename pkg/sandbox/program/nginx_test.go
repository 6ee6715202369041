package program_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
)

// client speaks HTTP to a pod.
func (p *pod) client(port int) *http.Client {
	return &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return p.dial(ctx, port)
		}}}
}

func (p *pod) get(port int, path string, headers ...string) (*http.Response, string) {
	p.t.Helper()
	return p.request(http.MethodGet, port, path, headers...)
}

func (p *pod) request(method string, port int, path string, headers ...string) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequest(method, "http://web"+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := p.client(port).Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp, string(b)
}

func TestNginxServes(t *testing.T) {
	p := newPod(t, "nginx:1.27")
	r := p.main()
	r.until("start worker process ")
	resp, body := p.get(80, "/")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "<title>Welcome to nginx!</title>") {
		t.Errorf("/: %s\n%s", resp.Status, body)
	}
	for name, want := range map[string]string{"Server": "nginx/1.27.5", "Content-Type": "text/html", "Accept-Ranges": "bytes"} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if resp, _ := p.get(80, "/", "If-None-Match", resp.Header.Get("ETag")); resp.StatusCode != http.StatusNotModified {
		t.Errorf("with the tag: %s", resp.Status)
	}
	if resp, body := p.get(80, "/", "Range", "bytes=0-8"); resp.StatusCode != http.StatusPartialContent || body != "<!DOCTYPE" {
		t.Errorf("range: %s %q", resp.Status, body)
	}
	if resp, body := p.get(80, "/nope"); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "<hr><center>nginx/1.27.5</center>") {
		t.Errorf("/nope: %s\n%s", resp.Status, body)
	}
	if resp, body := p.request(http.MethodHead, 80, "/"); resp.StatusCode != http.StatusOK || body != "" || resp.ContentLength <= 0 {
		t.Errorf("HEAD: %s %d %q", resp.Status, resp.ContentLength, body)
	}
	if resp, _ := p.request(http.MethodPost, 80, "/"); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", resp.Status)
	}
	r.until(`"GET /nope HTTP/1.1" 404`)
	r.until(`open() "/usr/share/nginx/html/nope" failed (2: No such file or directory), client: `)
	if !strings.Contains(r.out.String(), `"GET / HTTP/1.1" 200 `) || strings.Contains(r.out.String(), "[error]") {
		t.Errorf("access log: %s", r.out)
	}
	r.signal(syscall.SIGTERM)
	if code := r.wait(); code != 0 {
		t.Errorf("exit code after TERM: %d", code)
	}
	r.until("signal 15 (SIGTERM) received, exiting")
}

func TestNginxFollowsItsConfigMap(t *testing.T) {
	p := newPod(t, "nginx:1.29")
	// As the kubelet writes a ConfigMap: a folder by time, a link to it, links through it.
	vol := filepath.Join(p.dir, "vol")
	publish := func(version, text string) {
		t.Helper()
		must(t, os.MkdirAll(filepath.Join(vol, version), 0o755))
		must(t, os.WriteFile(filepath.Join(vol, version, "index.html"), []byte(text), 0o644))
		must(t, os.Symlink(version, filepath.Join(vol, "..data_tmp")))
		must(t, os.Rename(filepath.Join(vol, "..data_tmp"), filepath.Join(vol, "..data")))
	}
	publish("..2024_1", "first\n")
	must(t, os.Symlink("..data/index.html", filepath.Join(vol, "index.html")))
	p.spec.Mounts = []container.Mount{{Path: "/usr/share/nginx/html", Source: vol, ReadOnly: true}}
	p.main().until("start worker process ")
	if _, body := p.get(80, "/"); body != "first\n" {
		t.Errorf("got %q", body)
	}
	publish("..2024_2", "second\n")
	if _, body := p.get(80, "/index.html"); body != "second\n" {
		t.Errorf("after the update got %q", body)
	}
	if _, errs, code := p.sh("echo x > /usr/share/nginx/html/index.html"); code == 0 || !strings.Contains(errs, "Read-only file system") {
		t.Errorf("write to the volume: code %d, %q", code, errs)
	}
	if out, _, _ := p.sh("ls -a /usr/share/nginx/html; cat /usr/share/nginx/html/index.html"); !strings.Contains(out, "..data") || !strings.HasSuffix(out, "second\n") {
		t.Errorf("shell sees %q", out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *pod) write(name, text string) {
	p.t.Helper()
	must(p.t, os.MkdirAll(filepath.Dir(filepath.Join(p.spec.Root, name)), 0o755))
	must(p.t, os.WriteFile(filepath.Join(p.spec.Root, name), []byte(text), 0o644))
}

func TestNginxConfiguration(t *testing.T) {
	p := newPod(t, "nginx:alpine")
	p.write("etc/nginx/conf.d/default.conf", `
# a comment
server {
    listen 8080;
    server_name _;
    add_header X-Pod $hostname;
    location = /exact { return 200 "exact\n"; }
    location /text { default_type text/plain; return 200 'you are $remote_addr at $uri\n'; }
    location /old { return 301 /new; }
    location /gone { return 410; }
    location /files/ { alias /srv/files/; autoindex on; }
    location /status { stub_status; }
    location /api/ { proxy_pass http://127.0.0.1:9090/; proxy_set_header X-Real-IP $remote_addr; }
    location /down { proxy_pass http://127.0.0.1:1; }
    location ~ \.php$ { return 403; }
    location / { root /srv/www; index start.html; try_files $uri $uri/ /fallback.html; }
}
server {
    listen 9090;
    location / { return 200 "upstream $request_uri $http_x_real_ip\n"; }
}
`)
	p.write("srv/www/start.html", "start\n")
	p.write("srv/www/fallback.html", "fallback\n")
	p.write("srv/files/a.json", "{}")
	r := p.main("nginx", "-g", "daemon off;")
	r.until("start worker process ")
	for _, c := range []struct {
		path string
		code int
		body string
	}{
		{"/exact", 200, "exact\n"}, {"/exact/not", 200, "fallback\n"}, {"/text/x", 200, "you are "}, {"/old", 301, "301 Moved Permanently"},
		{"/gone", 410, "410 Gone"}, {"/files/a.json", 200, "{}"}, {"/files/", 200, `<a href="a.json">`}, {"/files/../../etc/passwd", 200, "fallback\n"}, {"/status", 200, "Active connections: 1"},
		{"/api/v1?q=1", 200, "upstream /v1?q=1 "}, {"/down", 502, "502 Bad Gateway"}, {"/x.php", 403, "403 Forbidden"}, {"/", 200, "start\n"}, {"/none", 200, "fallback\n"},
	} {
		resp, body := p.get(8080, c.path)
		if resp.StatusCode != c.code || !strings.Contains(body, c.body) {
			t.Errorf("%s: %s\n%s\nwant %d %q", c.path, resp.Status, body, c.code, c.body)
		}
		if c.code < 400 && resp.Header.Get("X-Pod") != "web-0" {
			t.Errorf("%s: X-Pod %q", c.path, resp.Header.Get("X-Pod"))
		}
	}
	if resp, _ := p.get(8080, "/files/a.json"); resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("type of a.json: %s", resp.Header.Get("Content-Type"))
	}
	if out, _, code := p.sh("nginx -t 2>&1; nginx -v 2>&1; ps"); code != 0 || !strings.Contains(out, "test is successful") || !strings.Contains(out, "nginx version: nginx/1.29.3") || !strings.Contains(out, "nginx: master process") {
		t.Errorf("code %d, out %s", code, out)
	}
	p.write("etc/nginx/conf.d/default.conf", "server { listen 8080; location / { return 200 'reloaded\n'; } }")
	if _, errs, code := p.sh("nginx -s reload"); code != 0 {
		t.Errorf("reload: %d %s", code, errs)
	}
	r.until("reconfiguring")
	waitFor(t, func() bool { _, body := p.get(8080, "/"); return body == "reloaded\n" })
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("it did not happen")
}

func TestNginxRefuses(t *testing.T) {
	for _, c := range []struct{ conf, err string }{
		{"server {\n  listen 80;\n  foo bar;\n}\n", `nginx: [emerg] unknown directive "foo" in /etc/nginx/conf.d/default.conf:3`},
		{"server {\n  listen 80\n}\n", `nginx: [emerg] unexpected "}" in /etc/nginx/conf.d/default.conf:3`},
		{"server {\n  listen 80;\n", `nginx: [emerg] unexpected end of file, expecting "}" in /etc/nginx/conf.d/default.conf:3`},
		{"server { location / { proxy_pass http://127.0.0.1; rewrite a b; } }", `nginx: [emerg] directive "rewrite" is not in the sandbox's nginx in /etc/nginx/conf.d/default.conf:1`},
		{"server { location / { proxy_pass http://nowhere:80; } }", `nginx: [emerg] host not found in upstream "nowhere:80"`},
		{"server { listen 0; }", `nginx: [emerg] invalid port in "0" of the "listen" directive in /etc/nginx/conf.d/default.conf:1`},
	} {
		p := newPod(t, "nginx:1.28")
		p.write("etc/nginx/conf.d/default.conf", c.conf)
		r := p.main()
		if code := r.wait(); code != 1 || !strings.Contains(r.err.String(), c.err) {
			t.Errorf("%q: code %d, said %s\nwant %s", c.conf, code, r.err, c.err)
		}
	}
}

func TestPortInUse(t *testing.T) {
	p := newPod(t, "nginx:1.27")
	p.main().until("start worker process ")
	r := p.exec("", "nginx", "-g", "daemon off;")
	if code := r.wait(); code != 1 || !strings.Contains(r.err.String(), "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)") {
		t.Errorf("code %d, said %s", code, r.err)
	}
}

func TestTemplates(t *testing.T) {
	p := newPod(t, "nginx:1.27")
	p.spec.Env = append(p.spec.Env, "PORT=8081", "GREETING=hello")
	p.write("etc/nginx/templates/default.conf.template", "server { listen ${PORT}; location / { return 200 \"${GREETING} $uri\\n\"; } }")
	r := p.main()
	r.until("start worker process ")
	r.until("20-envsubst-on-templates.sh: Running envsubst on /etc/nginx/templates/default.conf.template to /etc/nginx/conf.d/default.conf")
	if _, body := p.get(8081, "/x"); body != "hello /x\n" {
		t.Errorf("got %q", body)
	}
}

func TestHttpd(t *testing.T) {
	p := newPod(t, "httpd:2.4")
	r := p.main()
	r.until("resuming normal operations")
	resp, body := p.get(80, "/")
	if body != "<html><body><h1>It works!</h1></body></html>\n" || resp.Header.Get("Server") != "Apache/2.4.65 (Unix)" {
		t.Errorf("/: %s %q", resp.Header, body)
	}
	if resp, body := p.get(80, "/nope"); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "<h1>Not Found</h1>") {
		t.Errorf("/nope: %s %s", resp.Status, body)
	}
	r.until(`"GET /nope HTTP/1.1" 404 `)
	if out, _, _ := p.sh("ps 2>&1 || cat /proc/1/cmdline | tr '\\0' ' '"); !strings.Contains(out, "httpd -DFOREGROUND") {
		t.Errorf("process 1: %s", out)
	}
	r.signal(syscall.SIGTERM)
	if code := r.wait(); code != 0 {
		t.Errorf("exit code after TERM: %d", code)
	}
	r.until("AH00491: caught SIGTERM, shutting down")
}

func TestHTTPEcho(t *testing.T) {
	p := newPod(t, "hashicorp/http-echo")
	r := p.main("/http-echo", "-text=hello", "-listen=:8080")
	r.until("server is listening on :8080")
	resp, body := p.get(8080, "/any")
	if body != "hello\n" || resp.Header.Get("X-App-Name") != "http-echo" || resp.Header.Get("X-App-Version") != "1.0.0" {
		t.Errorf("%s %q", resp.Header, body)
	}
	if _, body := p.get(8080, "/health"); body != "{\"status\":\"ok\"}\n" {
		t.Errorf("/health: %q", body)
	}
	r.signal(syscall.SIGTERM)
	if code := r.wait(); code != 0 {
		t.Errorf("exit code after TERM: %d", code)
	}
	r = p.main("/http-echo")
	if code := r.wait(); code != 127 || r.err.String() != "Missing -text option!\n" {
		t.Errorf("code %d, said %q", code, r.err)
	}
}
