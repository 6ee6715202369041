// Command compare runs the same kubectl sessions on two clusters, the sandbox and kind, and shows
// where what a learner sees is different. The sessions are the files of the folder sessions; what a
// file may say stands in session.go, what is made equal before the comparison in normal.go.
//
// Each difference is a defect of the sandbox, or is explained: in the session, under the command
// that shows it, or in known.txt for all sessions. It exits 1 when one is not explained.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// errDifferent says that a difference was found that nobody has explained.
var errDifferent = errors.New("the clusters behave differently")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// options is what was asked for.
type options struct {
	a, b     string
	kubectl  string
	program  string
	run      *regexp.Regexp
	parallel int
	json     bool
	list     bool
	verbose  bool
}

func parse(args []string, errOut io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&o.a, "a", "sandbox", "the first cluster: `NAME=KUBECONFIG`, or the name of a provider that makes one")
	flags.StringVar(&o.b, "b", "kind", "the second cluster, as the first")
	flags.StringVar(&o.kubectl, "kubectl", "", "the `command` that is kubectl, for both (default: the one that is built into -program)")
	flags.StringVar(&o.program, "program", "bin/kubectl-learn", "the `file` that makes clusters")
	pattern := flags.String("run", "", "run only sessions whose name matches the `regexp`")
	flags.IntVar(&o.parallel, "parallel", 6, "how many sessions run at the same time")
	flags.BoolVar(&o.json, "json", false, "print the result as JSON")
	flags.BoolVar(&o.list, "list", false, "list the sessions and run none")
	flags.BoolVar(&o.verbose, "v", false, "print all that the first cluster printed, too, with the seconds of each command")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("argument %q is not understood; flags only", flags.Arg(0))
	}
	var err error
	if o.run, err = regexp.Compile(*pattern); err != nil {
		return o, fmt.Errorf("read -run: %w", err)
	}
	if o.parallel < 1 {
		return o, fmt.Errorf("read -parallel: %d sessions are not enough to begin with", o.parallel)
	}
	return o, nil
}

// run compares, and writes the report to out; how it goes is told on errOut.
func run(ctx context.Context, args []string, out, errOut io.Writer) (err error) {
	o, err := parse(args, errOut)
	if err != nil {
		return err
	}
	sessions, global, err := load()
	if err != nil {
		return err
	}
	chosen := choose(sessions, o.run)
	if o.list {
		for _, s := range chosen {
			fmt.Fprintf(out, "%-24s %s\n", s.Name, s.Title)
		}
		return nil
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no session matches %q; -list shows them", o.run)
	}
	began := time.Now()
	work, err := os.MkdirTemp("/tmp", "cmp") // short, for the sandbox's unix sockets
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(work)
	a, b, remove, err := clusters(ctx, o, work, errOut)
	if remove != nil { // when the run was interrupted, too
		defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx))) }()
	}
	if err != nil {
		return err
	}
	results, err := compare(ctx, chosen, a, b, o.parallel, errOut)
	if err != nil {
		return err
	}
	if o.verbose {
		printTranscripts(out, chosen, results)
	}
	r := judge(chosen, results, global, len(chosen) == len(sessions))
	r.A, r.B, r.Seconds = a.name, b.name, round(time.Since(began))
	return report(r, o.json, out)
}

func choose(all []*session, pattern *regexp.Regexp) []*session {
	var chosen []*session
	for _, s := range all {
		if pattern.MatchString(s.Name) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// report prints, and returns errDifferent where something is to be mended or explained.
func report(r *verdicts, asJSON bool, out io.Writer) error {
	print := printText
	if asJSON {
		print = printJSON
	}
	if err := print(out, r); err != nil {
		return err
	}
	if bad := r.unexplained(); len(bad) > 0 {
		return fmt.Errorf("%w: %s", errDifferent, strings.Join(bad, ", "))
	}
	return nil
}
