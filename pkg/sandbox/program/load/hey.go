package load

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const heyUsage = `Usage: hey [options...] <url>

Options:
  -n  Number of requests to run. Default is 200.
  -c  Number of workers to run concurrently. Default is 50.
  -q  Rate limit, in queries per second (QPS) per worker. Default is no rate limit.
  -z  Duration of application to send requests, such as -z 10s. When it is given, -n is ignored.
  -m  HTTP method, one of GET, POST, PUT, DELETE, HEAD, OPTIONS.
  -H  Custom HTTP header, as often as needed. For example: -H "Accept: text/html"
  -t  Timeout for each request in seconds. Default is 20, use 0 for infinite.
  -d  HTTP request body.
  -T  Content-type, defaults to "text/html".
  -host  HTTP Host header.
  -disable-keepalive  A new connection for each request.
`

// maxWorkers is as many as one container may have at work.
const maxWorkers = 500

// hey is one run of hey, the load generator.
type hey struct {
	t        *task.Task
	url      string
	n, c     int
	qps      float64
	duration time.Duration
	method   string
	header   http.Header
	host     string
	body     string
	client   *http.Client
	left     atomic.Int64

	mu      sync.Mutex
	results []heyResult
}

// heyResult is one request's.
type heyResult struct {
	took  time.Duration
	code  int
	bytes int64
	err   error
}

// Hey is the program hey.
func Hey(ctx context.Context, t *task.Task) int {
	h := &hey{t: t, n: 200, c: 50, method: http.MethodGet, header: http.Header{}}
	if err := h.options(t.Args[1:]); err != nil {
		fmt.Fprintf(t.Err, "%v\n\n%s", err, heyUsage)
		return 1
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	if h.duration > 0 {
		ctx, end = context.WithTimeout(ctx, h.duration)
		defer end()
	}
	t.Proc.Handle(func(s process.Signal) bool {
		if s == process.INT || s == process.TERM {
			end()
			return true
		}
		return false
	})
	began := time.Now()
	h.run(ctx)
	h.report(time.Since(began))
	return 0
}

func (h *hey) options(args []string) error {
	keep, timeout := true, 20.0
	kind := "text/html"
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name, value, has := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
		args = args[1:]
		if name == "disable-keepalive" {
			keep = false
			continue
		}
		if !has {
			if len(args) == 0 {
				return fmt.Errorf("flag needs an argument: -%s", name)
			}
			value, args = args[0], args[1:]
		}
		var err error
		switch name {
		case "n":
			_, err = fmt.Sscan(value, &h.n)
		case "c":
			_, err = fmt.Sscan(value, &h.c)
		case "q":
			_, err = fmt.Sscan(value, &h.qps)
		case "t":
			_, err = fmt.Sscan(value, &timeout)
		case "z":
			h.duration, err = time.ParseDuration(value)
		case "m":
			h.method = strings.ToUpper(value)
		case "H":
			k, v, _ := strings.Cut(value, ":")
			h.header.Add(k, strings.TrimSpace(v))
		case "d":
			h.body = value
		case "T":
			kind = value
		case "host":
			h.host = value
		default:
			return fmt.Errorf("flag provided but not defined: -%s", name)
		}
		if err != nil {
			return fmt.Errorf("invalid value %q for flag -%s", value, name)
		}
	}
	switch {
	case len(args) != 1:
		return fmt.Errorf("one URL is needed")
	case h.c < 1 || h.c > maxWorkers || h.n < 1:
		return fmt.Errorf("-n must be at least 1, -c between 1 and %d", maxWorkers)
	case h.duration == 0 && h.n < h.c:
		return fmt.Errorf("-n cannot be less than -c")
	}
	h.header.Set("Content-Type", kind)
	h.header.Set("User-Agent", "hey/0.0.1")
	h.url = withScheme(args[0])
	h.client = newClient(h.t, time.Duration(timeout*float64(time.Second)), keep, h.c)
	h.left.Store(int64(h.n / h.c * h.c))
	return nil
}

