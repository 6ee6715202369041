package kind

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/cluster/live"
)

// The Pods in kube-system that do a part's work, by their labels.
const (
	schedulerPods  = "component=kube-scheduler"
	controllerPods = "component=kube-controller-manager"
	dnsPods        = "k8s-app=kube-dns"
)

// Status implements cluster.Handle.
func (h *Handle) Status(ctx context.Context) (cluster.Status, error) {
	s := cluster.Status{Info: h.Info()}
	if h.record.State == cluster.Stopped {
		return s, nil
	}
	client, err := h.client()
	if err != nil {
		return s, err
	}
	ask, cancel := context.WithTimeoutCause(ctx, askWithin, slow{askWithin})
	defer cancel()
	info, err := h.engine.info(ask)
	s.Parts = append(s.Parts, h.enginePart(info, err),
		live.Health(ctx, client, "/readyz").Part("API server", cluster.Real, ""),
		live.Health(ctx, client, "/readyz/etcd").Part("etcd", cluster.Real, "one member"),
		pods(ctx, client, "scheduler", schedulerPods, ""),
		pods(ctx, client, "controller manager", controllerPods,
			"notices a dead node in 10 s, moves its Pods after 3 s more; defaults: 50 s, 5 min"),
	)
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	for _, n := range h.record.Nodes {
		if n.Balancer {
			continue
		}
		if n.Stopped {
			s.Parts = append(s.Parts, cluster.Part{
				Name: "kubelet " + n.Name, Realness: cluster.Real, Evidence: "stopped on purpose", Note: live.StartNode(h.record.Name, n.Name),
			})
			continue
		}
		s.Parts = append(s.Parts, live.Kubelet(n.Name, nodes, err))
	}
	s.Parts = append(s.Parts,
		cluster.Part{Name: "containers, images", Realness: cluster.Real, Healthy: true, Evidence: "containerd", Note: "images come from registries, or by cluster load-images"},
		pods(ctx, client, "Pod network", "app in (kindnet, podnet)", ""),
		pods(ctx, client, "kube-proxy", "k8s-app=kube-proxy", ""),
		pods(ctx, client, "DNS", dnsPods, ""),
		cluster.Part{Name: "node size", Realness: cluster.Emulated, Healthy: true, Evidence: "the engine's machine", Note: "each node counts the whole machine as its own"},
	)
	return s, nil
}

func (h *Handle) enginePart(info engineInfo, err error) cluster.Part {
	p := cluster.Part{Name: "engine", Realness: cluster.Real, Healthy: err == nil}
	if err != nil {
		p.Evidence = err.Error()
		return p
	}
	running := 0
	for _, n := range h.seen {
		if n.Running {
			running++
		}
	}
	p.Evidence = fmt.Sprintf("%s %s, %d of %d nodes run", h.engine.name, info.Version, running, len(h.record.Nodes))
	return p
}

// pods is the health of a part that runs as Pods in kube-system.
func pods(ctx context.Context, client kubernetes.Interface, name, selector, note string) cluster.Part {
	p := cluster.Part{Name: name, Realness: cluster.Real, Note: note}
	list, err := client.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		p.Evidence = "can't tell: " + err.Error()
		return p
	}
	ready := 0
	for i := range list.Items {
		if slices.ContainsFunc(list.Items[i].Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		}) {
			ready++
		}
	}
	// One that is ready does the work; the rest may be on nodes that are off.
	p.Healthy = ready > 0
	p.Evidence = fmt.Sprintf("%d of %d Pods ready", ready, len(list.Items))
	return p
}
