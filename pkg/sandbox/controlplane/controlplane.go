// Package controlplane runs etcd, kube-apiserver, kube-controller-manager and kube-scheduler, as
// they are in k8s.io/kubernetes, in one process, and with them the provisioner of package storage. Each has an identity of its own and speaks to the
// API server over TLS; etcd listens on a unix socket alone. The nodes are package node's.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/identity"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pki"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pulse"
)

// Run starts the control plane of the cluster at l and keeps it until ctx ends. It calls reached
// as each stage ends. When a component ends by itself, Run ends with its error: whoever finds the
// process gone starts it anew.
func Run(ctx context.Context, l sandbox.Layout, reached func(sandbox.Stage)) error {
	c, err := sandbox.ReadConfig(l)
	if err != nil {
		return err
	}
	a, err := pki.Open(l.PKI())
	if err != nil {
		return err
	}
	f, err := identity.IssueFiles(a)
	if err != nil {
		return err
	}
	etcd, err := startEtcd(l)
	if err != nil {
		return err
	}
	defer etcd.stop()
	reached(sandbox.Etcd)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 8)
	run := func(name string, f func() error) {
		go func() { ended <- fmt.Errorf("%s ended: %w", name, cause(ctx, f())) }()
	}
	beats := pulse.New(pulse.System())
	go beats.Run(ctx)
	api, err := newAPIServer(ctx, l, c, a, f, etcd.endpoint, beats)
	if err != nil {
		return err
	}
	run("kube-apiserver", func() error { return api.run(ctx) })

	admin, err := bootstrapClient(a, c)
	if err != nil {
		return err
	}
	started := make(chan error, 1)
	go func() { started <- startRest(ctx, l, c, a, f, admin, run, reached) }()
	for {
		select {
		case err := <-started:
			if err != nil {
				return err
			}
		case err := <-ended:
			return err
		case err := <-etcd.failed():
			return fmt.Errorf("etcd ended: %w", err)
		case <-ctx.Done():
			return nil
		}
	}
}

// startRest brings up what needs the API server. Run supervises what it starts.
func startRest(ctx context.Context, l sandbox.Layout, c *sandbox.Config, a *pki.Authority, f identity.Files, admin *rest.Config, run func(string, func() error), reached func(sandbox.Stage)) error {
	if err := waitFor(ctx, admin, sandbox.Serving); err != nil {
		return err
	}
	reached(sandbox.APIServer)
	again, err := bootstrapped(ctx, admin)
	if err != nil {
		return err
	}
	if !again { // the components live by roles that the API server makes a second later
		if err := waitFor(ctx, admin, "/healthz"); err != nil {
			return err
		}
	}
	if err := bootstrap(ctx, admin, c); err != nil {
		return err
	}
	run("provisioner", func() error { return runProvisioner(ctx, l, admin) })
	run("network proxy", func() error { return runProxy(ctx, l, c) })
	// What a client calls itself is made of the process's name, which the components share: the
	// scheduler makes its clients now, the controllers make theirs as they come.
	os.Args[0] = "kube-scheduler"
	scheduler, err := setUpScheduler(ctx, l)
	if err != nil {
		return err
	}
	os.Args[0] = "kube-controller-manager"
	run("kube-scheduler", scheduler)
	run("kube-controller-manager", func() error { return runControllerManager(ctx, l, a, f) })
	if err := waitFor(ctx, admin, "/readyz"); err != nil {
		return err
	}
	if err := publishDNS(ctx, admin); err != nil {
		return err
	}
	// Pods can be made from the moment when the namespace default has its ServiceAccount.
	if err := waitForDefaults(ctx, admin); err != nil {
		return err
	}
	reached(sandbox.Components)
	return nil
}

func cause(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		return errors.New("without an error")
	}
	return err
}

// bootstrapClient is the one client with every right, for the first seconds: its certificate is
// never written down and ends soon.
func bootstrapClient(a *pki.Authority, c *sandbox.Config) (*rest.Config, error) {
	pair, err := a.Sign(pki.Identity{User: "kubectl-learn:bootstrap", Groups: []string{"system:masters"}}, 10*time.Minute)
	if err != nil {
		return nil, err
	}
	return &rest.Config{
		Host: c.Server(), QPS: -1, Timeout: 5 * time.Second, UserAgent: "kubectl-learn",
		TLSClientConfig: rest.TLSClientConfig{CAData: a.CertPEM(), CertData: pair.Cert, KeyData: pair.Key},
	}, nil
}

// writeFile writes a file of settings that a component reads at its start.
func writeFile(path, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}
