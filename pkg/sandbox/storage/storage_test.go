package storage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/ptr"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// running is a controller at work on a fake API server, in which the test plays binder and scheduler.
func running(t *testing.T) (kubernetes.Interface, sandbox.Layout) {
	t.Helper()
	l, client := sandbox.Layout{Dir: t.TempDir()}, fake.NewClientset()
	if err := errors.Join(Install(t.Context(), client), Install(t.Context(), client)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- Run(ctx, client, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the controller ended with %v", err)
		}
	})
	return client, l
}

func claim(name string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "learn", Name: name, UID: "11-22",
			Annotations: map[string]string{wantedProvisioner: sandbox.StorageDriver, selectedNode: "worker-1"},
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: ptr.To(Class), AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
		Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending},
	}
}

func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) { return f(), nil })
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func create(t *testing.T, client kubernetes.Interface, c *corev1.PersistentVolumeClaim) {
	t.Helper()
	if _, err := client.CoreV1().PersistentVolumeClaims(c.Namespace).Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// event waits for an event with that reason and returns its message.
func event(t *testing.T, client kubernetes.Interface, reason string) (message string) {
	t.Helper()
	until(t, "wait for event "+reason, func() bool {
		list, err := client.CoreV1().Events("").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list.Items, func(e corev1.Event) bool { return e.Reason == reason })
		if i >= 0 {
			message = list.Items[i].Message
		}
		return i >= 0
	})
	return message
}

