package controlplane

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app/options"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/identity"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pki"
)

// runControllerManager runs every controller that is on by default, each with a ServiceAccount of
// its own, so that the audit log tells which of them did what.
func runControllerManager(ctx context.Context, l sandbox.Layout, a *pki.Authority, f identity.Files) error {
	o, err := options.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	all, off, aliases := app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases()
	sets := o.Flags(all, off, aliases)
	o.ParsedFlags = &sets
	flags := pflag.NewFlagSet("kube-controller-manager", pflag.ContinueOnError)
	for _, fs := range sets.FlagSets {
		flags.AddFlagSet(fs)
	}
	err = flags.Parse([]string{
		"--kubeconfig=" + l.Identity("controller-manager"), "--use-service-account-credentials=true",
		"--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--service-account-private-key-file=" + f.AccountKey, "--root-ca-file=" + a.CertFile(),
		"--cluster-signing-cert-file=" + a.CertFile(), "--cluster-signing-key-file=" + a.KeyFile(),
		// Whoever adds a node gives it its range of Pod addresses at once.
		"--allocate-node-cidrs=false", "--service-cluster-ip-range=10.96.0.0/16",
		// Slow start is for big clusters: the default of 20 requests a second costs 6 s here.
		"--kube-api-qps=500", "--kube-api-burst=1000", "--controller-start-interval=0s",
		// Shortened for people who watch: the defaults are 50 s and 5 s.
		"--node-monitor-grace-period=5s", "--node-monitor-period=1s",
		"--pvclaimbinder-sync-period=5s", "--resource-quota-sync-period=15s",
		"--horizontal-pod-autoscaler-sync-period=5s", "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
		"--horizontal-pod-autoscaler-cpu-initialization-period=20s", "--horizontal-pod-autoscaler-downscale-stabilization=30s",
		"--flex-volume-plugin-dir=" + filepath.Join(l.Dir, "flex"),
	})
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	c, err := o.Config(ctx, all, off, aliases)
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	return app.Run(ctx, c.Complete())
}
