package firewall

import (
	"context"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/policy"
)

const byAddr = "addr"

// peers are the Pods and namespaces of the cluster, as far as policies look at them.
type peers struct {
	pods       cache.SharedIndexInformer
	namespaces cache.SharedIndexInformer
}

// record is what is kept of a Pod: a tenth of it.
type record struct {
	metav1.ObjectMeta // name, namespace, uid, resourceVersion

	labels labels.Set
	addr   string // empty without one of its own
	ports  []policy.Port
}

func watchPeers(ctx context.Context, client kubernetes.Interface) *peers {
	p := &peers{
		pods:       coreinformers.NewPodInformer(client, metav1.NamespaceAll, 0, cache.Indexers{byAddr: recordAddr}),
		namespaces: coreinformers.NewNamespaceInformer(client, 0, cache.Indexers{}),
	}
	// Neither can fail before the informers run.
	_ = p.pods.SetTransform(recordOf)
	_ = p.namespaces.SetTransform(trim)
	go p.pods.RunWithContext(ctx)
	go p.namespaces.RunWithContext(ctx)
	return p
}

func (p *peers) wait(ctx context.Context) error {
	for _, informer := range []cache.SharedIndexInformer{p.pods, p.namespaces} {
		select {
		case <-informer.HasSyncedChecker().Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func recordOf(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil // a record already, or the last word on one that is gone
	}
	r := &record{
		ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace, UID: pod.UID, ResourceVersion: pod.ResourceVersion},
		labels:     pod.Labels,
	}
	// The address of a Pod that has ended is free for another.
	if !pod.Spec.HostNetwork && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
		r.addr = pod.Status.PodIP
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			r.ports = append(r.ports, namedPorts(containers[i].Ports)...)
		}
	}
	return r, nil
}

func namedPorts(ports []corev1.ContainerPort) (named []policy.Port) {
	for _, p := range ports {
		if p.Name != "" {
			protocol := p.Protocol
			if protocol == "" {
				protocol = corev1.ProtocolTCP
			}
			named = append(named, policy.Port{Name: p.Name, Protocol: protocol, Number: uint16(p.ContainerPort)})
		}
	}
	return named
}

func recordAddr(obj any) ([]string, error) {
	if r, ok := obj.(*record); ok && r.addr != "" {
		return []string{r.addr}, nil
	}
	return nil, nil
}

// pod finds the Pod with an address, or nil.
func (p *peers) pod(a netip.Addr) *policy.Pod {
	found, err := p.pods.GetIndexer().ByIndex(byAddr, a.String())
	if err != nil || len(found) == 0 {
		return nil
	}
	r, ok := found[0].(*record)
	if !ok {
		return nil
	}
	return p.of(r)
}

func (p *peers) of(r *record) *policy.Pod {
	return &policy.Pod{Namespace: r.Namespace, Labels: r.labels, NamespaceLabels: p.namespaceLabels(r.Namespace), Ports: r.ports}
}

// localPod is a Pod of this node as the API server has it by now.
func (p *peers) localPod(local podnet.Pod) *policy.Pod {
	obj, ok, err := p.pods.GetStore().GetByKey(local.Namespace + "/" + local.Name)
	if r, isRecord := obj.(*record); err == nil && ok && isRecord && string(r.UID) == local.UID {
		return p.of(r)
	}
	return &policy.Pod{Namespace: local.Namespace, Labels: local.Labels, NamespaceLabels: p.namespaceLabels(local.Namespace)}
}

func (p *peers) namespaceLabels(name string) labels.Set {
	obj, ok, err := p.namespaces.GetStore().GetByKey(name)
	if ns, isNamespace := obj.(*corev1.Namespace); err == nil && ok && isNamespace {
		return ns.Labels
	}
	return nil
}
