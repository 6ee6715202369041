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
	program, err := filepath.Abs(o.program)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("find %s: %w", o.program, err)
	}
	if o.kubectl == "" {
		o.kubectl = quote(program) + " kubectl --"
	}
	makers := []made{{program: program, home: filepath.Join(work, "a"), name: "cmp-a"}, {program: program, home: filepath.Join(work, "b"), name: "cmp-b"}}
	targets := make([]*target, len(makers))
	open := func(i int, which string) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			targets[i], err = makers[i].open(ctx, which, o.kubectl, told)
			return err
		}
	}
	err = both(ctx, open(0, o.a), open(1, o.b))
	remove = func(ctx context.Context) error {
		return errors.Join(makers[0].remove(ctx), makers[1].remove(ctx))
	}
	return targets[0], targets[1], remove, err
}

// made is a cluster that exists for this comparison only, in a home of its own; one that was given
// is not made, and has a folder there.
type made struct {
	program, home, name string
	begun               bool
}

// open finds the cluster that NAME=KUBECONFIG names, or makes one with the provider of that name.
func (m *made) open(ctx context.Context, which, kubectl string, told io.Writer) (*target, error) {
	t := &target{kubectl: kubectl, work: m.home}
	if err := os.Mkdir(t.work, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	var given bool
	var err error
	if t.name, t.kubeconfig, given = strings.Cut(which, "="); !given {
		fmt.Fprintf(told, "Making a cluster (%s)\n", t.name)
		if t.kubeconfig, err = m.create(ctx, t.name); err != nil {
			return nil, err
		}
	}
	if t.kubeconfig, err = filepath.Abs(t.kubeconfig); err != nil {
		return nil, fmt.Errorf("find %s: %w", which, err)
	}
	return t, t.learn(ctx)
}

func (m *made) command(ctx context.Context, args ...string) (string, error) {
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
func (m *made) create(ctx context.Context, provider string) (string, error) {
	m.begun = true
	if _, err := m.command(ctx, "cluster", "create", "--provider", provider, "--nodes", "2"); err != nil {
		return "", err
	}
	config, err := m.command(ctx, "kubectl", "--", "config", "view", "--raw")
	if err != nil {
		return "", err
	}
	file := filepath.Join(m.home, "kubeconfig.compare")
	return file, os.WriteFile(file, []byte(config), 0o600)
}

// remove deletes it, whole or half made, if there is one.
func (m *made) remove(ctx context.Context) error {
	if !m.begun {
		return nil
	}
	if list, err := m.command(ctx, "cluster", "list", "-o", "name"); err == nil && strings.TrimSpace(list) == "" {
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
