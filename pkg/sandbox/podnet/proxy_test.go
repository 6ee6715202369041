package podnet_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// serveHTTP answers each request with a word, its host and its path.
func serveHTTP(t *testing.T, l net.Listener, word string) {
	t.Helper()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if strings.HasPrefix(name, "Podnet-") || strings.HasPrefix(name, "Proxy-") || name == "X-Forwarded-For" {
				t.Errorf("the server got the proxy's header %s", name)
			}
		}
		_, _ = fmt.Fprint(w, word, " ", r.Host, " ", r.URL.Path)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

// terminal is a client that uses the proxy as curl --proxy http://NAMESPACE@127.0.0.1:PORT does.
func (w *world) terminal(userinfo string) *http.Client {
	proxy := &url.URL{Scheme: "http", Host: "proxy:80", User: url.User(userinfo)}
	transport := &http.Transport{
		Proxy: http.ProxyURL(proxy),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", w.proxy)
		},
	}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func TestForwardedRequest(t *testing.T) {
	w := newWorld(t)
	serveHTTP(t, listen(t, w.pod(podA), ":8080"), "page")
	w.resolver.set("tcp "+service+":80", podA+":8080")
	client := w.terminal("learn-heal")
	for _, tt := range []struct {
		url    string
		status int
		reason podnet.Reason
		body   string
	}{
		{"http://web/dns", 200, "", "page web /dns"},
		{"http://" + podA + ":8080/a", 200, "", "page " + podA + ":8080 /a"},
		{"http://nowhere/", 502, podnet.NoSuchHost, "lookup nowhere: no such host"},
		{"http://" + service + ":81/", 502, podnet.Refused, "connect 10.96.0.50:81: connection refused"},
		{"http://" + podA + ":1/", 502, podnet.Refused, "dial tcp 10.244.1.5:1: connect: connection refused"},
		{"http://93.184.215.14/", 502, podnet.Outside, "network is unreachable"},
	} {
		resp, err := client.Get(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		reason := podnet.Reason(resp.Header.Get(podnet.ErrorHeader))
		if resp.StatusCode != tt.status || reason != tt.reason || !strings.Contains(string(body), tt.body) {
			t.Errorf("GET %s: %d %q %q, want %d %q %q", tt.url, resp.StatusCode, reason, body, tt.status, tt.reason, tt.body)
		}
	}
	req, err := http.NewRequestWithContext(testContext(t), http.MethodGet, "http://web/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(podnet.NamespaceHeader, "learn-heal")
	req.Header.Set(podnet.NetworkHeader, "tcp")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	for _, from := range w.resolver.sources() {
		if from.Namespace != "learn-heal" || from.Addr.IsValid() {
			t.Errorf("the resolver was asked by %+v", from)
		}
	}
}

func TestProxyIsNoWebServer(t *testing.T) {
	w := newWorld(t)
	c, err := net.Dial("unix", w.proxy)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, c, "GET / HTTP/1.0\r\n\r\n"); !strings.Contains(got, "400 Bad Request") {
		t.Errorf("got %q", got)
	}
}

// The API server's egress selector sends no headers, and a Host that is not the target.
func TestEgressSelector(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":8443"), func(c net.Conn) {
		b, _ := io.ReadAll(c)
		_, _ = fmt.Fprintf(c, "%s got %s", c.RemoteAddr().(*net.TCPAddr).IP, b)
	})
	c, err := net.Dial("unix", w.proxy)
	if err != nil {
		t.Fatal(err)
	}
	// Data that does not wait for the answer must not get lost either.
	if _, err := io.WriteString(c, "CONNECT 10.244.1.5:8443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nearly and "); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(c, head); err != nil || !strings.HasPrefix(string(head), "HTTP/1.1 200 ") {
		t.Fatalf("got %q, %v", head, err)
	}
	if got := ask(t, c, "late data"); got != "10.244.1.1 got early and late data" {
		t.Errorf("got %q", got)
	}
}

func TestServerThatSpeaksFirst(t *testing.T) {
	w := newWorld(t)
	greeting := strings.Repeat("220 welcome ", 2000)
	serve(t, listen(t, w.pod(podA), ":25"), func(c net.Conn) {
		_, _ = io.WriteString(c, greeting)
		_, _ = io.Copy(c, c)
	})
	pod := w.pod(podB)
	for range 20 { // the greeting may come with the proxy's answer or after it
		if got := ask(t, dial(t, pod.DialContext, podA+":25"), "bye"); got != greeting+"bye" {
			t.Fatalf("got %d bytes", len(got))
		}
	}
}

func TestUnreachableNodePortOfADownNode(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":80"), whoAmI)
	w.resolver.set("tcp 172.18.0.4:30080", podA+":80")
	pod := w.pod("10.244.3.3")
	ask(t, dial(t, pod.DialContext, "172.18.0.4:30080"), "")
	if err := w.network.MarkDown(2); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := pod.DialContext(ctx, "tcp", "172.18.0.4:30080"); err == nil || ctx.Err() == nil {
		t.Errorf("Dial = %v, want a timeout", err)
	}
}

func TestEndOfProxyEndsItsStreams(t *testing.T) {
	w := newWorld(t)
	serve(t, listen(t, w.pod(podA), ":80"), func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	sock := w.network.Dir + "/q.sock"
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- (&podnet.Proxy{Network: w.network, Resolver: w.resolver}).Serve(ctx, l) }()
	c, err := net.Dial("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = io.WriteString(c, "CONNECT "+podA+":80 HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = c.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); !strings.Contains(line, "200") {
		t.Fatalf("%q, %v", line, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve = %v", err)
	}
	if _, err := io.ReadAll(r); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("the stream outlived its proxy: %v", err)
	}
}
