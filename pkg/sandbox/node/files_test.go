package node

import (
	"errors"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

func TestAHostPathErrorDoesNotNameTheHost(t *testing.T) {
	p := nodeDisk{root: filepath.FromSlash("/home/me/k/1/disk")}
	err := p.onNode(errors.New(filepath.FromSlash("/home/me/k/1/disk/") + "data is not a directory"))
	if err.Error() != "/data is not a directory" {
		t.Errorf("the error is %v", err)
	}
	if p.onNode(nil) != nil {
		t.Error("no error has become one")
	}
}

// A Pod that asks for a part of the node's disk finds no node where the disk is said to have no size.
func TestANodesDiskHasASize(t *testing.T) {
	got := manager{}.GetCapacity(klog.Background(), true)[corev1.ResourceEphemeralStorage]
	if got.Value() != diskSize {
		t.Errorf("it is %s", got.String())
	}
}
