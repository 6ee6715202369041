package current

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// bounds is what the quota and the limits of a lesson's namespace are called.
	bounds = "kubectl-learn"
	// account is the service account of a learner, and what binds it to ClusterRole edit.
	account = "learner"
	// quotaWithin is how long the cluster may take to count what a namespace uses; before it has, it
	// admits no Pod.
	quotaWithin = 10 * time.Second
)

// limitRange gives containers that say nothing what the quota asks them to say.
const limitRange = `{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"kubectl-learn"},"spec":{"limits":[
	{"type":"Container","defaultRequest":{"cpu":"25m","memory":"32Mi"},"default":{"cpu":"500m","memory":"256Mi"},"max":{"cpu":"2","memory":"1Gi"}},
	{"type":"PersistentVolumeClaim","max":{"storage":"1Gi"}}]}}`

// resourceQuota is what a lesson on a laptop takes, with some to spare. Load balancers cost money.
const resourceQuota = `{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"kubectl-learn"},"spec":{"hard":{
	"pods":"20","requests.cpu":"2","requests.memory":"2Gi","limits.cpu":"10","limits.memory":"6Gi",
	"requests.storage":"2Gi","persistentvolumeclaims":"4","services":"10","services.loadbalancers":"0","services.nodeports":"0",
	"count/jobs.batch":"20","count/cronjobs.batch":"5","configmaps":"50","secrets":"50"}}}`

const serviceAccount = `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"learner"}}`

const roleBinding = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"learner"},
	"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"edit"},
	"subjects":[{"kind":"ServiceAccount","name":"learner"}]}`

// keepEquipment is a kube.Keep: what every namespace has, and what we put into a lesson's.
func keepEquipment(k snapshot.Kind, o *unstructured.Unstructured) bool {
	if kube.Native(k, o) {
		return true
	}
	switch k.Resource {
	case "resourcequotas", "limitranges":
		return o.GetName() == bounds && kube.Ours(o)
	case "serviceaccounts", "rolebindings":
		return o.GetName() == account && kube.Ours(o)
	}
	return false
}

// equip puts into a lesson's namespace what keeps it, and its learner, within bounds. What the
// user's rights do not allow is left out: bounds then, or rights of the learner's own.
func (h *Handle) equip(ctx context.Context, r *receipt) error {
	if !h.record.shared() {
		if err := h.bound(ctx, r); err != nil {
			return err
		}
	}
	var err error
	r.Confined, err = h.putAll(ctx, r, serviceAccount, roleBinding)
	return err
}

// bound bounds what a namespace takes of the cluster. The limits come first: under the quota alone no
// Pod would be admitted that says nothing of what it takes.
func (h *Handle) bound(ctx context.Context, r *receipt) error {
	if ok, err := h.putAll(ctx, r, limitRange, resourceQuota); !ok || err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, quotaWithin)
	defer cancel()
	quotas := schema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"}
	err := h.reader.WaitFor(ctx, quotas, r.Namespace, bounds, func(o *unstructured.Unstructured) (bool, error) {
		if o == nil {
			return false, nil
		}
		_, counted, _ := unstructured.NestedMap(o.Object, "status", "hard")
		return counted, nil
	})
	if ctx.Err() != nil {
		return nil // the first Pod will tell
	}
	return err
}

// putAll applies objects until one is not allowed, and says whether all were. The receipt is kept of
// what is not gone with its namespace.
func (h *Handle) putAll(ctx context.Context, r *receipt, texts ...string) (bool, error) {
	for _, text := range texts {
		o := &unstructured.Unstructured{}
		if err := json.Unmarshal([]byte(text), &o.Object); err != nil {
			return false, err
		}
		if o.GetKind() == "RoleBinding" {
			subjects, _, _ := unstructured.NestedSlice(o.Object, "subjects")
			subjects[0].(map[string]any)["namespace"] = r.Namespace
			_ = unstructured.SetNestedSlice(o.Object, subjects, "subjects")
		}
		if err := h.MayApply(ctx, r.Namespace, []*unstructured.Unstructured{o}); err != nil {
			return false, err
		}
		put, err := h.client.In(r.Namespace).Apply(ctx, r.Lesson, o)
		if apierrors.IsForbidden(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if h.record.shared() && !slices.Contains(r.Equipment, put[0]) {
			r.Equipment = append(r.Equipment, put[0])
			if err := h.ledger.add(ctx, *r); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}
