package controlplane

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/identity"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pki"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pulse"
)

// apiServer is kube-apiserver, set up and not yet running.
type apiServer struct {
	options options.CompletedOptions
	metrics func(informers.SharedInformerFactory) (*metrics, error)
	layout  sandbox.Layout
}

// egressSelector sends the API server's own connections (to kubelets, Pods and webhooks) through
// the proxy that knows the cluster's network.
const egressSelector = `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport: {uds: {udsName: %q}}
`

func newAPIServer(ctx context.Context, l sandbox.Layout, c *sandbox.Config, a *pki.Authority, f identity.Files, etcd string, p *pulse.Pulse) (*apiServer, error) {
	audit, egress := filepath.Join(l.Dir, "audit-policy.yaml"), filepath.Join(l.Dir, "egress.yaml")
	if err := writeFile(audit, cluster.AuditPolicy(identity.Learner.User)); err != nil {
		return nil, err
	}
	if err := writeFile(egress, fmt.Sprintf(egressSelector, l.Egress())); err != nil {
		return nil, err
	}
	args := []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.Port), "--advertise-address=" + identity.APIServerAddress,
		"--tls-cert-file=" + f.APICert, "--tls-private-key-file=" + f.APIKey, "--client-ca-file=" + a.CertFile(),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction," + silentNodes, "--allow-privileged=true",
		"--service-account-key-file=" + f.AccountKey, "--service-account-signing-key-file=" + f.AccountKey,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		// Where Pods reach it, which is not the port that this machine has for it.
		fmt.Sprintf("--service-account-jwks-uri=https://%s:%d/openid/v1/jwks", identity.APIServerAddress, identity.APIServerPort),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--kubelet-client-certificate=" + f.KubeletCert, "--kubelet-client-key=" + f.KubeletKey,
		"--kubelet-certificate-authority=" + a.CertFile(), "--kubelet-preferred-address-types=InternalIP",
		"--proxy-client-cert-file=" + f.FrontCert, "--proxy-client-key-file=" + f.FrontKey,
		"--requestheader-client-ca-file=" + a.CertFile(), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
		"--egress-selector-config-file=" + egress,
		// The endpoints of the Service "kubernetes" are an address of our network: see bootstrap.
		"--endpoint-reconciler-type=none",
		"--audit-policy-file=" + audit, "--audit-log-path=" + l.AuditLog(), "--audit-log-maxsize=32", "--audit-log-maxbackup=1",
		// A node that died is left after 3 s, where other clusters wait for 300 s.
		"--default-not-ready-toleration-seconds=3", "--default-unreachable-toleration-seconds=3",
		// One learner needs no fairness between clients, and small caches save memory.
		"--profiling=false", "--default-watch-cache-size=50", "--enable-priority-and-fairness=false",
		"--max-requests-inflight=0", "--max-mutating-requests-inflight=0",
		"--etcd-compaction-interval=1m",
		// The control plane node's kubelet is in this process, and feature gates are set once: see package node.
		fmt.Sprintf("--feature-gates=PodAndContainerStatsFromCRI=%t", runtime.GOOS == "linux"),
	}
	o := options.NewServerRunOptions()
	admitSilentNodes(o.Admission.GenericAdmission, l, p)
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, fs := range o.Flags().FlagSets {
		flags.AddFlagSet(fs)
	}
	if err := flags.Parse(args); err != nil {
		return nil, fmt.Errorf("set up kube-apiserver: %w", err)
	}
	// The registry of feature gates belongs to the process: it is set once, here, for all components.
	if err := o.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, fmt.Errorf("set up kube-apiserver: %w", err)
	}
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	completed, err := o.Complete(ctx)
	if err != nil {
		return nil, fmt.Errorf("set up kube-apiserver: %w", err)
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return nil, fmt.Errorf("set up kube-apiserver: %w", utilerrors.NewAggregate(errs))
	}
	return &apiServer{options: completed, layout: l, metrics: func(i informers.SharedInformerFactory) (*metrics, error) {
		return newMetrics(l, a, f, i)
	}}, nil
}

// run does what app.Run does, and adds the API group metrics.k8s.io on the way.
func (s *apiServer) run(ctx context.Context) error {
	if s.options.InformerName == nil {
		name, err := cache.NewInformerName("kube-apiserver")
		if err != nil {
			return err
		}
		s.options.InformerName = name
	}
	config, err := app.NewConfig(s.options)
	if err != nil {
		return err
	}
	describe(config.KubeAPIs.ControlPlane.Generic)
	caches := config.KubeAPIs.ControlPlane.VersionedInformers
	m, err := s.metrics(caches)
	if err != nil {
		return err
	}
	completed, err := config.Complete()
	if err != nil {
		return err
	}
	chain, err := app.CreateServerChain(completed)
	if err != nil {
		return err
	}
	if err := m.install(chain.GenericAPIServer, caches); err != nil {
		return err
	}
	if err := tellOfEmulations(ctx, s.layout, chain.GenericAPIServer.LoopbackClientConfig, caches); err != nil {
		return err
	}
	prepared, err := chain.PrepareRun()
	if err != nil {
		return err
	}
	go m.run(ctx)
	return prepared.Run(ctx)
}
