package node

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/utils/ptr"
)

// resources are what Pods were last given.
type resources interface {
	// PodResources is what the Pod with that UID has together; ok is false when it does not run.
	PodResources(uid string) (res *runtimeapi.LinuxContainerResources, ok bool)
}

// manager is the kubelet's container manager without cgroups: it says how large the node's disk is,
// and what Pods were given, which the runtime keeps.
type manager struct {
	cm.ContainerManager
	given resources
}

func (manager) GetCapacity(klog.Logger, bool) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceEphemeralStorage: *resource.NewQuantity(diskSize, resource.BinarySI)}
}

// podGroup is the control group in which all Pods are.
const podGroup = "/kubepods"

// GetPodCgroupRoot makes the kubelet ask the machine what Pods use; without, it complains every 10 s.
func (manager) GetPodCgroupRoot() string { return podGroup }

func (m manager) NewPodContainerManager() cm.PodContainerManager {
	return podGroups{m.ContainerManager.NewPodContainerManager(), m.given}
}

// podGroups answers for the cgroups of Pods, which in-place resize looks at and changes.
type podGroups struct {
	cm.PodContainerManager
	given resources
}

// GetPodCgroupConfig tells all of it, whatever is asked for: the kubelet reads no field without
// looking whether it is there only where it is one that it asked for.
func (g podGroups) GetPodCgroupConfig(pod *corev1.Pod, _ corev1.ResourceName) (*cm.ResourceConfig, error) {
	res, ok := g.given.PodResources(string(pod.UID))
	if !ok {
		return nil, fmt.Errorf("read cgroup of Pod %s: %w", pod.Name, errors.New("it does not run"))
	}
	c := &cm.ResourceConfig{Memory: ptr.To[int64](-1), CPUQuota: ptr.To[int64](-1), CPUPeriod: ptr.To[uint64](cm.QuotaPeriod), CPUShares: ptr.To[uint64](cm.MinShares)}
	if v := res.GetMemoryLimitInBytes(); v > 0 {
		c.Memory = &v
	}
	if v := res.GetCpuQuota(); v > 0 {
		c.CPUQuota = &v
	}
	if v := res.GetCpuPeriod(); v > 0 {
		c.CPUPeriod = ptr.To(uint64(v))
	}
	if v := res.GetCpuShares(); v > 0 {
		c.CPUShares = ptr.To(uint64(v))
	}
	return c, nil
}

// SetPodCgroupConfig has nothing left to do: the kubelet told the runtime right before.
func (podGroups) SetPodCgroupConfig(klog.Logger, *corev1.Pod, *cm.ResourceConfig) error { return nil }
