package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"
)

// many is the number of packages to compile from which on it takes minutes.
const many = 500

// program builds kubectl-learn with the settings of a release, which the Makefile has for all, so that what was
// compiled is shared.
func (b *builder) program(ctx context.Context, output string) error {
	total, err := b.stale(ctx)
	if err != nil {
		return err
	}
	if total >= many {
		fmt.Fprintln(b.w, "Compiling Kubernetes: about 10 minutes the first time, seconds afterwards")
	}
	cmd := b.command(ctx, "build", "-v", "-trimpath", "-ldflags", "-s -w", "-o", output, "./cmd/kubectl-learn")
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	told := make(chan struct{})
	go func() {
		defer close(told)
		newTeller(b.w, b.terminal, total, time.Now).tell(read)
	}()
	err = cmd.Run()
	_ = write.Close()
	<-told
	if err != nil {
		return fmt.Errorf("build %s: %w", output, err)
	}
	fmt.Fprintf(b.w, "Built %s\n", output)
	return nil
}

// stale counts the packages that are to be compiled.
func (b *builder) stale(ctx context.Context) (int, error) {
	cmd := b.command(ctx, "list", "-deps", "-trimpath", "-f", "{{if .Stale}}x{{end}}", "./cmd/kubectl-learn")
	stderr := &fetching{w: b.w}
	cmd.Stderr = stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("list packages: %w\n%s", err, &stderr.rest)
	}
	return bytes.Count(out, []byte("x")), nil
}

// fetching takes what the go command says while it lists packages. It is the first to fetch the
// modules that are not on this machine, with a line for each of hundreds: one says it all.
type fetching struct {
	w    io.Writer
	said bool
	rest bytes.Buffer
}

func (f *fetching) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(p, []byte("go: downloading ")) {
		return f.rest.Write(p)
	}
	if !f.said {
		fmt.Fprintln(f.w, "Fetching the modules it is made of: a minute or two, the first time only")
		f.said = true
	}
	return len(p), nil
}
