// Command build builds the program: first the small one that runs in containers, packed to where
// package embedded finds it, then kubectl-learn itself. The first build compiles Kubernetes, which
// takes minutes in which the go command says nothing; this says how far it is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stderr, term.IsTerminal(int(os.Stderr.Fd())))
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

// run builds for the host, or for the system named; w is told how it goes.
func run(ctx context.Context, args []string, w io.Writer, terminal bool) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.SetOutput(w)
	output := flags.String("o", filepath.Join("bin", "kubectl-learn"), "`file` to write; .exe is added for Windows")
	system := flags.String("for", "", "`GOOS/GOARCH` to build for, when it is not this machine's")
	container := flags.Bool("container", false, "build no more than what runs in containers, for a build of the program to embed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not understood", flags.Args())
	}
	b := builder{w: w, terminal: terminal}
	if err := b.setTarget(ctx, *system); err != nil {
		return err
	}
	if err := b.container(ctx, filepath.Join("pkg", "sandbox", "program", "embedded", "bin")); err != nil {
		return err
	}
	if *container {
		return nil
	}
	if b.goos == "windows" && !strings.HasSuffix(*output, ".exe") {
		*output += ".exe"
	}
	return b.program(ctx, *output)
}

// builder runs the go command for one system.
type builder struct {
	w            io.Writer
	terminal     bool
	goos, goarch string
}

func (b *builder) setTarget(ctx context.Context, system string) error {
	if system == "" {
		out, err := exec.CommandContext(ctx, "go", "env", "GOOS", "GOARCH").Output()
		if err != nil {
			return fmt.Errorf("ask go for this system: %w", err)
		}
		system = strings.Join(strings.Fields(string(out)), "/")
	}
	var ok bool
	if b.goos, b.goarch, ok = strings.Cut(system, "/"); !ok {
		return fmt.Errorf("%q is no GOOS/GOARCH; write it like darwin/arm64", system)
	}
	return nil
}

// command is the go command, set for the system, and for programs that have no C library in them.
func (b *builder) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOOS="+b.goos, "GOARCH="+b.goarch, "CGO_ENABLED=0")
	return cmd
}
