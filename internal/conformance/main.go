// Command conformance runs Kubernetes' own conformance tests against sandboxes. It builds the suite of
// the Kubernetes that the plugin is made of, makes fresh clusters, as a user without rights when it is
// started by root, runs every spec that the suite lists, and writes docs/conformance.md: what passed,
// what passed only because the sandbox emulates something, and what failed.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// options is what was asked for.
type options struct {
	program, suite, kubeconfig string
	keep                       string
	run                        *regexp.Regexp
	quick, list, updateSums    bool
	build, others              bool
	parallel, serial           int
}

func parse(args []string, w io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(w)
	flags.StringVar(&o.program, "program", "bin/kubectl-learn", "the `file` that makes clusters")
	flags.StringVar(&o.suite, "suite", "", "the built suite's `file` (default: it is built)")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "run on the cluster of this `file`, not on ones made for it")
	flags.StringVar(&o.keep, "keep", filepath.Join("bin", "conformance", "failed"), "the `folder` for what specs print that do not pass; *.log is removed there first")
	pattern := flags.String("run", "", "only specs whose name this `regexp` matches; nothing is recorded")
	flags.BoolVar(&o.others, "others", false, "of the specs that are not marked "+conformance+", those that -run matches; nothing is recorded")
	flags.BoolVar(&o.quick, "quick", false, "only some specs, a few minutes' worth; nothing is recorded")
	flags.BoolVar(&o.build, "build", false, "build the suite and the images of its Pods, and run nothing")
	flags.BoolVar(&o.list, "list", false, "list the specs that would run, and run nothing")
	flags.BoolVar(&o.updateSums, "update-sums", false, "find the checksums in "+sumFile+" anew, and run nothing")
	flags.IntVar(&o.parallel, "parallel", 5*runtime.NumCPU(), "how many specs run at once on the one cluster that they share")
	flags.IntVar(&o.serial, "serial", 2, "how many clusters run the specs that share none, one at a time each")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("argument %q is not understood; flags only", flags.Arg(0))
	}
	if o.parallel < 1 || o.serial < 1 {
		return o, errors.New("read the flags: at least one spec at once, and one cluster")
	}
	var err error
	if o.run, err = regexp.Compile(*pattern); err != nil {
		return o, fmt.Errorf("read -run: %w", err)
	}
	if o.others && (*pattern == "" || o.quick) {
		return o, errors.New("read the flags: -others needs -run, and goes without -quick: there are thousands, most of them for other clusters")
	}
	return o, nil
}

// whole says that every spec runs, of which then a record is kept.
func (o options) whole() bool {
	return !o.quick && !o.others && o.run.String() == "" && o.kubeconfig == ""
}

func run(ctx context.Context, args []string, w io.Writer) error {
	o, err := parse(args, w)
	if err != nil {
		return err
	}
	if o.updateSums {
		return updateSums(ctx)
	}
	if o.suite == "" {
		if o.suite, err = build(ctx, filepath.Join("bin", "conformance"), w); err != nil {
			return err
		}
	}
	if o.kubeconfig == "" && !o.list {
		if err := buildImages(ctx, w); err != nil {
			return err
		}
	}
	if o.build {
		return nil
	}
	specs, err := choose(ctx, o)
	if err != nil {
		return err
	}
	if o.list {
		for _, s := range specs {
			fmt.Fprintln(w, s.Name)
		}
		return nil
	}
	return conductAll(ctx, o, specs, w)
}

// choose lists the suite's specs, and takes those that were asked for.
func choose(ctx context.Context, o options) ([]spec, error) {
	of := list
	if o.others {
		of = listOthers
	}
	specs, err := of(ctx, o.suite)
	if err != nil {
		return nil, err
	}
	last, err := readRecord(resultsFile)
	if err != nil {
		return nil, err
	}
	last.time(specs)
	if o.quick {
		specs = quick(specs, last)
	}
	var chosen []spec
	for _, s := range specs {
		if o.run.MatchString(s.Name) {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("choose specs: none of %d matches %q; -list shows them", len(specs), o.run)
	}
	return chosen, nil
}

func conductAll(ctx context.Context, o options, specs []spec, w io.Writer) (err error) {
	began := time.Now()
	if err := empty(o.keep); err != nil {
		return err
	}
	g, err := prepare(o.program, o.suite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.clear()) }()
	fmt.Fprintf(w, "Running %d specs as user %d in %s\n", len(specs), g.account.id, g.work)
	c := &conductor{ground: g, parallel: o.parallel, serial: o.serial, kubeconfig: o.kubeconfig, keep: o.keep, told: w}
	results, err := c.conduct(ctx, specs)
	if err != nil {
		return fmt.Errorf("after %d of %d specs: %w", len(results), len(specs), err)
	}
	version, err := output(ctx, o.suite, "--version")
	if err != nil {
		return fmt.Errorf("ask the suite for its version: %w", err)
	}
	return report(o, specs, record{Version: string(bytes.TrimSpace(version)), CPUs: runtime.NumCPU(), Took: time.Since(began), OwnMounts: c.ownMounts, Results: results}, w)
}

// empty makes the folder, and removes the last run's logs from it.
func empty(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil {
		return fmt.Errorf("look for old logs: %w", err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("remove an old log: %w", err)
		}
	}
	return nil
}

// report says how it went, and writes down what came of a whole run, good or bad.
func report(o options, specs []spec, r record, w io.Writer) error {
	good := 0
	for _, x := range r.Results {
		if x.Verdict == passed {
			good++
		}
	}
	fmt.Fprintf(w, "Ran %d specs in %s, %d of %d passed\n", len(r.Results), r.Took.Round(time.Second), good, len(specs))
	err := errors.Join(complete(specs, r.Results), judge(r.Results))
	if !o.whole() {
		return err
	}
	for file, text := range map[string]string{resultsFile: r.format(), pageFile: page(r)} {
		if writeErr := os.WriteFile(file, []byte(text), 0o644); writeErr != nil {
			err = errors.Join(err, fmt.Errorf("write %s: %w", file, writeErr))
		}
	}
	fmt.Fprintf(w, "Wrote %s and %s\n", pageFile, resultsFile)
	return errors.Join(err, stale(specs))
}
