package sandbox

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// Status implements cluster.Handle.
func (h *Handle) Status(ctx context.Context) (cluster.Status, error) {
	s := cluster.Status{Info: h.Info()}
	if h.config.State == sandbox.Stopped {
		return s, nil
	}
	client, err := h.client()
	if err != nil {
		return s, err
	}
	s.Processes = h.processes(ctx)
	api := live.Health(ctx, client, "/readyz")
	s.Parts = append(s.Parts,
		api.Part("API server", cluster.Real, "etcd is the only one behind it, and it alone speaks to etcd"),
		live.Health(ctx, client, "/readyz/etcd").Part("etcd", cluster.Real, "one member, no fsync: a power cut may cost the last second"),
		h.process("scheduler", cluster.Real, ""),
		h.process("controller manager", cluster.Real, "notices a dead node in 5 s and moves its Pods after 3 s more; defaults elsewhere: 50 s and 5 min"),
	)
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	for _, n := range h.config.Nodes {
		s.Parts = append(s.Parts, h.kubelet(n, nodes, err))
	}
	s.Parts = append(s.Parts,
		cluster.Part{Name: "containers", Realness: cluster.ProcessLevel, Healthy: true, Evidence: "a process each",
			Note: "no namespaces, no users, no CPU limits; memory limits are looked at every second"},
		cluster.Part{Name: "images", Realness: cluster.Emulated, Healthy: true, Evidence: "built into this program",
			Note: "only built-in images run; pulling one takes no time"},
		cluster.Part{Name: "Pod network, DNS, kube-proxy", Realness: cluster.ProcessLevel, Healthy: true, Evidence: "unix sockets",
			Note: "Pods reach Pods and Services; this machine reaches them by port-forward or a node port"},
		cluster.Part{Name: "node size", Realness: cluster.Emulated, Healthy: true, Evidence: "2 CPUs, 4 GiB", Note: "declared, not reserved"},
	)
	return s, nil
}

// process is a component in the control plane's process, which ends when one of them does.
func (h *Handle) process(name string, r cluster.Realness, note string) cluster.Part {
	pid, ok := sandbox.Alive(h.layout, sandbox.ControlPlane)
	p := cluster.Part{Name: name, Realness: r, Healthy: ok, Evidence: fmt.Sprintf("process %d", pid), Note: note}
	if !ok {
		p.Evidence = "its process has ended"
	}
	return p
}

func (h *Handle) kubelet(n sandbox.Node, nodes *corev1.NodeList, err error) cluster.Part {
	if n.Stopped {
		return cluster.Part{
			Name: "kubelet " + n.Name, Realness: cluster.Real,
			Evidence: "stopped on purpose", Note: live.StartNode(h.config.Name, n.Name),
		}
	}
	return live.Kubelet(n.Name, nodes, err)
}
