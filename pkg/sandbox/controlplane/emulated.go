package controlplane

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/realness"
)

// teller writes an event about each Pod that asks for what the sandbox only shows.
type teller struct {
	layout sandbox.Layout
	events record.EventRecorder
}

// tellOfEmulations has the API server look at Pods, in the cache that it has anyway, when they get their node, until ctx ends.
func tellOfEmulations(ctx context.Context, l sandbox.Layout, cfg *rest.Config, i informers.SharedInformerFactory) error {
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("set up events about Pods: %w", err)
	}
	t := teller{l, recorder(ctx, client)}
	_, err = i.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) {
			if p, ok := o.(*corev1.Pod); ok {
				t.tell(p)
			}
		},
		UpdateFunc: func(before, after any) {
			was, ok := before.(*corev1.Pod)
			if p, still := after.(*corev1.Pod); ok && still && was.Spec.NodeName == "" {
				t.tell(p)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("set up events about Pods: %w", err)
	}
	return nil
}

// recorder writes events as the sandbox.
func recorder(ctx context.Context, client kubernetes.Interface) record.EventRecorder {
	b := record.NewBroadcaster(record.WithContext(ctx))
	b.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	return b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "sandbox"})
}

// tell writes the event, unless the Pod has no node yet or has begun already, as all have that were there before.
func (t teller) tell(p *corev1.Pod) {
	if p.Spec.NodeName == "" || p.Status.StartTime != nil {
		return
	}
	if asked := realness.Asked(p, t.ownMounts(p.Spec.NodeName)); len(asked) > 0 {
		t.events.Eventf(p, corev1.EventTypeNormal, "Emulated",
			"Shown by the sandbox, and not enforced: %s. More: "+plugin.Command+" cluster status", strings.Join(asked, ", "))
	}
}

func (t teller) ownMounts(node string) bool {
	c, err := sandbox.ReadConfig(t.layout)
	if err != nil {
		return false
	}
	n, ok := c.Node(node)
	if !ok {
		return false
	}
	return t.layout.HasOwnMounts(n.Index)
}