func (h *hey) run(ctx context.Context) {
	var workers sync.WaitGroup
	for range h.c {
		workers.Go(func() { h.work(ctx) })
	}
	workers.Wait()
}

func (h *hey) work(ctx context.Context) {
	var pace <-chan time.Time
	if h.qps > 0 {
		tick := time.NewTicker(time.Duration(float64(time.Second) / h.qps))
		defer tick.Stop()
		pace = tick.C
	}
	for ctx.Err() == nil && (h.duration > 0 || h.left.Add(-1) >= 0) {
		if pace != nil {
			select {
			case <-pace:
			case <-ctx.Done():
				return
			}
		}
		r := h.one(ctx)
		if ctx.Err() != nil && r.err != nil {
			return // called off
		}
		h.mu.Lock()
		h.results = append(h.results, r)
		h.mu.Unlock()
	}
}

func (h *hey) one(ctx context.Context) heyResult {
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, h.method, h.url, strings.NewReader(h.body))
	if err != nil {
		return heyResult{err: err}
	}
	req.Header = h.header
	req.Host = h.host
	resp, err := h.client.Do(req)
	if err != nil {
		return heyResult{took: time.Since(began), err: err}
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	return heyResult{took: time.Since(began), code: resp.StatusCode, bytes: n, err: err}
}

func (h *hey) report(total time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var took []float64
	codes, errs := map[int]int{}, map[string]int{}
	sum, size := 0.0, int64(0)
	for _, r := range h.results {
		if r.err != nil {
			errs[r.err.Error()]++
			continue
		}
		took = append(took, r.took.Seconds())
		sum += r.took.Seconds()
		size += r.bytes
		codes[r.code]++
	}
	slices.Sort(took)
	p := h.t.Printf
	p("\nSummary:\n  Total:\t%.4f secs\n", total.Seconds())
	if n := len(took); n > 0 {
		p("  Slowest:\t%.4f secs\n  Fastest:\t%.4f secs\n  Average:\t%.4f secs\n  Requests/sec:\t%.4f\n  \n  Total data:\t%d bytes\n  Size/request:\t%d bytes\n",
			took[n-1], took[0], sum/float64(n), float64(len(h.results))/total.Seconds(), size, size/int64(n))
		h.histogram(took)
		p("\n\nLatency distribution:\n")
		for _, q := range []int{10, 25, 50, 75, 90, 95, 99} {
			p("  %d%% in %.4f secs\n", q, took[min(n-1, n*q/100)])
		}
		p("\n\nStatus code distribution:\n")
		for _, c := range slices.Sorted(maps.Keys(codes)) {
			p("  [%d]\t%d responses\n", c, codes[c])
		}
	} else {
		p("  Requests/sec:\t%.4f\n", float64(len(h.results))/total.Seconds())
	}
	if len(errs) > 0 {
		p("\nError distribution:\n")
		for _, e := range slices.Sorted(maps.Keys(errs)) {
			p("  [%d]\t%s\n", errs[e], e)
		}
	}
	p("\n")
}

// histogram draws how many requests took how long, in eleven classes of the same width.
func (h *hey) histogram(took []float64) {
	const classes, width = 10, 40
	lowest, step := took[0], (took[len(took)-1]-took[0])/classes
	count := make([]int, classes+1)
	for _, s := range took {
		c := 0
		if step > 0 {
			c = min(classes, int(math.Ceil((s-lowest)/step-1e-9)))
		}
		count[c]++
	}
	most := slices.Max(count)
	h.t.Printf("\nResponse time histogram:\n")
	for c, n := range count {
		h.t.Printf("  %4.3f [%d]\t|%s\n", lowest+float64(c)*step, n, strings.Repeat("■", (n*width+most/2)/most))
	}
}