func TestAVolumeFromClaimToRemoval(t *testing.T) {
	client, l := running(t)
	create(t, client, claim("data"))
	ctx, volumes := t.Context(), client.CoreV1().PersistentVolumes()
	var v *corev1.PersistentVolume
	until(t, "wait for the volume", func() (ok bool) {
		var err error
		v, err = volumes.Get(ctx, "pvc-11-22", metav1.GetOptions{})
		return err == nil
	})
	folder := filepath.Join(l.Dir, "volumes", "pvc-11-22")
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("its folder: %v, %v", info, err)
	}
	size := v.Spec.Capacity[corev1.ResourceStorage]
	if v.Spec.CSI.Driver != sandbox.StorageDriver || v.Spec.ClaimRef.Name != "data" || size.String() != "1Gi" || v.Spec.NodeAffinity != nil || v.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		t.Errorf("the volume is %+v", v.Spec)
	}
	if got := event(t, client, "ProvisioningSucceeded"); got != "Successfully provisioned volume pvc-11-22" {
		t.Errorf("the event says %q", got)
	}

	// Bound by the binder, and enlarged by its owner.
	c := claim("data")
	c.Spec.VolumeName = v.Name
	c.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("2Gi")
	c.Status = corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound, Capacity: v.Spec.Capacity}
	if _, err := client.CoreV1().PersistentVolumeClaims("learn").Update(ctx, c, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "wait for the larger size", func() bool {
		c, err := client.CoreV1().PersistentVolumeClaims("learn").Get(ctx, "data", metav1.GetOptions{})
		return err == nil && c.Status.Capacity.Storage().String() == "2Gi"
	})
	if v, err := volumes.Get(ctx, v.Name, metav1.GetOptions{}); err != nil || v.Spec.Capacity.Storage().String() != "2Gi" {
		t.Errorf("the volume has %v, %v", v.Spec.Capacity, err)
	}
	event(t, client, "VolumeResizeSuccessful")

	// Released: folder and volume go, even where a program locked a folder of its own.
	if err := errors.Join(os.MkdirAll(filepath.Join(folder, "a", "b"), 0o755), os.Chmod(filepath.Join(folder, "a"), 0)); err != nil {
		t.Fatal(err)
	}
	v, err := volumes.Get(ctx, v.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v.Status.Phase = corev1.VolumeReleased
	if _, err := volumes.UpdateStatus(ctx, v, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "wait for its removal", func() bool {
		_, err := volumes.Get(ctx, v.Name, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is there: %v", err)
	}
}

func TestWhatIsNotProvisioned(t *testing.T) {
	client, l := running(t)
	block := claim("block")
	block.UID, block.Spec.VolumeMode = "block", ptr.To(corev1.PersistentVolumeBlock)
	waiting := claim("waiting")
	waiting.UID = "waiting"
	delete(waiting.Annotations, selectedNode)
	other := claim("other")
	other.UID, other.Annotations[wantedProvisioner] = "other", "example.com/other"
	clone := claim("clone")
	clone.UID, clone.Spec.DataSource = "clone", &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "block"}
	for _, c := range []*corev1.PersistentVolumeClaim{waiting, other, block, clone} {
		create(t, client, c)
	}
	if got := event(t, client, "ProvisioningFailed"); !strings.Contains(got, "does not support block volume provisioning") {
		t.Errorf("the event says %q", got)
	}
	fine := claim("fine")
	create(t, client, fine)
	event(t, client, "ProvisioningSucceeded")
	list, err := client.CoreV1().PersistentVolumes().List(t.Context(), metav1.ListOptions{})
	entries, err2 := os.ReadDir(filepath.Join(l.Dir, "volumes"))
	if err := errors.Join(err, err2); err != nil || len(list.Items) != 1 || len(entries) != 1 {
		t.Errorf("there are %d volumes and %d folders, %v; want one of each", len(list.Items), len(entries), err)
	}
}

// What is to be retained stays on the disk when its object goes.
func TestARetainedVolumeIsLetGo(t *testing.T) {
	client, l := running(t)
	class := class()
	class.Name, class.ReclaimPolicy, class.VolumeBindingMode = "keep", ptr.To(corev1.PersistentVolumeReclaimRetain), ptr.To(storagev1.VolumeBindingImmediate)
	if _, err := client.StorageV1().StorageClasses().Create(t.Context(), class, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c := claim("data")
	c.Spec.StorageClassName = ptr.To("keep")
	create(t, client, c)
	event(t, client, "ProvisioningSucceeded")
	v, err := client.CoreV1().PersistentVolumes().Get(t.Context(), "pvc-11-22", metav1.GetOptions{})
	if err != nil || len(v.Finalizers) != 0 {
		t.Fatalf("its volume: %v, %v; want one that nothing keeps", v, err)
	}
	v.Status.Phase = corev1.VolumeReleased
	if _, err := client.CoreV1().PersistentVolumes().UpdateStatus(t.Context(), v, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	next := claim("next")
	next.UID = "next"
	create(t, client, next)
	until(t, "wait for another volume", func() bool {
		_, err := client.CoreV1().PersistentVolumes().Get(t.Context(), "pvc-next", metav1.GetOptions{})
		return err == nil
	})
	if _, err := os.Stat(filepath.Join(l.Dir, "volumes", "pvc-11-22")); err != nil {
		t.Errorf("its folder: %v", err)
	}
}

// A claim may tell of a volume that the controller has not seen yet.
func TestAVolumeThatIsNewIsEnlarged(t *testing.T) {
	c := claim("data")
	c.Spec.VolumeName, c.Status.Phase = "pvc-11-22", corev1.ClaimBound
	v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pvc-11-22"}, Spec: corev1.PersistentVolumeSpec{
		Capacity:               corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("512Mi")},
		PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: sandbox.StorageDriver}},
	}}
	client := fake.NewClientset(c, v)
	seen := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	controller := &Controller{client: client, events: record.NewFakeRecorder(10), volumes: corelisters.NewPersistentVolumeLister(seen)}
	if err := controller.enlarge(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c, err := client.CoreV1().PersistentVolumeClaims("learn").Get(t.Context(), "data", metav1.GetOptions{})
	if err != nil || c.Status.Capacity.Storage().String() != "1Gi" {
		t.Errorf("its claim has %v, %v", c.Status.Capacity, err)
	}
	v, err = client.CoreV1().PersistentVolumes().Get(t.Context(), v.Name, metav1.GetOptions{})
	if err != nil || v.Spec.Capacity.Storage().String() != "1Gi" {
		t.Errorf("it has %v, %v", v.Spec.Capacity, err)
	}
	// One that is gone has nothing to be enlarged.
	c.Spec.VolumeName, c.Spec.Resources.Requests[corev1.ResourceStorage] = "gone", resource.MustParse("2Gi")
	if err := controller.enlarge(t.Context(), c); err != nil {
		t.Errorf("a volume that is gone: %v", err)
	}
}
