// Command podnet connects the Pods of a cluster whose nodes share one layer-2 network, over IPv4. It
// runs on each node, in the node's network. NetworkPolicy is not enforced.
//
// For its node it writes the CNI configuration that hands out addresses of the node's Pod CIDR, keeps
// one route a peer (its Pod CIDR by way of its address), and masquerades what leaves the cluster.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// resync is how often all is looked at again, in case that somebody else removed a route.
const resync = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv("NODE_NAME")); err != nil {
		slog.Error("podnet", "err", err)
		os.Exit(1)
	}
}

// run follows the cluster's nodes, for the node called self, until ctx ends.
func run(ctx context.Context, self string) error {
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	nodes := factory.Core().V1().Nodes()
	changed := make(chan struct{}, 1)
	note := func() {
		select {
		case changed <- struct{}{}:
		default: // one is waiting already
		}
	}
	if _, err := nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { note() },
		UpdateFunc: func(any, any) { note() },
		DeleteFunc: func(any) { note() },
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	var a agent
	for {
		list, err := nodes.Lister().List(labels.Everything())
		if err == nil {
			err = a.apply(list, self)
		}
		if err != nil {
			slog.Warn("not all is applied, will try again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-time.After(resync):
		}
	}
}

// agent remembers what it wrote last, so that it does nothing while nothing changes.
type agent struct {
	cni []byte
	nat string
}

// apply makes the node's network that of the nodes in the list.
func (a *agent) apply(nodes []*corev1.Node, self string) error {
	var own string
	var all []string
	peers := map[string]net.IP{} // node address by Pod CIDR
	for _, n := range nodes {
		cidr := n.Spec.PodCIDR
		if cidr == "" {
			continue
		}
		all = append(all, cidr)
		if n.Name == self {
			own = cidr
		} else if ip := internalIP(n); ip != nil {
			peers[cidr] = ip
		}
	}
	if own == "" {
		return fmt.Errorf("node %q has no Pod CIDR yet", self)
	}
	slices.Sort(all)
	// The CNI configuration comes last, because with it the node is Ready.
	return errors.Join(setRoutes(peers), a.setNAT(own, all), a.setCNI(own))
}

func internalIP(n *corev1.Node) net.IP {
	for _, address := range n.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return net.ParseIP(address.Address)
		}
	}
	return nil
}
