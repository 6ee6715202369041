package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/identity"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/service"
)

// runProxy serves the API server's connections into the cluster's network, gives Pods a way to the
// API server, and listens on loopback for the Services that have a node port.
func runProxy(ctx context.Context, l sandbox.Layout, c *sandbox.Config) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", l.Identity("proxy"))
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	network := podnet.Network{Dir: l.Net()}
	if err := network.Init(); err != nil {
		return err
	}
	if err := network.SetNode(identity.APIServerAddress, identity.APIServerPort, fmt.Sprintf("127.0.0.1:%d", c.Port)); err != nil {
		return err
	}
	table := service.New(client)
	trusted := func(pid int) bool { return sandbox.IsPart(l, pid) }
	go table.Run(ctx)
	events := recorder(ctx, client)
	ports := service.NewNodePorts(table, network, func(svc *corev1.Service, port int32, err error) {
		klog.ErrorS(err, "Node port can't be opened on loopback", "service", klog.KObj(svc), "port", port)
		events.Eventf(svc, corev1.EventTypeWarning, "NodePortTaken",
			"Node port %d does not answer on this machine (%v). In the cluster it does; it is tried again every 2 s", port, err)
	})
	go ports.Run(ctx)

	if err := os.Remove(l.Egress()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", l.Egress())
	if err != nil {
		return err
	}
	return (&podnet.Proxy{Network: network, Resolver: table, Trusted: trusted}).Serve(ctx, listener)
}
