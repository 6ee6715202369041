package node

import (
	"context"
	"fmt"
	"net/netip"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/firewall"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/service"
)

// runProxy gives the node's Pods names, Services and each other, as far as NetworkPolicies let them. What
// ends before ctx does is told to ended.
func runProxy(ctx context.Context, l sandbox.Layout, n sandbox.Node, ended chan<- error) (*podnet.Proxy, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", l.Identity("proxy"))
	if err != nil {
		return nil, fmt.Errorf("set up service proxy: %w", err)
	}
	// Smaller to send and to read than JSON: each node watches every endpoint, and Pods where there are policies.
	cfg.ContentConfig = rest.ContentConfig{ContentType: "application/vnd.kubernetes.protobuf", AcceptContentTypes: "application/vnd.kubernetes.protobuf,application/json"}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("set up service proxy: %w", err)
	}
	table := service.New(client, service.OnNode(n.Name))
	proxy := &podnet.Proxy{Network: podnet.Network{Dir: l.Net()}, Resolver: table}
	rules, err := firewall.New(client, n.Index, func(a netip.Addr) (podnet.Pod, bool) { return proxy.Pod(a) }, func(err error) {
		klog.ErrorS(err, "A NetworkPolicy is taken for one that allows nothing")
	})
	if err != nil {
		return nil, fmt.Errorf("set up network: %w", err)
	}
	gate, err := podnet.NewGate(n.Index, rules, func(pid int) bool { return sandbox.IsPart(l, pid) })
	if err != nil {
		return nil, fmt.Errorf("set up network: %w", err)
	}
	proxy.Policy, proxy.Network.Gate = rules, gate
	entrance, err := gate.Listen(ctx, proxy.Network)
	if err != nil {
		return nil, fmt.Errorf("set up network: %w", err)
	}
	go table.Run(ctx)
	go rules.Run(ctx)
	go func() { ended <- gate.Serve(ctx, entrance) }()
	return proxy, nil
}
