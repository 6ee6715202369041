package controlplane

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	api "k8s.io/kubernetes/pkg/apis/core"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pulse"
)

const (
	silentNodes = "SilentNodes"
	// nodeController is who declares nodes dead: the node lifecycle controller.
	nodeController = "system:serviceaccount:kube-system:node-controller"
	// patience is how long a node may be silent whose process lives, of the time in which the control
	// plane itself runs.
	patience = 5 * time.Minute
)

// silent is an admission plugin that keeps the node lifecycle controller from taking a node for dead,
// and its Pods from it, that is merely silent: the node's process is there, but is stopped or gets no
// time of the machine, or the control plane itself slept. A grace period of 5 s, which is what lets
// learners see a node die, would cost them their Pods each time a laptop wakes. What was killed has
// no process, and is judged as ever.
type silent struct {
	layout sandbox.Layout
	*pulse.Patience
}

var _ admission.ValidationInterface = silent{}

// admitSilentNodes adds the plugin to those of the API server.
func admitSilentNodes(o *genericoptions.AdmissionOptions, l sandbox.Layout, p *pulse.Pulse) {
	o.Plugins.Register(silentNodes, func(io.Reader) (admission.Interface, error) {
		return silent{l, pulse.NewPatience(p, patience)}, nil
	})
	o.RecommendedPluginOrder = append(append([]string{}, o.RecommendedPluginOrder...), silentNodes)
}

// Handles implements admission.Interface.
func (silent) Handles(op admission.Operation) bool { return op == admission.Update }

// Validate implements admission.ValidationInterface. The controller tries again each second; an error
// is all that it needs to leave the node's Pods alone until then.
func (s silent) Validate(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	if a.GetResource().GroupResource() != corev1.Resource("nodes") || a.GetSubresource() != "status" || a.GetUserInfo().GetName() != nodeController {
		return nil
	}
	if readiness(a.GetObject()) != api.ConditionUnknown || readiness(a.GetOldObject()) == api.ConditionUnknown {
		return nil
	}
	if _, alive := sandbox.Alive(s.layout, a.GetName()); !alive || !s.Lasts(a.GetName()) {
		return nil
	}
	return admission.NewForbidden(a, fmt.Errorf("the process of node %s is there, though silent: it is given up to %v to say something", a.GetName(), patience))
}

// readiness is a node's condition Ready.
func readiness(o any) api.ConditionStatus {
	if n, ok := o.(*api.Node); ok {
		for _, c := range n.Status.Conditions {
			if c.Type == api.NodeReady {
				return c.Status
			}
		}
	}
	return ""
}
