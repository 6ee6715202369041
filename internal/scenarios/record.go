package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// record is the file that is kept of a scenario.
const record = "snapshot.json.gz"

// recorder brings about scenarios on one cluster.
type recorder struct {
	program, home string
	w             io.Writer
	limit         time.Duration
	config        *rest.Config
}

// open makes a practice cluster of our own.
func (r *recorder) open(ctx context.Context) (err error) {
	// Unix sockets have short paths, which $TMPDIR may be too deep for.
	if r.home, err = os.MkdirTemp("/tmp", "why."); err != nil {
		return err
	}
	if out, err := r.learn(ctx, "cluster", "create", "--provider", "sandbox", "--nodes", "2"); err != nil {
		return errors.Join(fmt.Errorf("make a cluster: %w\n%s", err, out), r.close())
	}
	r.config, err = clientcmd.BuildConfigFromFlags("", filepath.Join(r.home, "clusters", "learn", "kubeconfig"))
	return err
}

// close deletes the cluster; it is not given up when we are interrupted.
func (r *recorder) close() error {
	if out, err := r.learn(context.Background(), "cluster", "delete"); err != nil {
		return fmt.Errorf("delete the cluster in %s: %w\n%s", r.home, err, out)
	}
	return os.RemoveAll(r.home)
}

// learn runs a command of the program.
func (r *recorder) learn(ctx context.Context, args ...string) (string, error) {
	return r.pipe(ctx, "", args...)
}

func (r *recorder) pipe(ctx context.Context, in string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, r.program, args...)
	cmd.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+r.home, "NO_COLOR=1", "KUBECONFIG="+filepath.Join(r.home, "no-such-file"))
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// kubectl runs kubectl in a scenario's namespace; the line is taken apart at its spaces.
func (r *recorder) kubectl(ctx context.Context, s scenario, in string, args ...string) error {
	out, err := r.pipe(ctx, in, append([]string{"kubectl", "--", "-n", s.namespace()}, args...)...)
	if err != nil {
		return fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// scenario brings about one and records it.
func (r *recorder) scenario(ctx context.Context, s scenario) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*r.limit)
	defer cancel()
	if out, err := r.learn(ctx, "kubectl", "--", "create", "namespace", s.namespace()); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	defer func() { err = errors.Join(err, r.clear(s)) }()
	if err := r.wait(ctx, s, []condition{{Of: "serviceaccounts", Has: []string{`"name":"default"`}}}); err != nil {
		return err
	}
	for _, step := range s.Steps {
		if err := r.step(ctx, s, step); err != nil {
			return err
		}
	}
	return r.record(ctx, s)
}

func (r *recorder) step(ctx context.Context, s scenario, step step) error {
	switch {
	case step.Apply != "":
		return r.kubectl(ctx, s, step.Apply, "apply", "-f", "-")
	case step.Kubectl != "":
		return r.kubectl(ctx, s, "", strings.Fields(step.Kubectl)...)
	case step.Learn != "":
		if out, err := r.learn(ctx, strings.Fields(step.Learn)...); err != nil {
			return fmt.Errorf("%s: %w\n%s", step.Learn, err, out)
		}
		return nil
	}
	return r.wait(ctx, s, step.Until)
}

// wait watches the namespace until all conditions hold. Some are about time alone, so the clock is looked at as well.
func (r *recorder) wait(ctx context.Context, s scenario, until []condition) error {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	o, err := observe.New(r.config, s.namespace(), nil)
	if err != nil {
		return err
	}
	var queries []snapshot.Query
	for _, c := range until {
		q, err := snapshot.ParseQuery(c.Of)
		if err != nil {
			return err
		}
		queries = append(queries, q)
	}
	seen, err := o.Watch(ctx, queries)
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var now *snapshot.Snapshot
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("it did not come about within %v: %v", r.limit, until)
		case fresh, open := <-seen:
			if open {
				now = fresh
			}
		case <-tick.C:
		}
		if now == nil {
			continue
		}
		at := *now
		at.At = time.Now()
		if ok, err := allHold(until, &at); ok || err != nil {
			return err
		}
	}
}

func allHold(all []condition, now *snapshot.Snapshot) (bool, error) {
	for _, c := range all {
		if ok, err := c.holds(now); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// record keeps what why reads.
func (r *recorder) record(ctx context.Context, s scenario) error {
	file := filepath.Join(r.home, s.name+".json")
	args := []string{"why", "-n", s.namespace(), "-o", "json", "--save", file}
	if s.Target != "" {
		args = append(args, s.Target)
	}
	if s.As != "" {
		args = append(args, "--as", s.As)
	}
	out, err := r.learn(ctx, args...)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return fmt.Errorf("why: %w\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return pack(filepath.Join(s.dir, record), data)
}

// pack writes a file in gzip's form, without a time in it.
func pack(file string, data []byte) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(data)
		err = errors.Join(err, z.Close())
	}
	return errors.Join(err, out.Close())
}

// clear takes away what a scenario made, and waits for nothing.
func (r *recorder) clear(s scenario) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var failed []error
	for _, line := range []string{s.Cleanup, s.Undo} {
		if line != "" {
			failed = append(failed, r.kubectl(ctx, s, "", strings.Fields(line)...))
		}
	}
	if s.Cluster {
		for _, step := range s.Steps {
			if step.Apply != "" {
				failed = append(failed, r.kubectl(ctx, s, step.Apply, "delete", "--ignore-not-found", "--wait=false", "-f", "-"))
			}
		}
	}
	failed = append(failed, r.kubectl(ctx, s, "", "delete", "namespace", s.namespace(), "--ignore-not-found", "--wait=false"))
	if s.After != "" {
		if out, err := r.learn(ctx, strings.Fields(s.After)...); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w\n%s", s.After, err, out))
		}
	}
	return errors.Join(failed...)
}
