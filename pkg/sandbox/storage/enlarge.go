package storage

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// enlarge gives a bound claim the size that it now asks for. A folder has no size: it is a number on the
// volume and on the claim, and nothing needs to be done on the node.
func (c *Controller) enlarge(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	want, have := claim.Spec.Resources.Requests[corev1.ResourceStorage], claim.Status.Capacity[corev1.ResourceStorage]
	if claim.Status.Phase != corev1.ClaimBound || want.Cmp(have) <= 0 {
		return nil
	}
	volume, err := c.volumes.Get(claim.Spec.VolumeName)
	if apierrors.IsNotFound(err) {
		// The claim may be known here before its volume is.
		volume, err = c.client.CoreV1().PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if volume.Spec.CSI == nil || volume.Spec.CSI.Driver != sandbox.StorageDriver {
		return nil
	}
	c.events.Eventf(claim, corev1.EventTypeNormal, "Resizing", "External resizer is resizing volume %s", volume.Name)
	if size := volume.Spec.Capacity[corev1.ResourceStorage]; size.Cmp(want) < 0 {
		v := volume.DeepCopy()
		v.Spec.Capacity[corev1.ResourceStorage] = want
		if _, err := c.client.CoreV1().PersistentVolumes().Update(ctx, v, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("resize volume %s: %w", v.Name, err)
		}
	}
	n := claim.DeepCopy()
	n.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: want}
	n.Status.AllocatedResources = n.Status.Capacity.DeepCopy()
	n.Status.AllocatedResourceStatuses = nil
	if _, err := c.client.CoreV1().PersistentVolumeClaims(n.Namespace).UpdateStatus(ctx, n, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("resize claim %s: %w", n.Name, err)
	}
	c.events.Event(claim, corev1.EventTypeNormal, "VolumeResizeSuccessful", "Resize volume succeeded")
	return nil
}
