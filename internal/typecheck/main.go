// Command typecheck says whether the program would compile for other systems, in seconds each where
// a first real build takes ten minutes: for each GOOS/GOARCH named it type-checks the module's
// packages, their tests and all that they import from source, and generates no code. What only the
// code generator or the linker would refuse is not found; `go run ./internal/build -for GOOS/GOARCH` builds for real.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns 0 when all targets are sound, 1 when one is not, 2 when it could not tell.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("typecheck", flag.ContinueOnError)
	flags.SetOutput(errOut)
	dir := flags.String("C", ".", "folder of the module")
	flags.Usage = func() {
		fmt.Fprintln(errOut, "usage: typecheck [-C folder] GOOS/GOARCH...")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	targets, err := parseTargets(flags.Args())
	if err != nil {
		fmt.Fprintln(errOut, "typecheck:", err)
		return 2
	}
	code := 0
	for _, t := range targets {
		began := time.Now()
		result, err := check(ctx, *dir, t)
		if err != nil {
			fmt.Fprintf(errOut, "typecheck %s: %v\n", t, err)
			return 2
		}
		if result.own == 0 {
			fmt.Fprintf(errOut, "typecheck %s: no module's packages are in %s\n", t, *dir)
			return 2
		}
		for _, p := range result.problems {
			fmt.Fprintf(out, "%s: %s\n", t, p)
			code = 1
		}
		fmt.Fprintf(out, "%-14s %d packages of this module, %d that they import: errors %d, %.0f s\n",
			t, result.own, result.imported, len(result.problems), time.Since(began).Seconds())
	}
	return code
}

// target is one system to check for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

func parseTargets(args []string) ([]target, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("name at least one GOOS/GOARCH, for example darwin/arm64")
	}
	var targets []target
	for _, a := range args {
		system, arch, ok := strings.Cut(a, "/")
		if !ok || system == "" || arch == "" {
			return nil, fmt.Errorf("%q is no GOOS/GOARCH; write it like darwin/arm64", a)
		}
		targets = append(targets, target{system, arch})
	}
	return targets, nil
}
