// Command scenarios records what package explain's tests judge: for each folder of pkg/explain/testdata/why it brings
// about the state that scenario.yaml describes, on a real API server and in a namespace of its own, and keeps what
// `kubectl learn why` reads of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "scenarios:", err)
		os.Exit(1)
	}
}

// run records the scenarios that are asked for.
func run(ctx context.Context, args []string, w io.Writer) (err error) {
	flags := flag.NewFlagSet("scenarios", flag.ContinueOnError)
	flags.SetOutput(w)
	program := flags.String("program", filepath.Join("bin", "kubectl-learn"), "the `program` to record with")
	folder := flags.String("folder", filepath.Join("pkg", "explain", "testdata", "why"), "`folder` of the scenarios")
	pattern := flags.String("run", "", "`regexp` of the names to record; all by default")
	at := flags.Int("parallel", 4, "how many to record at once")
	limit := flags.Duration("limit", 3*time.Minute, "how long to wait for a state")
	missing := flags.Bool("missing", false, "record only those of which there is no record")
	if err := flags.Parse(args); err != nil {
		return err
	}
	names, err := regexp.Compile(*pattern)
	if err != nil {
		return err
	}
	all, err := load(*folder, names)
	if err != nil {
		return err
	}
	if *missing {
		all = unrecorded(all)
	}
	r := &recorder{w: w, limit: *limit}
	if r.program, err = filepath.Abs(*program); err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	return r.all(ctx, all, *at)
}

func unrecorded(all []scenario) []scenario {
	var left []scenario
	for _, s := range all {
		if _, err := os.Stat(filepath.Join(s.dir, record)); err != nil {
			left = append(left, s)
		}
	}
	return left
}

// all records the scenarios: many at once, then those that need the cluster for themselves.
func (r *recorder) all(ctx context.Context, all []scenario, at int) error {
	var beside, alone []scenario
	for _, s := range all {
		if s.Alone {
			alone = append(alone, s)
		} else {
			beside = append(beside, s)
		}
	}
	return errors.Join(append(r.many(ctx, beside, at), r.many(ctx, alone, 1)...)...)
}

// many records scenarios, so many at once.
func (r *recorder) many(ctx context.Context, all []scenario, at int) (failed []error) {
	queue := make(chan scenario)
	var working sync.WaitGroup
	var mu sync.Mutex
	for range at {
		working.Go(func() {
			for s := range queue {
				err := r.scenario(ctx, s)
				mu.Lock()
				if err != nil {
					failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
					fmt.Fprintf(r.w, "  ✗ %s: %v\n", s.name, err)
				} else {
					fmt.Fprintf(r.w, "  ✓ %s\n", s.name)
				}
				mu.Unlock()
			}
		})
	}
	for _, s := range all {
		queue <- s
	}
	close(queue)
	working.Wait()
	return failed
}
