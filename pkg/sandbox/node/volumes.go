package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/volume"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/owner"
)

// networkDisk mounts the volumes of the default StorageClass (package storage makes them). They are folders
// of the cluster, not of a node: any node can mount them, and they stay when one is gone.
type networkDisk struct{ layout sandbox.Layout }

var _ volume.PersistentVolumePlugin = networkDisk{}

func (networkDisk) Init(volume.VolumeHost) error      { return nil }
func (networkDisk) GetPluginName() string             { return "kubectl-learn.dev/folder" }
func (networkDisk) RequiresRemount(*volume.Spec) bool { return false }
func (networkDisk) SupportsMountOption() bool         { return true } // there is nothing that they would change

func (networkDisk) SupportsSELinuxContextMount(*volume.Spec) (bool, error) { return false, nil }

func (networkDisk) GetAccessModes() []corev1.PersistentVolumeAccessMode {
	return []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOncePod}
}

func (networkDisk) CanSupport(s *volume.Spec) bool {
	return s.PersistentVolume != nil && s.PersistentVolume.Spec.CSI != nil && s.PersistentVolume.Spec.CSI.Driver == sandbox.StorageDriver
}

func (d networkDisk) GetVolumeName(s *volume.Spec) (string, error) {
	if !d.CanSupport(s) {
		return "", errors.New("not a volume of " + sandbox.StorageDriver)
	}
	return s.PersistentVolume.Spec.CSI.VolumeHandle, nil
}

func (d networkDisk) NewMounter(s *volume.Spec, _ *corev1.Pod) (volume.Mounter, error) {
	handle, err := d.GetVolumeName(s)
	if err != nil {
		return nil, err
	}
	dir, err := d.layout.Volume(handle)
	if err != nil {
		return nil, err
	}
	csi := s.PersistentVolume.Spec.CSI
	return &networkMount{dir: dir, handle: handle, readOnly: s.ReadOnly || csi.ReadOnly, size: s.PersistentVolume.Spec.Capacity[corev1.ResourceStorage]}, nil
}

func (networkDisk) NewUnmounter(string, types.UID) (volume.Unmounter, error) {
	return &networkMount{}, nil
}

// ConstructVolumeSpec has nothing to go by: a mount leaves nothing in the Pod's folder.
func (networkDisk) ConstructVolumeSpec(name, _ string) (volume.ReconstructedVolume, error) {
	return volume.ReconstructedVolume{}, fmt.Errorf("volume %s leaves nothing on a node", name)
}

// networkMount is a volume in a Pod. Containers are told its folder itself.
type networkMount struct {
	dir, handle string
	readOnly    bool
	size        resource.Quantity
}

var (
	_ volume.Mounter   = (*networkMount)(nil)
	_ volume.Unmounter = (*networkMount)(nil)
)

func (m *networkMount) GetPath() string { return m.dir }

func (m *networkMount) GetAttributes() volume.Attributes {
	return volume.Attributes{ReadOnly: m.readOnly, Managed: !m.readOnly}
}

func (m *networkMount) SetUp(a volume.MounterArgs) error { return m.SetUpAt(m.dir, a) }

func (m *networkMount) SetUpAt(dir string, a volume.MounterArgs) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("volume %q does not exist: %s has no folder of that name", m.handle, sandbox.StorageDriver)
	}
	return own(m, dir, a.FsGroup, a.FSGroupChangePolicy)
}

func (*networkMount) TearDown() error         { return nil }
func (*networkMount) TearDownAt(string) error { return nil }

// GetMetrics tells how full the volume is, as if its size were kept to.
func (m *networkMount) GetMetrics() (*volume.Metrics, error) {
	used, err := volume.NewMetricsDu(m.dir).GetMetrics()
	if err != nil {
		return nil, err
	}
	free := m.size.DeepCopy()
	free.Sub(*used.Used)
	if free.Sign() < 0 {
		free = resource.Quantity{}
	}
	return &volume.Metrics{
		Time: metav1.Now(), Used: used.Used, Capacity: &m.size, Available: &free,
		Inodes: used.Inodes, InodesUsed: used.InodesUsed, InodesFree: used.InodesFree,
	}, nil
}

// own gives a volume's files to a group: their modes on the host, and their group as the programs of
// containers see it. The host's own groups stay: changing those needs root.
func own(m volume.Mounter, dir string, group *int64, policy *corev1.PodFSGroupChangePolicy) error {
	if group == nil || !m.GetAttributes().Managed {
		return nil
	}
	if err := volume.NewVolumeOwnership(m, dir, group, policy, nil).ChangePermissions(); err != nil {
		return err
	}
	rememberGroup(dir, group)
	return nil
}

// rememberGroup does without where the host's file system has no place for it.
func rememberGroup(dir string, group *int64) {
	if group == nil {
		return
	}
	if err := owner.SetGroup(dir, *group); err != nil {
		klog.TODO().V(2).Info("Remember the group of a volume", "folder", dir, "error", err)
	}
}
