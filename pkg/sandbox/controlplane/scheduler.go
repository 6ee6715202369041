package controlplane

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/options"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// setUpScheduler returns what runs the scheduler.
func setUpScheduler(ctx context.Context, l sandbox.Layout) (func() error, error) {
	o := options.NewOptions()
	flags := pflag.NewFlagSet("kube-scheduler", pflag.ContinueOnError)
	for _, fs := range o.Flags.FlagSets {
		flags.AddFlagSet(fs)
	}
	err := flags.Parse([]string{
		"--kubeconfig=" + l.Identity("scheduler"), "--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--kube-api-qps=500", "--kube-api-burst=1000",
	})
	if err != nil {
		return nil, fmt.Errorf("set up kube-scheduler: %w", err)
	}
	c, scheduler, err := app.Setup(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("set up kube-scheduler: %w", err)
	}
	return func() error { return app.Run(ctx, c, scheduler) }, nil
}
