// Package live asks a cluster's API server how the cluster is: what all providers have in common
// of that.
package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

const (
	// answerWithin is how long a health path may take to answer.
	answerWithin = 5 * time.Second
	// look is how often it is asked whether a cluster has come up: there is nothing to watch yet.
	look = 250 * time.Millisecond
)

// Answer is what a health path of the API server said.
type Answer struct {
	path string
	took time.Duration
	err  error
}

// Health asks a path such as /readyz.
func Health(ctx context.Context, client kubernetes.Interface, path string) Answer {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	code := 0
	result := client.Discovery().RESTClient().Get().AbsPath(path).Do(ctx).StatusCode(&code)
	body, err := result.Raw()
	switch bad := failing(string(body)); {
	case bad != "":
		err = errors.New(bad)
	case err == nil && code != http.StatusOK:
		err = fmt.Errorf("status %d", code)
	}
	return Answer{path, time.Since(start), err}
}

// failing names what does not do well of all that a health path lists, a line each, as "[-]etcd failed: ...".
func failing(body string) string {
	var all []string
	for line := range strings.Lines(body) {
		if what, bad := strings.CutPrefix(line, "[-]"); bad {
			name, _, _ := strings.Cut(what, " ")
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "not ready yet: " + strings.Join(all, ", ")
}

// Part is the answer as the health of a part of the cluster.
func (a Answer) Part(name string, r cluster.Realness, note string) cluster.Part {
	p := cluster.Part{Name: name, Realness: r, Healthy: a.err == nil, Note: note}
	if a.err != nil {
		p.Evidence = fmt.Sprintf("%s: %v", a.path, a.err)
	} else {
		p.Evidence = fmt.Sprintf("%s ok, %d ms", a.path, a.took.Milliseconds())
	}
	return p
}

// Kubelet is the health of a node's kubelet, as its Node object tells; err is what listing nodes gave.
func Kubelet(name string, nodes *corev1.NodeList, err error) cluster.Part {
	p := cluster.Part{Name: "kubelet " + name, Realness: cluster.Real}
	if err != nil {
		p.Evidence = "can't tell: " + err.Error()
		return p
	}
	p.Evidence = "its node is not registered"
	for i := range nodes.Items {
		if nodes.Items[i].Name == name {
			ready := condition(&nodes.Items[i])
			p.Healthy = ready == corev1.ConditionTrue
			p.Evidence = fmt.Sprintf("node condition Ready=%s", ready)
		}
	}
	return p
}

func condition(n *corev1.Node) corev1.ConditionStatus {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status
		}
	}
	return corev1.ConditionUnknown
}

// StartNode is the command that starts a node which was stopped.
func StartNode(name, node string) string {
	if name == cluster.DefaultName {
		return plugin.Command + " cluster node start " + node
	}
	return plugin.Command + " cluster node start " + node + " --name " + name
}

// Schedulable says that a node is Ready, has its range of Pod addresses, and that no taint of a sick node is left on it.
func Schedulable(n *corev1.Node) bool {
	sick := func(t corev1.Taint) bool {
		return t.Key == corev1.TaintNodeNotReady || t.Key == corev1.TaintNodeUnreachable || t.Key == corev1.TaintNodeNetworkUnavailable
	}
	return n.Spec.PodCIDR != "" && !slices.ContainsFunc(n.Spec.Taints, sick) && condition(n) == corev1.ConditionTrue
}

// WaitNodes waits until the nodes can take Pods. What a node reported before since does not count: a
// node that was off still looks as it did. The error names those that are missing.
func WaitNodes(ctx context.Context, client kubernetes.Interface, names []string, since time.Time) error {
	missing, last := names, error(nil)
	err := wait.PollUntilContextCancel(ctx, look, true, func(ctx context.Context) (bool, error) {
		ask, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		missing, last = away(ask, client, names, since)
		return last == nil && len(missing) == 0, nil
	})
	if err == nil {
		return nil
	}
	return fmt.Errorf("wait for nodes %s: %w", strings.Join(missing, ", "), errors.Join(context.Cause(ctx), last))
}

