package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const (
	echoPort   = ":5678"
	codeNoText = 127
)

// echo is http-echo: it answers every request with one text.
type echo struct {
	t      *task.Task
	text   string
	status int
}

// Echo is the program http-echo.
func Echo(ctx context.Context, t *task.Task) int {
	e := &echo{t: t, text: t.Getenv("ECHO_TEXT"), status: http.StatusOK}
	listen, given := echoPort, e.text != ""
	args := t.Args[1:]
	for len(args) > 0 {
		name, value, has := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
		dashed := strings.HasPrefix(args[0], "-")
		args = args[1:]
		if dashed && name == "version" {
			fmt.Fprintf(t.Err, "http-echo v%s\n", t.Binary.Version)
			return 0
		}
		if !dashed {
			fmt.Fprintln(t.Err, "Too many arguments!")
			return codeNoText
		}
		if !has && len(args) > 0 {
			value, args = args[0], args[1:]
		}
		switch name {
		case "text":
			e.text, given = value, true
		case "listen":
			listen = value
		case "status-code":
			n, err := strconv.Atoi(value)
			if err != nil {
				fmt.Fprintf(t.Err, "invalid value %q for flag -status-code: parse error\n", value)
				return 2
			}
			e.status = n
		default:
			fmt.Fprintf(t.Err, "flag provided but not defined: -%s\nUsage of /http-echo:\n  -listen string\n    \taddress and port to listen (default \":5678\")\n  -status-code int\n    \thttp response code, e.g.: 200 (default 200)\n  -text string\n    \ttext to put on the webpage\n  -version\n    \tdisplay version information\n", name)
			return 2
		}
	}
	if !given || e.text == "" {
		fmt.Fprintln(t.Err, "Missing -text option!")
		return codeNoText
	}
	return e.serve(ctx, listen)
}

func (e *echo) stamp() string { return e.t.Now().UTC().Format("2006/01/02 15:04:05") }

func (e *echo) serve(ctx context.Context, listen string) int {
	ch := signals(e.t, process.TERM, process.INT)
	l, err := e.t.Net.Listen(ctx, "tcp", listen)
	if err != nil {
		why := err.Error()
		if inUse(err) {
			why = fmt.Sprintf("listen tcp %s: bind: address already in use", listen)
		}
		fmt.Fprintf(e.t.Err, "%s [ERR] server exited with: %s\n", e.stamp(), why)
		return codeNoText
	}
	defer l.Close()
	s := start(ctx, []net.Listener{l}, e)
	if e.t.Binary.Version == "0.2.3" {
		fmt.Fprintf(e.t.Err, "%s Server is listening on %s\n", e.stamp(), listen)
	} else {
		fmt.Fprintf(e.t.Err, "%s [INFO] server is listening on %s\n", e.stamp(), listen)
	}
	select {
	case <-ctx.Done():
		return task.CodeOf(ctx)
	case <-ch:
		fmt.Fprintf(e.t.Err, "%s [INFO] received interrupt, shutting down...\n", e.stamp())
		s.stop()
		return 0
	}
}

// ServeHTTP answers with the text; /health is what probes ask.
func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	h := w.Header()
	h.Set("X-App-Name", "http-echo")
	h.Set("X-App-Version", e.t.Binary.Version)
	if r.URL.Path == "/health" {
		h.Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, "{\"status\":\"ok\"}\n")
		return
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(e.status)
	body := e.text + "\n"
	_, _ = io.WriteString(w, body)
	fmt.Fprintf(e.t.Out, "%s %s %s %q %d %d %q %v\n", e.stamp(), r.Host, r.RemoteAddr, r.Method+" "+r.RequestURI+" "+r.Proto, e.status, len(body), r.UserAgent(), time.Since(begin).Round(100*time.Nanosecond))
}
