package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/reference"
	"k8s.io/utils/ptr"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// What Kubernetes' volume binder and scheduler write on claims, and provisioners on volumes.
const (
	wantedProvisioner = "volume.kubernetes.io/storage-provisioner"
	selectedNode      = "volume.kubernetes.io/selected-node"
	provisionedBy     = "pv.kubernetes.io/provisioned-by"
	// keep holds a volume's object until its folder is gone.
	keep = "external-provisioner.volume.kubernetes.io/finalizer"
)

// provision makes a folder and a PersistentVolume for a claim that asks for one.
func (c *Controller) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if claim.Annotations[wantedProvisioner] != sandbox.StorageDriver || claim.DeletionTimestamp != nil {
		return nil
	}
	class, err := c.classes.Get(ptr.Deref(claim.Spec.StorageClassName, ""))
	if err != nil {
		return fmt.Errorf("find the StorageClass of claim %s: %w", claim.Name, err)
	}
	waits := ptr.Deref(class.VolumeBindingMode, storagev1.VolumeBindingImmediate) == storagev1.VolumeBindingWaitForFirstConsumer
	if class.Provisioner != sandbox.StorageDriver || waits && claim.Annotations[selectedNode] == "" {
		return nil
	}
	name := "pvc-" + string(claim.UID)
	if _, err := c.volumes.Get(name); err == nil {
		return nil
	}
	if why := refusal(claim); why != "" {
		c.events.Event(claim, corev1.EventTypeWarning, "ProvisioningFailed", why)
		return nil
	}
	c.events.Eventf(claim, corev1.EventTypeNormal, "Provisioning", "External provisioner is provisioning volume for claim %q", claim.Namespace+"/"+claim.Name)
	if err := c.make(ctx, name, claim, class); err != nil {
		c.events.Eventf(claim, corev1.EventTypeWarning, "ProvisioningFailed", "failed to provision volume with StorageClass %q: %v", class.Name, err)
		return fmt.Errorf("provision volume %s: %w", name, err)
	}
	c.events.Eventf(claim, corev1.EventTypeNormal, "ProvisioningSucceeded", "Successfully provisioned volume %s", name)
	return nil
}

// refusal says why a claim can't be had here, or nothing.
func refusal(claim *corev1.PersistentVolumeClaim) string {
	switch {
	case ptr.Deref(claim.Spec.VolumeMode, corev1.PersistentVolumeFilesystem) == corev1.PersistentVolumeBlock:
		return sandbox.StorageDriver + " does not support block volume provisioning"
	case claim.Spec.DataSource != nil || claim.Spec.DataSourceRef != nil:
		return sandbox.StorageDriver + " does not support volumes with a data source: it makes no snapshots and no clones"
	}
	return ""
}

func (c *Controller) make(ctx context.Context, name string, claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) error {
	dir, err := c.layout.Volume(name)
	if err != nil {
		return err
	}
	if err := makeFolder(dir); err != nil {
		return err
	}
	volume, err := describe(name, claim, class)
	if err != nil {
		return err
	}
	_, err = c.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return errors.Join(err, os.Remove(dir)) // an empty one only
	}
	return nil
}

// makeFolder makes a volume into which any user of a container may write, as kind's provisioner does. On
// the host nobody else gets through the folders above it.
func makeFolder(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(dir, 0o777) // which the umask would narrow
}

func describe(name string, claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) (*corev1.PersistentVolume, error) {
	owner, err := reference.GetReference(scheme.Scheme, claim)
	if err != nil {
		return nil, err
	}
	policy := ptr.Deref(class.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)
	v := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: sandbox.StorageDriver}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:                   claim.Spec.AccessModes,
			PersistentVolumeReclaimPolicy: policy,
			StorageClassName:              class.Name,
			VolumeMode:                    ptr.To(corev1.PersistentVolumeFilesystem),
			MountOptions:                  class.MountOptions,
			ClaimRef:                      owner,
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				CSI: &corev1.CSIPersistentVolumeSource{Driver: sandbox.StorageDriver, VolumeHandle: name},
			},
		},
	}
	if policy == corev1.PersistentVolumeReclaimDelete {
		v.Finalizers = []string{keep}
	}
	return v, nil
}

// syncVolume removes the folder of a volume that nobody claims any more, and then the volume. One that
// is to be retained is let go, and its folder stays.
func (c *Controller) syncVolume(ctx context.Context, v *corev1.PersistentVolume) error {
	if v.Annotations[provisionedBy] != sandbox.StorageDriver || v.Spec.CSI == nil {
		return nil
	}
	deletes := v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete
	if kept := slices.Contains(v.Finalizers, keep); kept != deletes && v.DeletionTimestamp == nil || kept && !deletes {
		return c.setKept(ctx, v, deletes)
	}
	if !deletes || v.Status.Phase != corev1.VolumeReleased {
		return nil
	}
	if err := c.remove(v.Spec.CSI.VolumeHandle); err != nil {
		c.events.Event(v, corev1.EventTypeWarning, "VolumeFailedDelete", err.Error())
		return fmt.Errorf("delete volume %s: %w", v.Name, err)
	}
	err := c.client.CoreV1().PersistentVolumes().Delete(ctx, v.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &v.UID}})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete volume %s: %w", v.Name, err)
	}
	return c.setKept(ctx, v, false)
}

func (c *Controller) setKept(ctx context.Context, v *corev1.PersistentVolume, kept bool) error {
	// The object as it is now: the deletion has just changed it.
	now, err := c.client.CoreV1().PersistentVolumes().Get(ctx, v.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("let volume %s go: %w", v.Name, err)
	}
	now.Finalizers = slices.DeleteFunc(now.Finalizers, func(f string) bool { return f == keep })
	if kept {
		now.Finalizers = append(now.Finalizers, keep)
	}
	if _, err = c.client.CoreV1().PersistentVolumes().Update(ctx, now, metav1.UpdateOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("let volume %s go: %w", v.Name, err)
	}
	return nil
}

func (c *Controller) remove(handle string) error {
	dir, err := c.layout.Volume(handle)
	if err != nil {
		return err
	}
	if os.RemoveAll(dir) == nil {
		return nil
	}
	// A program may have taken away from its folders what it takes to empty them.
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
