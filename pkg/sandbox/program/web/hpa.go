package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"sync"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// hpaRounds is how often the page of hpa-example takes a square root. The original does it a million
// times, in an interpreter that is some ten times slower; this takes about 10 ms of one core.
const hpaRounds = 2_000_000

// hpa is the page that the walkthrough of the HorizontalPodAutoscaler scales.
type hpa struct {
	t *task.Task
	// one request computes at a time, so that a container never takes more than one core of the machine.
	one sync.Mutex
}

// HPAExample is the program of the image hpa-example: Apache with a page that computes.
func HPAExample(ctx context.Context, t *task.Task) int {
	h := &hpa{t: t}
	return App{Addr: ":80", Handler: h, Graceful: true, Hello: func() {
		fmt.Fprintf(t.Err, "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using %s. Set the 'ServerName' directive globally to suppress this message\n", t.Spec.PodIP)
	}}.Run(ctx, t)
}

// ServeHTTP computes, for real, and says OK!
func (h *hpa) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sum := h.burn(r.Context())
	w.Header().Set("Server", "Apache/2.4.10 (Debian)")
	w.Header().Set("X-Powered-By", "PHP/5.6.14")
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	n := 0
	if sum > 0 { // which it is; but so the sum is needed
		n, _ = fmt.Fprint(w, "OK!")
	}
	agent := r.UserAgent()
	if agent == "" {
		agent = "-"
	}
	h.t.Printf("%s - - [%s] \"%s %s %s\" 200 %d \"-\" \"%s\"\n", clientOf(r), h.t.Now().UTC().Format("02/Jan/2006:15:04:05 +0000"), r.Method, r.RequestURI, r.Proto, n, agent)
}

func (h *hpa) burn(ctx context.Context) float64 {
	h.one.Lock()
	defer h.one.Unlock()
	if ctx.Err() != nil { // nobody waits for the answer any more
		return 1
	}
	x := 0.0001
	for range hpaRounds {
		x += math.Sqrt(x)
	}
	return x
}
