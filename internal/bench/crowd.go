package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// What a crowd is.
const (
	crowdNamespaces = 500
	crowdEach       = 2 // Pods in each
	crowdNodes      = 5
	crowdClients    = 8

	// leastMemory is where the crowd stops, so that the machine lives: bytes available.
	leastMemory = 700 << 20
	// calm is how long nothing may change before the crowd is said to have come as far as it will.
	calm = 45 * time.Second
)

// crowd is one such run.
type crowd struct {
	practice practice
	client   kubernetes.Interface
	told     io.Writer

	mu      sync.Mutex
	latency []time.Duration
	failed  map[string]int // requests, by their error
}

// runCrowd asks for more than a sandbox is made for, and prints how far it came.
func runCrowd(ctx context.Context, program string, limit time.Duration, out, told io.Writer) error {
	p, err := newPractice(program, "sandbox")
	if err != nil {
		return err
	}
	defer p.remove(context.WithoutCancel(ctx))
	fmt.Fprintf(told, "crowd: making a cluster of %d nodes\n", crowdNodes)
	if err := p.command(ctx, "cluster", "create", "--provider", "sandbox", "--nodes", strconv.Itoa(crowdNodes)); err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := &crowd{practice: p, client: client, told: told, failed: map[string]int{}}
	probing, stop := context.WithCancel(ctx)
	var probe sync.WaitGroup
	probe.Go(func() { c.probe(probing) })
	defer func() { stop(); probe.Wait() }()

	namespaces := c.make(ctx, "namespaces", crowdNamespaces, func(ctx context.Context, i int) error {
		_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: crowdName(i)}}, metav1.CreateOptions{})
		return err
	})
	pods := c.make(ctx, "Deployments", crowdNamespaces, func(ctx context.Context, i int) error {
		_, err := client.AppsV1().Deployments(crowdName(i)).Create(ctx, deployment("web", crowdEach), metav1.CreateOptions{})
		return err
	})
	state, why := c.settle(ctx)
	ours, err := p.processes()
	if err != nil {
		return err
	}
	bytes, processes, err := memory(ours)
	if err != nil {
		return err
	}
	stop()
	probe.Wait()
	fmt.Fprintf(out, "| what | figure |\n|---|---|\n")
	fmt.Fprintf(out, "| namespaces, Deployments made | %s, %s |\n", namespaces, pods)
	fmt.Fprintf(out, "| Pods of %d that were asked for | %s |\n", crowdNamespaces*crowdEach, state)
	fmt.Fprintf(out, "| memory, PSS of all processes | %.0f MB (%d processes) |\n", float64(bytes)/1e6, processes)
	fmt.Fprintf(out, "| API latency (a list of one namespace's Pods) meanwhile | %s |\n", c.latencies())
	fmt.Fprintf(out, "| requests that failed | %s |\n", c.failures())
	fmt.Fprintf(out, "| what gave way first | %s |\n", why)
	fmt.Fprintf(out, "\n%s, %s/%s, %d processors, %s.\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), machine())
	return nil
}

func crowdName(i int) string { return fmt.Sprintf("crowd-%03d", i) }

// make makes n objects, several at once, and says how many a second came of it.
func (c *crowd) make(ctx context.Context, what string, n int, f func(context.Context, int) error) string {
	fmt.Fprintf(c.told, "crowd: making %d %s\n", n, what)
	began := time.Now()
	next := make(chan int)
	var done sync.WaitGroup
	for range crowdClients {
		done.Go(func() {
			for i := range next {
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				c.note(f(ctx, i))
				cancel()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	done.Wait()
	return fmt.Sprintf("%.0f a second", float64(n)/time.Since(began).Seconds())
}

func (c *crowd) note(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	text := err.Error()
	c.failed[text[:min(len(text), 80)]]++
}

// probe asks for little, ten times a second, and notes how long each answer takes.
func (c *crowd) probe(ctx context.Context) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		began := time.Now()
		_, err := c.client.CoreV1().Pods(crowdName(i%crowdNamespaces)).List(ctx, metav1.ListOptions{})
		if ctx.Err() != nil {
			return
		}
		c.note(err)
		c.mu.Lock()
		c.latency = append(c.latency, time.Since(began))
		c.mu.Unlock()
	}
}

// settle waits until no more Pods become ready, and says how many are and what keeps the others.
func (c *crowd) settle(ctx context.Context) (state, why string) {
	began, last, changed := time.Now(), -1, time.Now()
	reached := time.Duration(0)
	for {
		ready, reasons, err := c.look(ctx)
		switch {
		case err == nil && ready != last:
			last, changed, reached = ready, time.Now(), time.Since(began)
			fmt.Fprintf(c.told, "crowd: %d Pods ready\n", ready)
		case err != nil:
			c.note(err)
		}
		state = fmt.Sprintf("%d ready after %.0f s", last, reached.Seconds())
		free, known := available()
		switch {
		case known && free < leastMemory:
			return state, fmt.Sprintf("the machine's memory: %d MB were left", free>>20)
		case last == crowdNamespaces*crowdEach:
			return state, "nothing"
		case ctx.Err() != nil:
			return state, "time: it was broken off"
		case time.Since(changed) > calm:
			return state, reasons
		}
		select {
		case <-time.After(2 * time.Second):
		case <-ctx.Done():
		}
	}
}

// look counts the Pods that are ready, and the reasons for which others are not placed.
func (c *crowd) look(ctx context.Context) (ready int, reasons string, err error) {
	list, err := c.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil {
		return 0, "", err
	}
	why := map[string]int{}
	for _, p := range list.Items {
		at := slices.IndexFunc(p.Status.Conditions, func(x corev1.PodCondition) bool {
			return x.Type == corev1.PodScheduled && x.Status == corev1.ConditionFalse
		})
		if at >= 0 {
			why[p.Status.Conditions[at].Message]++
		}
	}
	ready = count(list.Items, always)
	return ready, tally(why, strconv.Itoa(len(list.Items)-ready)+" Pods are not ready"), nil
}

func (c *crowd) failures() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return tally(c.failed, "none")
}

func (c *crowd) latencies() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.latency)
	if len(c.latency) == 0 {
		return "not measured"
	}
	at := func(p float64) int64 {
		return c.latency[int(math.Ceil(p*float64(len(c.latency))))-1].Milliseconds()
	}
	return fmt.Sprintf("median %d ms, p99 %d ms, longest %d ms, of %d", at(0.5), at(0.99), at(1), len(c.latency))
}

// tally lists what was counted, most first.
func tally(counted map[string]int, none string) string {
	if len(counted) == 0 {
		return none
	}
	var all []string
	for what := range counted {
		all = append(all, what)
	}
	slices.SortFunc(all, func(a, b string) int { return counted[b] - counted[a] })
	for i, what := range all {
		all[i] = fmt.Sprintf("%d times: %s", counted[what], what)
	}
	return strings.Join(all[:min(len(all), 3)], "; ")
}

// available is the machine's memory that can still be had, in bytes. Linux alone tells it.
func available() (bytes int64, known bool) {
	text, err := os.ReadFile("/proc/meminfo")
	if errors.Is(err, os.ErrNotExist) {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "MemAvailable:" {
			kb, err := strconv.ParseInt(fields[1], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}
