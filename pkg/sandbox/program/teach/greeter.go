package teach

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/web"
)

// broken is the version whose Pods never become ready: a rollout to it stops half-way.
const broken = "3.0"

// greeter answers with a greeting whose colour tells the version.
type greeter struct {
	t        *task.Task
	greeting string
	colour   string
}

// colourOf is what a version looks like.
func colourOf(version string) string {
	switch version {
	case "1.0":
		return "blue"
	case "2.0":
		return "green"
	}
	return "red"
}

// Greeter is the program of kubectl-learn/greeter: versions whose difference can be seen in each answer
// and in each line of the log.
func Greeter(ctx context.Context, t *task.Task) int {
	g := &greeter{t: t}
	f := newFlags(t, "greets, in the colour of its version. / greets, /version is the version, /healthz and /readyz are for probes.")
	f.StringVar(&g.greeting, "greeting", "Hello", "what it says")
	f.StringVar(&g.colour, "colour", colourOf(t.Binary.Version), "colour of the page")
	port := f.Int("port", 8080, "port that it listens on")
	crash := f.Duration("crash-after", 0, "end with exit code 1 when this time is over")
	if !parse(t, f) {
		return codeUsage
	}
	if *crash > 0 {
		var end context.CancelFunc
		ctx, end = context.WithCancel(ctx)
		defer end()
		code := make(chan int, 1)
		go func() { code <- g.serve(ctx, *port) }()
		select {
		case c := <-code:
			return c
		case <-after(*crash):
			g.log("crashing, %v after the start, as --crash-after says", *crash)
			return 1
		}
	}
	return g.serve(ctx, *port)
}

func (g *greeter) serve(ctx context.Context, port int) int {
	return web.App{
		Addr: fmt.Sprintf(":%d", port), Handler: g, Graceful: true,
		Hello: func() {
			g.log("listening on port %d", port)
			if g.t.Binary.Version == broken {
				g.log("this version is broken: it will never be ready")
			}
		},
	}.Run(ctx, g.t)
}

func (g *greeter) log(format string, a ...any) {
	log(g.t, "greeter %s (%s): %s", g.t.Binary.Version, g.colour, fmt.Sprintf(format, a...))
}

// ServeHTTP greets: in HTML where a browser asks, else in one line.
func (g *greeter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
		fmt.Fprintln(w, "alive")
		return
	case "/readyz":
		g.ready(w)
		return
	case "/version":
		fmt.Fprintln(w, g.t.Binary.Version)
		return
	}
	g.log("%s %s for %s", r.Method, r.URL.Path, clientOf(r))
	line := fmt.Sprintf("%s from greeter %s (%s) in Pod %s", g.greeting, g.t.Binary.Version, g.colour, g.t.Spec.Pod)
	if g.t.Binary.Version == broken {
		http.Error(w, "500: greeter "+broken+" (red) is broken, in Pod "+g.t.Spec.Pod, http.StatusInternalServerError)
		return
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		fmt.Fprintln(w, line)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!DOCTYPE html>\n<html>\n<head><title>greeter %s</title></head>\n<body style=\"background: %s; color: white; font: 3em sans-serif; text-align: center\">\n<h1>%s</h1>\n<p>version %s, Pod %s</p>\n</body>\n</html>\n",
		g.t.Binary.Version, html.EscapeString(g.colour), html.EscapeString(g.greeting), g.t.Binary.Version, html.EscapeString(g.t.Spec.Pod))
}

func (g *greeter) ready(w http.ResponseWriter) {
	if g.t.Binary.Version == broken {
		http.Error(w, "not ready: version "+broken+" is broken", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// clientOf is the address of who asks.
func clientOf(r *http.Request) string {
	if i := strings.LastIndex(r.RemoteAddr, ":"); i > 0 {
		return r.RemoteAddr[:i]
	}
	return r.RemoteAddr
}

// round is a duration as a log shows it.
func round(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
