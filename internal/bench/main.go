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
	if err := flags.Parse(args); err != nil {
		return err
	}
	path, err := filepath.Abs(*program)
	if err != nil {
		return fmt.Errorf("find %s: %w", *program, err)
	}
	c, err := newPractice(path)
	if err != nil {
		return err
	}
	// The cluster is deleted when the measuring was interrupted, too.
	defer c.remove(context.WithoutCancel(ctx))
	rows, err := measure(ctx, c, errOut)
	if err != nil {
		return err
	}
	printTable(out, rows)
	fmt.Fprintf(out, "\n%s, %s/%s, %d processors, %s.\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), machine())
	return nil
}
