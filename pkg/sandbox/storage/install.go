package storage

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// Class is the name of the default StorageClass, the one that it has in kind and in minikube.
const Class = "standard"

// User is whom the provisioner is to the API server.
const User = "kubectl-learn:provisioner"

// Install makes the default StorageClass, and gives User its rights, where they are not there yet.
func Install(ctx context.Context, client kubernetes.Interface) error {
	_, err := client.StorageV1().StorageClasses().Create(ctx, class(), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make StorageClass %s: %w", Class, err)
	}
	_, err = client.RbacV1().ClusterRoles().Create(ctx, role(), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make ClusterRole %s: %w", User, err)
	}
	_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, binding(), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make ClusterRoleBinding %s: %w", User, err)
	}
	return nil
}

func class() *storagev1.StorageClass {
	return &storagev1.StorageClass{
		ObjectMeta:           metav1.ObjectMeta{Name: Class, Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner:          sandbox.StorageDriver,
		ReclaimPolicy:        ptr.To(corev1.PersistentVolumeReclaimDelete),
		VolumeBindingMode:    ptr.To(storagev1.VolumeBindingWaitForFirstConsumer),
		AllowVolumeExpansion: ptr.To(true),
	}
}

// role is what Kubernetes' own role for provisioners has, and what it takes to enlarge a volume.
func role() *rbacv1.ClusterRole {
	rule := func(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
	}
	return &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: User},
		Rules: []rbacv1.PolicyRule{
			rule(corev1.GroupName, []string{"persistentvolumes"}, "get", "list", "watch", "create", "update", "delete"),
			rule(corev1.GroupName, []string{"persistentvolumeclaims"}, "get", "list", "watch"),
			rule(corev1.GroupName, []string{"persistentvolumeclaims/status"}, "update"),
			rule(corev1.GroupName, []string{"events"}, "create", "update", "patch"),
			rule(storagev1.GroupName, []string{"storageclasses"}, "get", "list", "watch"),
		},
	}
}

func binding() *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: User},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: User},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: User}},
	}
}
