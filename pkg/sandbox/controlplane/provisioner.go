package controlplane

import (
	"context"
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/storage"
)

// runProvisioner makes the default StorageClass, as admin, and then gives claims their volumes, as itself.
func runProvisioner(ctx context.Context, l sandbox.Layout, admin *rest.Config) error {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	if err := storage.Install(ctx, client); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", l.Identity("provisioner"))
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	cfg.QPS, cfg.Burst, cfg.UserAgent = 100, 200, "kubectl-learn-provisioner"
	client, err = kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	return storage.Run(ctx, client, l)
}
