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

// program builds kubectl-learn. Unless it is for a release, it uses the go command's own settings,
// so that `go build`, `go test` and `go vet` by hand share what was compiled.
func (b *builder) program(ctx context.Context, output string, release bool) error {
	flags := []string{"-ldflags", "-s -w"}
	if release {
		flags = append(flags, "-trimpath")
	}
	total, err := b.stale(ctx, release)
	if err != nil {
		return err
	}
	if total >= many {
		fmt.Fprintln(b.w, "Compiling Kubernetes: about 10 minutes the first time, seconds afterwards")
	}
	args := append([]string{"build", "-v", "-o", output}, flags...)
	cmd := b.command(ctx, release, append(args, "./cmd/kubectl-learn")...)
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
func (b *builder) stale(ctx context.Context, release bool) (int, error) {
	args := []string{"list", "-deps", "-f", "{{if .Stale}}x{{end}}"}
	if release {
		args = append(args, "-trimpath")
	}
	cmd := b.command(ctx, release, append(args, "./cmd/kubectl-learn")...)
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
