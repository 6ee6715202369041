package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// target is one of the two clusters.
type target struct {
	name       string
	kubeconfig string
	// kubectl is a command of sh.
	kubectl string
	control string
	workers []string
	normal  *normaliser
	work    string
}

// clusters opens both, or makes them; remove deletes what was made, also when err is not nil.
func clusters(ctx context.Context, o options, work string, told io.Writer) (a, b *target, remove func(context.Context) error, err error) {
	var removers []func(context.Context) error
	remove = func(ctx context.Context) error {
		var errs []error
		for _, r := range removers {
			errs = append(errs, r(ctx))
		}
		return errors.Join(errs...)
	}
	program, err := filepath.Abs(o.program)
	if err != nil {
		return nil, nil, remove, fmt.Errorf("find %s: %w", o.program, err)
	}
	if o.kubectl == "" {
		o.kubectl = quote(program) + " kubectl --"
	}
	open := func(side, which string) (*target, error) {
		t := &target{kubectl: o.kubectl, work: filepath.Join(work, side)}
		if err := os.Mkdir(t.work, 0o700); err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
		var given bool
		if t.name, t.kubeconfig, given = strings.Cut(which, "="); !given {
			fmt.Fprintf(told, "Making a cluster (%s)\n", t.name)
			m := made{program: program, provider: t.name, home: t.work, name: "cmp-" + side}
			removers = append(removers, m.remove)
			if t.kubeconfig, err = m.create(ctx); err != nil {
				return nil, err
			}
		}
		if t.kubeconfig, err = filepath.Abs(t.kubeconfig); err != nil {
			return nil, fmt.Errorf("find %s: %w", which, err)
		}
		return t, t.learn(ctx)
	}
	if a, err = open("a", o.a); err != nil {
		return nil, nil, remove, err
	}
	b, err = open("b", o.b)
	return a, b, remove, err
}

// made is a cluster that exists for this comparison only, in a home of its own.
type made struct{ program, provider, home, name string }

func (m made) command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, m.program, append([]string{"--name", m.name}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+m.home)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl-learn %s: %w\n%s%s", strings.Join(args, " "), err, &out, &errOut)
	}
	return out.String(), nil
}

// create makes it and returns its kubeconfig's path.
func (m made) create(ctx context.Context) (string, error) {
	if _, err := m.command(ctx, "cluster", "create", "--provider", m.provider, "--nodes", "2"); err != nil {
		return "", err
	}
	config, err := m.command(ctx, "kubectl", "--", "config", "view", "--raw")
	if err != nil {
		return "", err
	}
	file := filepath.Join(m.home, "kubeconfig.compare")
	return file, os.WriteFile(file, []byte(config), 0o600)
}

// remove deletes it, whole or half made; where there is none, nothing is to be done.
func (m made) remove(ctx context.Context) error {
	if left, _ := os.ReadDir(filepath.Join(m.home, "clusters")); len(left) == 0 {
		return nil
	}
	_, err := m.command(ctx, "cluster", "delete")
	return err
}

// run is a kubectl command outside any session.
func (t *target) run(ctx context.Context, stdin, args string) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", t.kubectl+" --kubeconfig "+quote(t.kubeconfig)+" "+args)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("kubectl %s on %s: %w\n%s", args, t.name, err, out)
	}
	return string(out), nil
}

// learn asks the cluster for its nodes, which the sessions name.
func (t *target) learn(ctx context.Context) error {
	out, err := t.run(ctx, "", `get nodes -o jsonpath='{range .items[*]}{.metadata.name} {.metadata.labels}{"\n"}{end}'`)
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		name, labels, _ := strings.Cut(line, " ")
		if strings.Contains(labels, "node-role.kubernetes.io/control-plane") {
			t.control = name
			continue
		}
		t.workers = append(t.workers, name)
	}
	if t.control == "" || len(t.workers) != 2 {
		return fmt.Errorf("cluster %s: the sessions want a control plane node and two workers, it has %q and %q", t.name, t.control, t.workers)
	}
	t.normal = newNormaliser(t.control, t.workers)
	return nil
}

// warm brings every image to every node, so that no session depends on which came before it.
func (t *target) warm(ctx context.Context) error {
	const name = "cmp-warm"
	if _, err := t.run(ctx, warming, "apply -f -"); err != nil {
		return err
	}
	if _, err := t.run(ctx, "", "rollout status daemonset/warm -n "+name+" --timeout=120s"); err != nil {
		return err
	}
	_, err := t.run(ctx, "", "delete namespace "+name)
	return err
}

// warming runs a container of each image; names of images stand in the sessions as well.
const warming = `
apiVersion: v1
kind: Namespace
metadata: {name: cmp-warm}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: warm, namespace: cmp-warm}
spec:
  selector: {matchLabels: {app: warm}}
  template:
    metadata: {labels: {app: warm}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations: [{operator: Exists}]
      initContainers:
      - {name: busybox, image: "busybox:1.36", command: ["true"]}
      - {name: alpine, image: "alpine:3.20", command: ["true"]}
      - {name: alpine-old, image: "alpine:3.16", command: ["true"]}
      - {name: nginx, image: "nginx:1.29", command: ["true"]}
      containers:
      - {name: nginx-old, image: "nginx:1.28"}
      - {name: echo, image: "hashicorp/http-echo:1.0", args: ["-text=warm"]}
`

// quote makes one word of sh of s.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
