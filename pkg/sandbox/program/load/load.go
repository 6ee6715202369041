// Package load has the load generators of the images: the sandbox's own, whose figures are made to be
// read while a lesson goes on, and hey.
package load

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const (
	codeUsage = 2
	// answerLimit is how much of an answer is read.
	answerLimit = 1 << 20
	// maxRate is what one container is allowed to ask for each second.
	maxRate = 1000
)

// generator sends requests at a steady rate and counts what comes back.
type generator struct {
	t        *task.Task
	url      string
	rate     float64
	duration time.Duration
	every    time.Duration
	client   *http.Client
	answers  *regexp.Regexp
	strict   bool
	limit    chan struct{} // requests under way

	mu    sync.Mutex
	now   figures // since the last line
	whole figures
}

// figures are the results of some requests.
type figures struct {
	ok     int
	failed map[string]int // by reason
	took   []time.Duration
	seen   map[string]int // by what --answers found
}

func newFigures() figures { return figures{failed: map[string]int{}, seen: map[string]int{}} }

func (f *figures) failures() int {
	n := 0
	for _, c := range f.failed {
		n += c
	}
	return n
}

// Load is the program of kubectl-learn/load: a line each second of how many requests were answered, how
// many were not and why.
func Load(ctx context.Context, t *task.Task) int {
	g := &generator{t: t, now: newFigures(), whole: newFigures()}
	if code, ok := g.options(t.Args[1:]); !ok {
		return code
	}
	stopped := make(chan struct{})
	var once sync.Once
	t.Proc.Handle(func(s process.Signal) bool {
		if s == process.TERM || s == process.INT {
			once.Do(func() { close(stopped) })
			return true
		}
		return false
	})
	g.run(ctx, stopped)
	if ctx.Err() != nil {
		return task.CodeOf(ctx)
	}
	return g.conclude()
}

func (g *generator) options(args []string) (code int, ok bool) {
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	f.SetOutput(g.t.Err)
	f.Usage = func() {
		fmt.Fprint(g.t.Err, "Usage: load [--rate 10] [--duration 0] [--timeout 2s] [--concurrency 50] [--every 1s] [--keep-alive] [--answers REGEXP] [--strict] URL\n\n"+
			"Sends requests at a steady rate and tells each second how many were answered.\n"+
			"--keep-alive uses connections again; else each request has one of its own, so that a Service picks a Pod for each.\n"+
			"--answers counts answers by what the expression (its first group, if it has one) finds in them.\n"+
			"--strict ends with exit code 1 if a request failed. A duration of 0 is for ever.\n")
	}
	f.Float64Var(&g.rate, "rate", 10, "")
	f.DurationVar(&g.duration, "duration", 0, "")
	f.DurationVar(&g.every, "every", time.Second, "")
	f.BoolVar(&g.strict, "strict", false, "")
	timeout := f.Duration("timeout", 2*time.Second, "")
	concurrency := f.Int("concurrency", 50, "")
	keep := f.Bool("keep-alive", false, "")
	answers := f.String("answers", "", "")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0, false
	} else if err != nil {
		return codeUsage, false
	}
	if f.NArg() != 1 || g.rate <= 0 || g.rate > maxRate || *concurrency < 1 || g.every <= 0 {
		g.t.Errorf("one URL, a rate above 0 and up to %d, a concurrency of at least 1", maxRate)
		f.Usage()
		return codeUsage, false
	}
	if *answers != "" {
		var err error
		if g.answers, err = regexp.Compile(*answers); err != nil {
			g.t.Errorf("--answers: %v", err)
			return codeUsage, false
		}
	}
	g.url, g.limit = withScheme(f.Arg(0)), make(chan struct{}, *concurrency)
	g.client = newClient(g.t, *timeout, *keep, *concurrency)
	return 0, true
}

func withScheme(url string) string {
	if strings.Contains(url, "://") {
		return url
	}
	return "http://" + url
}

