// Command bench measures the program on this machine and prints the table of docs/benchmarks.md,
// which also says how each figure comes about.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures and writes the table to out; how it goes is told on errOut.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errOut)
	program := flags.String("program", filepath.Join("bin", "kubectl-learn"), "the `file` to measure")
	providers := flags.String("providers", "sandbox", "what is to make the clusters: `names` with commas between, one column each")
	crowded := flags.Bool("crowd", false, "ask for 500 namespaces with 1,000 Pods on 5 nodes of a sandbox, and say what gives way first")
	limit := flags.Duration("crowd-limit", 10*time.Minute, "how long the crowd may take")
	size := flags.Bool("size", false, "say what the program is made of, by module")
	starting := flags.Bool("start", false, "measure the start of a short command alone")
	drawing := flags.Bool("map", false, "measure the command map on 5,000 Pods")
	if err := flags.Parse(args); err != nil {
		return err
	}
	path, err := filepath.Abs(*program)
	if err != nil {
		return fmt.Errorf("find %s: %w", *program, err)
	}
	if *crowded {
		return runCrowd(ctx, path, *limit, out, errOut)
	}
	if *size {
		return measureSize(ctx, path, out, errOut)
	}
	if *drawing {
		return runMap(ctx, path, out, errOut)
	}
	fmt.Fprintf(errOut, "Starting the program and kubectl %d times each\n", starts)
	start, err := measureStart(ctx, path)
	if err != nil {
		return err
	}
	if *starting {
		fmt.Fprintln(out, start)
		return nil
	}
	var columns []figures
	names := strings.Split(*providers, ",")
	for _, provider := range names {
		f, err := measureOn(ctx, path, provider, errOut)
		if err != nil {
			return fmt.Errorf("provider %s: %w", provider, err)
		}
		columns = append(columns, f)
	}
	printTable(out, names, rows(columns, start))
	fmt.Fprintf(out, "\n%s, %s/%s, %d processors, %s.\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), machine())
	return nil
}

// measureOn takes one provider's figures.
func measureOn(ctx context.Context, program, provider string, told io.Writer) (figures, error) {
	p, err := newPractice(program, provider)
	if err != nil {
		return figures{}, err
	}
	// The cluster is deleted when the measuring was interrupted, too.
	defer p.remove(context.WithoutCancel(ctx))
	return measure(ctx, p, told)
}
