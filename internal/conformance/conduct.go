package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// conductor runs specs on clusters, several at once.
type conductor struct {
	ground *ground
	// parallel is how many processes of the suite share the cluster of those specs that bear company;
	// serial is how many clusters run one spec at a time.
	parallel, serial int
	// kubeconfig is of the one cluster to use, when it is given.
	kubeconfig string
	// keep is the folder for what failing specs printed.
	keep string
	told io.Writer

	mu    sync.Mutex
	total int
	// ownMounts says whether the nodes of all clusters had mounts of their own.
	ownMounts bool
	results   []result
}

// queue is what is still to be run, by those that share it.
type queue struct {
	mu    sync.Mutex
	specs []spec
}

func (q *queue) next() []spec {
	q.mu.Lock()
	defer q.mu.Unlock()
	var batch []spec
	batch, q.specs = next(q.specs)
	return slices.Clone(batch)
}

func (q *queue) back(specs []spec) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.specs = append(slices.Clone(specs), q.specs...)
}

// conduct runs all specs and returns what came of each; also when ctx ended, of those that had ended until then.
func (c *conductor) conduct(ctx context.Context, specs []spec) ([]result, error) {
	c.total, c.ownMounts = len(specs), true
	parallel, serial := split(specs)
	if c.kubeconfig != "" {
		s, err := c.ground.use("given", c.kubeconfig)
		if err != nil {
			return nil, err
		}
		c.share(ctx, s, &queue{specs: parallel}, c.parallel)
		c.share(ctx, s, &queue{specs: serial}, 1)
		return c.results, ctx.Err()
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var failures error
	site := func(name string, q *queue, workers int) {
		all.Go(func() {
			if err := c.site(ctx, name, q, workers); err != nil {
				mu.Lock()
				failures = errors.Join(failures, err)
				mu.Unlock()
			}
		})
	}
	if len(parallel) > 0 {
		site("p", &queue{specs: parallel}, min(c.parallel, len(parallel)))
	}
	alone := &queue{specs: serial}
	for i := range min(c.serial, len(serial)) {
		site(fmt.Sprintf("s%d", i+1), alone, 1)
	}
	all.Wait()
	return c.results, errors.Join(ctx.Err(), failures)
}

// site makes a cluster, has workers run what is in the queue there, and deletes it.
func (c *conductor) site(ctx context.Context, name string, q *queue, workers int) (err error) {
	s, err := c.ground.open(ctx, name, c.told)
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	if err != nil {
		return err
	}
	own, err := s.ownMounts(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.ownMounts = c.ownMounts && own
	c.mu.Unlock()
	c.share(ctx, s, q, workers)
	return nil
}

func (c *conductor) share(ctx context.Context, s *site, q *queue, workers int) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for batch := q.next(); len(batch) > 0 && ctx.Err() == nil; batch = q.next() {
				q.back(c.batch(ctx, s, batch))
			}
		})
	}
	all.Wait()
}

// batch runs specs in one process, and returns those that it did not come to.
func (c *conductor) batch(ctx context.Context, s *site, specs []spec) []spec {
	p := &process{site: s, suite: c.ground.suite, specs: specs, told: c.tell}
	results := p.run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	var left []spec
	for _, x := range specs {
		if !slices.ContainsFunc(results, func(r result) bool { return r.Spec == x.Name }) {
			x.Alone = true
			left = append(left, x)
		}
	}
	return left
}

// tell notes a result, says it, and keeps what a spec printed that did not pass.
func (c *conductor) tell(r result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results = append(c.results, r)
	fmt.Fprintf(c.told, "[%3d/%d] %-7s %4.0f s  %s\n", len(c.results), c.total, r.Verdict, r.Seconds.Seconds(), r.Spec)
	if r.Verdict == passed {
		return
	}
	file := filepath.Join(c.keep, fmt.Sprintf("%03d.log", len(c.results)))
	fmt.Fprintf(c.told, "          %s (%s)\n", r.Reason, file)
	if err := os.WriteFile(file, []byte(r.Spec+"\n"+r.Output), 0o644); err != nil {
		fmt.Fprintf(c.told, "          its output is lost: %v\n", err)
	}
}

// complete fails when not every spec ran, or one ran twice: a focus that matches nothing is no error to the suite.
func complete(specs []spec, results []result) error {
	times := map[string]int{}
	var bad []error
	for _, r := range results {
		times[r.Spec]++
		if r.Verdict == skipped || r.Verdict == missing {
			bad = append(bad, fmt.Errorf("%s: %s: %s", r.Verdict, r.Spec, r.Reason))
		}
	}
	for _, s := range specs {
		if times[s.Name] != 1 {
			bad = append(bad, fmt.Errorf("ran %d times: %s", times[s.Name], s.Name))
		}
		delete(times, s.Name)
	}
	for name := range times {
		bad = append(bad, fmt.Errorf("ran and is not among the %d: %s", len(specs), name))
	}
	return errors.Join(bad...)
}
