package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// bootcampTime is how Node.js writes a time.
const bootcampTime = "2006-01-02T15:04:05.000Z"

// bootcamp is the application of the tutorial "Kubernetes Basics".
type bootcamp struct {
	t        *task.Task
	started  time.Time
	requests atomic.Int64
}

// Node is the program node of the images kubernetes-bootcamp, which runs the one file that they have.
func Node(ctx context.Context, t *task.Task) int {
	b := &bootcamp{t: t, started: t.Now()}
	switch {
	case len(t.Args) == 2 && (t.Args[1] == "-v" || t.Args[1] == "--version"):
		t.Printf("v6.3.1\n")
		return 0
	case len(t.Args) != 2 || !strings.HasSuffix(t.Args[1], "server.js"):
		t.Errorf("the sandbox has no JavaScript: its node runs server.js of this image and nothing else")
		return 1
	}
	if _, err := t.FS.Stat(t.Path(t.Args[1])); err != nil {
		t.Errorf("Cannot find module '%s'", t.Path(t.Args[1]))
		return 1
	}
	return App{
		Addr: ":8080", Handler: b, Code: 143,
		Hello: func() {
			t.Printf("Kubernetes Bootcamp App Started At: %s | Running On:  %s \n\n", b.started.UTC().Format(bootcampTime), t.Spec.Hostname)
		},
	}.Run(ctx, t)
}

// ServeHTTP answers with the Pod and the version, v=1 or v=2.
func (b *bootcamp) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	n, now := b.requests.Add(1), b.t.Now()
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintf(w, "Hello Kubernetes bootcamp! | Running on: %s | v=%s\n", b.t.Spec.Hostname, b.t.Binary.Version)
	b.t.Printf("Running On: %s | Total Requests: %d | App Uptime: %.3f seconds | Log Time: %s\n",
		b.t.Spec.Hostname, n, now.Sub(b.started).Seconds(), now.UTC().Format(bootcampTime))
}
