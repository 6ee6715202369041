package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// HelloApp is the program of the images google-samples/hello-app: it says hello, its version and in
// which Pod it runs.
func HelloApp(ctx context.Context, t *task.Task) int {
	port := t.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log := func(format string, a ...any) {
		fmt.Fprintf(t.Err, "%s %s\n", t.Now().UTC().Format("2006/01/02 15:04:05"), fmt.Sprintf(format, a...))
	}
	return App{
		Addr: ":" + port, Code: codeGoSignalled,
		Hello: func() { log("Server listening on port %s", port) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			log("Serving request: %s", r.URL.Path)
			fmt.Fprintf(w, "Hello, world!\nVersion: %s\nHostname: %s\n", t.Binary.Version, t.Spec.Hostname)
		}),
	}.Run(ctx, t)
}