// newClient is a client on the Pod's network.
func newClient(t *task.Task, timeout time.Duration, keep bool, idle int) *http.Client {
	return &http.Client{Timeout: timeout, Transport: &http.Transport{
		DialContext: t.Net.DialContext, DisableKeepAlives: !keep, MaxIdleConnsPerHost: idle, DisableCompression: true,
	}}
}

func (g *generator) run(ctx context.Context, stopped <-chan struct{}) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	g.t.Printf("%g requests a second to %s\n", g.rate, g.url)
	next := time.NewTicker(time.Duration(float64(time.Second) / g.rate))
	defer next.Stop()
	line := time.NewTicker(g.every)
	defer line.Stop()
	var over <-chan time.Time
	if g.duration > 0 {
		over = time.After(g.duration)
	}
	var under sync.WaitGroup
	defer func() { g.tell(); under.Wait() }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-stopped:
			return
		case <-over:
			under.Wait()
			return
		case <-line.C:
			g.tell()
		case <-next.C:
			select {
			case g.limit <- struct{}{}:
				under.Go(func() { g.one(ctx); <-g.limit })
			default:
				g.note(0, "", errBusy)
			}
		}
	}
}

var errBusy = errors.New("not sent, too many are under way")

func (g *generator) one(ctx context.Context) {
	began := time.Now()
	body, err := g.ask(ctx)
	if ctx.Err() != nil {
		return // called off
	}
	g.note(time.Since(began), body, err)
}

func (g *generator) ask(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("User-Agent", "kubectl-learn-load/"+g.t.Binary.Version)
	resp, err := g.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	return string(b), err
}

func (g *generator) note(took time.Duration, body string, err error) {
	found := ""
	if g.answers != nil && err == nil {
		found = "no match"
		if m := g.answers.FindStringSubmatch(body); m != nil {
			found = m[min(1, len(m)-1)]
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range []*figures{&g.now, &g.whole} {
		if err != nil {
			f.failed[Reason(err)]++
			continue
		}
		f.ok++
		f.took = append(f.took, took)
		if found != "" {
			f.seen[found]++
		}
	}
}

// Reason is why a request failed, short enough to be counted by.
func Reason(err error) string {
	text := err.Error()
	timeout, isNet := errors.AsType[net.Error](err)
	_, unknown := errors.AsType[*net.DNSError](err)
	switch {
	case unknown:
		return "unknown host"
	case errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(text, "refused"):
		return "connection refused"
	case isNet && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.EHOSTUNREACH):
		return "no route to host"
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(text, "EOF") || strings.Contains(text, "reset"):
		return "connection cut"
	}
	if i := strings.LastIndex(text, ": "); i >= 0 && strings.Contains(text, "\"") {
		return text[i+2:]
	}
	return text
}

// tell prints the line of the last second.
func (g *generator) tell() {
	g.mu.Lock()
	f := g.now
	g.now = newFigures()
	g.mu.Unlock()
	if f.ok+f.failures() == 0 {
		return
	}
	g.t.Printf("%s  %s\n", g.t.Now().UTC().Format("15:04:05"), f.line())
}

func (f *figures) line() string {
	text := fmt.Sprintf("%d ok, %d failed%s", f.ok, f.failures(), counts(f.failed, " (", ")"))
	if f.ok > 0 {
		slices.Sort(f.took)
		text += fmt.Sprintf(", half within %s, all within %s", short(f.took[len(f.took)/2]), short(f.took[len(f.took)-1]))
	}
	return text + counts(f.seen, "; ", "")
}

func short(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}

func counts(m map[string]int, before, after string) string {
	if len(m) == 0 {
		return ""
	}
	var list []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, fmt.Sprintf("%s: %d", k, m[k]))
	}
	return before + strings.Join(list, ", ") + after
}

// conclude prints what came of all and returns the exit code.
func (g *generator) conclude() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	failed := g.whole.failures()
	share := 0.0
	if n := g.whole.ok + failed; n > 0 {
		share = 100 * float64(failed) / float64(n)
	}
	g.t.Printf("in all: %s (%.1f %% failed)\n", g.whole.line(), share)
	if g.strict && failed > 0 {
		return 1
	}
	return 0
}
