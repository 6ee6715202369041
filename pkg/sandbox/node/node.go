// Package node runs one practice node in the calling process: the kubelet as it is in
// k8s.io/kubernetes, over our container runtime, and the node's share of the Services' network.
package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/cluster/ports"
	"k8s.io/kubernetes/pkg/kubelet"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/image"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pulse"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// lowestPort is the first of the ports that kubelets get. Where one is taken even so before the kubelet
// gets to it, a worker is started anew with another.
const lowestPort = 10000

// Run starts the node of that name of the cluster at l, and keeps it until ctx ends. program is
// the executable that containers run. The containers end with the calling process.
func Run(ctx context.Context, l sandbox.Layout, name, program string) error {
	c, err := sandbox.ReadConfig(l)
	if err != nil {
		return err
	}
	n, ok := c.Node(name)
	if !ok {
		return fmt.Errorf("cluster %s has no node %q", c.Name, name)
	}
	dir := l.Node(n.Index)
	if err := furnish(filepath.Join(dir, "disk"), *n); err != nil {
		return fmt.Errorf("make the node's disk: %w", err)
	}
	ended := make(chan error, 4)
	proxy, err := runProxy(ctx, l, *n, ended)
	if err != nil {
		return err
	}
	network := proxy.Network
	mounted := newMounts(ownMemory(dir, l.OwnMounts(n.Index)))
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	rt, err := runtime.New(runtime.Options{
		Dir: dir, Disk: filepath.Join(dir, "disk"), Node: *n, Network: network, Proxy: proxy, Program: program, Kubectl: self,
		Images: image.Store{Dir: l.Images()}, FileSystem: mounted.FileSystem,
	})
	if err != nil {
		return err
	}
	defer func() { _ = rt.Close(ctx) }()
	if err := network.MarkUp(n.Index); err != nil {
		return err
	}
	if err := runKubelet(ctx, l, *n, dir, network, mounted, rt); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}

func runKubelet(ctx context.Context, l sandbox.Layout, n sandbox.Node, dir string, network podnet.Network, mounted *mounts, rt *runtime.Runtime) error {
	withoutKernelLog()
	kubelet.ContainerLogsDir = filepath.Join(dir, "log-links")
	if err := useCRIStats(); err != nil {
		return fmt.Errorf("set up kubelet: %w", err)
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", l.Identity(n.Name))
	if err != nil {
		return fmt.Errorf("set up kubelet: %w", err)
	}
	cfg.QPS, cfg.Burst, cfg.UserAgent = 100, 200, "kubelet/"+sandbox.Version
	if err := waitForAPIServer(ctx, cfg); err != nil {
		return err
	}
	// Only now, so that hardly any time goes by until the kubelet takes it: other clusters may come up meanwhile.
	port, err := sandbox.FreePort(lowestPort)
	if err != nil {
		return err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	if err := errors.Join(network.SetNode(n.IP(), 0, addr), network.SetNode(n.IP(), ports.KubeletPort, addr)); err != nil {
		return err
	}
	conf, err := configuration(n, dir, port)
	if err != nil {
		return err
	}
	tls, err := serving(l, n)
	if err != nil {
		return err
	}
	var swapped error
	beats := pulse.New(pulse.System())
	go beats.Run(ctx)
	deps, err := dependencies(l, n, dir, mounted, cfg, rt, tls, beats, func(k *kubelet.Kubelet) { swapped = onPodNetwork(k, network.Dial) })
	if err != nil {
		return err
	}
	err = app.RunKubelet(ctx, &options.KubeletServer{KubeletFlags: flags(n, dir), KubeletConfiguration: *conf}, deps)
	return errors.Join(err, swapped)
}

// waitForAPIServer returns once the API server can serve this node. The kubelet would try by itself,
// but waits up to seven seconds between two tries.
func waitForAPIServer(ctx context.Context, cfg *rest.Config) error {
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("set up kubelet: %w", err)
	}
	return wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return client.Discovery().RESTClient().Get().RequestURI(sandbox.Serving).Do(ctx).Error() == nil, nil
	})
}
