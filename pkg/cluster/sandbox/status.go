package sandbox

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/realness"
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
	s.Parts = append(s.Parts,
		answered(live.Health(ctx, client, "/readyz"), "API server"),
		answered(live.Health(ctx, client, "/readyz/etcd"), "etcd"),
		h.process("scheduler"),
		h.process("controller manager"),
	)
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	for _, n := range h.config.Nodes {
		s.Parts = append(s.Parts, h.kubelet(n, nodes, err))
	}
	memory := h.memoryVolumes()
	s.Parts = append(s.Parts, standing("containers"), memory, onlyShown(memory.Realness == cluster.Real), h.process("metrics"), standing("images"), standing("Pod network, DNS, kube-proxy"), standing("node size"))
	return s, nil
}

// answered is a part whose health the API server tells.
func answered(a live.Answer, name string) cluster.Part {
	line, r := realness.Find(name)
	return a.Part(name, r, line.Note)
}

// standing is a part that is there as long as the nodes are.
func standing(name string) cluster.Part {
	line, r := realness.Find(name)
	return cluster.Part{Name: name, Realness: r, Healthy: true, Evidence: line.Evidence, Note: line.Note}
}

// memoryVolumes are in memory where the nodes may mount.
func (h *Handle) memoryVolumes() cluster.Part {
	p := cluster.Part{Name: realness.MemoryVolumes, Realness: cluster.Real, Healthy: true, Evidence: "tmpfs, in the nodes' own mounts"}
	for _, n := range h.config.Nodes {
		if !n.Stopped && !h.layout.HasOwnMounts(n.Index) {
			p.Realness, p.Evidence, p.Note = cluster.Emulated, "folders on the disk", "this system lets no user mount"
		}
	}
	return p
}

// onlyShown names what a Pod can ask for and does not get. ownMounts says whether nodes have mounts of their own.
func onlyShown(ownMounts bool) cluster.Part {
	return cluster.Part{
		Name: "shown, not enforced", Realness: cluster.Emulated, Healthy: true,
		Evidence: "event Emulated", Note: strings.Join(realness.Names(ownMounts), ", "),
	}
}

// process is a component in the control plane's process, which ends when one of them does.
func (h *Handle) process(name string) cluster.Part {
	line, r := realness.Find(name)
	pid, ok := sandbox.Alive(h.layout, sandbox.ControlPlane)
	p := cluster.Part{Name: name, Realness: r, Healthy: ok, Evidence: fmt.Sprintf("process %d", pid), Note: line.Note}
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
