// Command soak kills the processes of a practice cluster at random moments, again and again, under
// load, and prints what docs/benchmarks.md has of it. It ends with exit code 1 where anything was lost
// or left. What it does is in package fault.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-learn/kubectl-learn/internal/fault"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(errOut)
	program := flags.String("program", filepath.Join("bin", "kubectl-learn"), "the `file` to soak")
	rounds := flags.Int("rounds", 200, "how often something is killed")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "chooses victims and moments")
	if err := flags.Parse(args); err != nil {
		return err
	}
	path, err := filepath.Abs(*program)
	if err != nil {
		return fmt.Errorf("find %s: %w", *program, err)
	}
	// Unix sockets need a short path, which the system's temporary folder is not everywhere.
	home, err := os.MkdirTemp("/tmp", "soak")
	if err != nil {
		return fmt.Errorf("make home: %w", err)
	}
	defer os.RemoveAll(home)
	fmt.Fprintf(errOut, "Soaking %s, %d rounds, -seed %d\n", path, *rounds, *seed)
	f, err := fault.Soak{
		Cluster: fault.Cluster{Program: path, Home: home, Name: "soak"}, Rounds: *rounds, Told: errOut, Rand: rand.New(rand.NewPCG(*seed, 0)),
	}.Run(ctx)
	if err != nil {
		return err
	}
	printFigures(out, f)
	if len(f.Wrong) > 0 {
		return fmt.Errorf("%d things did not hold:\n%s", len(f.Wrong), strings.Join(f.Wrong, "\n"))
	}
	return nil
}

// printFigures prints a table, as it stands in docs/benchmarks.md.
func printFigures(w io.Writer, f fault.Figures) {
	var kinds []string
	for what, n := range f.Killed {
		kinds = append(kinds, fmt.Sprintf("%s %d", what, n))
	}
	slices.Sort(kinds)
	whole := slices.Clone(f.Whole)
	slices.Sort(whole)
	late := len(whole)
	for late > 0 && whole[late-1] > 5*time.Second {
		late--
	}
	fmt.Fprintf(w, "| what | figure |\n|---|---|\n")
	fmt.Fprintf(w, "| rounds | %d: %s |\n", f.Rounds, strings.Join(kinds, "; "))
	fmt.Fprintf(w, "| acknowledged writes, of them lost | %d, %d |\n", f.Acknowledged, len(f.Wrong))
	fmt.Fprintf(w, "| writes without an answer; longest time without an acknowledged one | %d; %.1f s |\n", f.Refused, f.Silent.Seconds())
	fmt.Fprintf(w, "| from the next command to a whole cluster: median, 95th percentile, longest | %s, %s, %s |\n", at(whole, 50), at(whole, 95), at(whole, 100))
	fmt.Fprintf(w, "| of these within 5 s | %d of %d |\n", late, len(whole))
	fmt.Fprintf(w, "\n%s, %s/%s, %d processors.\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

// at is a percentile of sorted times.
func at(sorted []time.Duration, percent int) string {
	if len(sorted) == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%.2f s", sorted[max(0, (len(sorted)*percent+99)/100-1)].Seconds())
}