// away are those of the nodes that can't take Pods, by what they said after a moment.
func away(ctx context.Context, client kubernetes.Interface, names []string, since time.Time) ([]string, error) {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return names, err
	}
	var missing []string
	for _, name := range names {
		at := slices.IndexFunc(nodes.Items, func(n corev1.Node) bool { return n.Name == name })
		if at < 0 || !Schedulable(&nodes.Items[at]) {
			missing = append(missing, name)
			continue
		}
		lease, err := client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return names, err
		}
		if lease.Spec.RenewTime == nil || lease.Spec.RenewTime.Time.Before(since) {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// Running is a container that runs: of which node, and what its container runtime calls it.
type Running struct{ Name, Node, ID string }

// Container finds a running container of a Pod; an empty name means the first.
func Container(ctx context.Context, client kubernetes.Interface, namespace, pod, name string) (Running, error) {
	p, err := client.CoreV1().Pods(namespace).Get(ctx, pod, metav1.GetOptions{})
	if err != nil {
		return Running{}, err
	}
	var names []string
	for _, s := range p.Status.ContainerStatuses {
		if name == "" || s.Name == name {
			if s.State.Running == nil {
				return Running{}, fmt.Errorf("container %s of pod %s is not running", s.Name, pod)
			}
			_, id, _ := strings.Cut(s.ContainerID, "://")
			return Running{Name: s.Name, Node: p.Spec.NodeName, ID: id}, nil
		}
		names = append(names, s.Name)
	}
	return Running{}, fmt.Errorf("pod %s has no running container %q; it has %v", pod, name, names)
}

// WaitReady waits until the API server says that it is ready.
func WaitReady(ctx context.Context, client kubernetes.Interface) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, look, true, func(ctx context.Context) (bool, error) {
		last = Health(ctx, client, "/readyz").err
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait for the API server: %w", errors.Join(context.Cause(ctx), last))
	}
	return nil
}

// WaitOnePod waits until one of the Pods in kube-system that a selector finds is ready. On the nodes that
// are named, only what was started after a moment counts.
func WaitOnePod(ctx context.Context, client kubernetes.Interface, selector string, restarted []string, since time.Time) error {
	err := wait.PollUntilContextCancel(ctx, look, true, func(ctx context.Context) (bool, error) {
		list, err := client.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return false, nil
		}
		return slices.ContainsFunc(list.Items, func(p corev1.Pod) bool {
			after := since
			if !slices.Contains(restarted, p.Spec.NodeName) {
				after = time.Time{}
			}
			return podReady(&p, after)
		}), nil
	})
	if err != nil {
		return fmt.Errorf("wait for a ready Pod with %s: %w", selector, context.Cause(ctx))
	}
	return nil
}

// podReady says that all containers of a Pod are ready, and were started after a moment. The times in
// a Pod's status are whole seconds.
func podReady(p *corev1.Pod, since time.Time) bool {
	if len(p.Status.ContainerStatuses) == 0 {
		return false
	}
	for _, c := range p.Status.ContainerStatuses {
		if !c.Ready || c.State.Running == nil || c.State.Running.StartedAt.Time.Before(since.Truncate(time.Second)) {
			return false
		}
	}
	return true
}

// WaitDeployment waits until a Deployment has all the Pods that it asks for.
func WaitDeployment(ctx context.Context, client kubernetes.Interface, namespace, name string) error {
	said := "it was not asked yet"
	err := wait.PollUntilContextCancel(ctx, look, true, func(ctx context.Context) (bool, error) {
		d, err := client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			said = err.Error()
			return false, nil
		}
		said = fmt.Sprintf("%d of %d Pods are available", d.Status.AvailableReplicas, d.Status.Replicas)
		return d.Status.ObservedGeneration >= d.Generation && d.Spec.Replicas != nil &&
			d.Status.AvailableReplicas >= *d.Spec.Replicas && d.Status.UpdatedReplicas >= *d.Spec.Replicas, nil
	})
	if err != nil {
		return fmt.Errorf("wait for deployment %s: %w: %s", name, context.Cause(ctx), said)
	}
	return nil
}
