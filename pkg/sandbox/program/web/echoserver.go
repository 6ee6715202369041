package web

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// echoBodyLimit is how much of a request's body is given back.
const echoBodyLimit = 1 << 20

// echoServer tells clients what it got from them.
type echoServer struct{ t *task.Task }

// EchoServer is the program of the images echoserver: nginx with a page that repeats the request.
func EchoServer(ctx context.Context, t *task.Task) int {
	e := &echoServer{t}
	h := http.HandlerFunc(e.sections)
	if t.Binary.Version == "1.4" {
		h = e.values
	}
	if t.Getenv("NODE_NAME")+t.Getenv("POD_NAME") == "" && t.Binary.Version != "1.4" {
		t.Printf("Generating self-signed cert\n")
	}
	return App{Addr: ":8080", Handler: e.logged(h)}.Run(ctx, t)
}

// EchoRequest is the program of kicbase/echo-server, with which minikube says hello today.
func EchoRequest(ctx context.Context, t *task.Task) int {
	port := t.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	e := &echoServer{t}
	return App{
		Addr: ":" + port, Code: codeGoSignalled,
		Hello: func() { t.Printf("Echo server listening on port %s.\n", port) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t.Printf("%s | %s %s\n", r.RemoteAddr, r.Method, r.URL)
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprintf(w, "Request served by %s\n\n%s %s %s\n\nHost: %s\n", t.Spec.Hostname, r.Proto, r.Method, r.URL, r.Host)
			for _, k := range slices.Sorted(maps.Keys(r.Header)) {
				for _, v := range r.Header[k] {
					fmt.Fprintf(w, "%s: %s\n", k, v)
				}
			}
			if body := e.body(r); body != "" {
				fmt.Fprintf(w, "\n%s", body)
			}
		}),
	}.Run(ctx, t)
}

// logged writes nginx's access log.
func (e *echoServer) logged(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		rec.Header().Set("Content-Type", "text/plain")
		rec.Header().Set("Server", "nginx")
		h.ServeHTTP(rec, r)
		agent := r.UserAgent()
		if agent == "" {
			agent = "-"
		}
		e.t.Printf("%s - - [%s] \"%s %s %s\" %d %d \"-\" \"%s\"\n", clientOf(r), e.t.Now().UTC().Format("02/Jan/2006:15:04:05 +0000"),
			r.Method, r.RequestURI, r.Proto, rec.status, rec.bytes, agent)
	})
}

func (e *echoServer) body(r *http.Request) string {
	b, _ := io.ReadAll(io.LimitReader(r.Body, echoBodyLimit)) // what came of it
	return string(b)
}

// headers are the request's, as nginx gives them to its scripts: in small letters, sorted.
func (e *echoServer) headers(r *http.Request) []string {
	lines := []string{"host=" + r.Host}
	for k, v := range r.Header {
		lines = append(lines, strings.ToLower(k)+"="+strings.Join(v, ", "))
	}
	slices.Sort(lines)
	return lines
}

// values is the page of version 1.4.
func (e *echoServer) values(w http.ResponseWriter, r *http.Request) {
	query := r.URL.RawQuery
	if query == "" {
		query = "nil"
	}
	fmt.Fprintf(w, "CLIENT VALUES:\nclient_address=%s\ncommand=%s\nreal path=%s\nquery=%s\nrequest_version=%s\nrequest_uri=http://%s:8080%s\n\n",
		clientOf(r), r.Method, r.RequestURI, query, strings.TrimPrefix(r.Proto, "HTTP/"), hostOnly(r.Host), r.URL.Path)
	fmt.Fprintf(w, "SERVER VALUES:\nserver_version=nginx: 1.10.0 - lua: 10001\n\nHEADERS RECEIVED:\n%s\nBODY:\n", strings.Join(e.headers(r), "\n"))
	body := e.body(r)
	if body == "" {
		body = "-no body in request-"
	}
	fmt.Fprint(w, body)
}

// sections is the page of the later versions, which know the Pod if its environment tells.
func (e *echoServer) sections(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "\n\nHostname: %s\n\nPod Information:\n%s\nServer values:\n\tserver_version=nginx: 1.13.3 - lua: 10008\n\n", e.t.Spec.Hostname, e.pod())
	fmt.Fprintf(w, "Request Information:\n\tclient_address=%s\n\tmethod=%s\n\treal path=%s\n\tquery=%s\n\trequest_version=%s\n\trequest_scheme=http\n\trequest_uri=http://%s:8080%s\n\n",
		clientOf(r), r.Method, r.RequestURI, r.URL.RawQuery, strings.TrimPrefix(r.Proto, "HTTP/"), hostOnly(r.Host), r.URL.Path)
	fmt.Fprintf(w, "Request Headers:\n\t%s\n\nRequest Body:\n", strings.Join(e.headers(r), "\n\t"))
	body := e.body(r)
	if body == "" {
		body = "\t-no body in request-"
	}
	fmt.Fprintf(w, "%s\n\n", body)
}

func (e *echoServer) pod() string {
	var out strings.Builder
	for _, v := range []struct{ env, name string }{{"NODE_NAME", "node name"}, {"POD_NAME", "pod name"}, {"POD_NAMESPACE", "pod namespace"}, {"POD_IP", "pod IP"}} {
		if value := e.t.Getenv(v.env); value != "" {
			fmt.Fprintf(&out, "\t%s:\t%s\n", v.name, value)
		}
	}
	if out.Len() == 0 {
		return "\t-no pod information available-\n"
	}
	return out.String()
}

func hostOnly(host string) string {
	name, _, _ := strings.Cut(host, ":")
	return name
}
