package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// tmpfs is the kernel's.
type tmpfs struct{}

// ownMemory returns what mounts file systems in memory, or nil where this process may not, or where they
// are less than what a folder on the disk is. dir is the node's; mark is a file that is there afterwards if it can.
func ownMemory(dir, mark string) mounter {
	err := errors.New("this process has no mounts of its own")
	if os.Getenv(sandbox.OwnMounts) != "" {
		err = tryMemory(filepath.Join(dir, "try-mount"))
	}
	if err == nil {
		err = os.WriteFile(mark, nil, 0o600)
	}
	if err != nil {
		klog.InfoS("Volumes in memory are folders on the disk", "why", err)
		_ = os.Remove(mark)
		return nil
	}
	return tmpfs{}
}

// tryMemory mounts a file system in memory, and looks whether files in it can have an owner (package owner), which
// came with Linux 6.6.
func tryMemory(dir string) (err error) {
	// These mounts began as a copy of the machine's: what is done to those is to be done to these, as an unmount,
	// and nothing the other way around.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("keep mounts from the machine: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	if err := (tmpfs{}).mount(dir, nil); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	defer func() { err = errors.Join(err, tmpfs{}.unmount(dir)) }()
	if err := unix.Setxattr(dir, "user.kubectl-learn.try", []byte("yes"), 0); err != nil {
		return fmt.Errorf("set an attribute of a file in memory: %w", err)
	}
	return nil
}

func (tmpfs) mount(target string, options []string) error {
	var flags uintptr = unix.MS_NOSUID | unix.MS_NODEV
	if slices.Contains(options, "remount") {
		flags |= unix.MS_REMOUNT
		options = slices.DeleteFunc(slices.Clone(options), func(o string) bool { return o == "remount" })
	}
	return unix.Mount("tmpfs", target, "tmpfs", flags, strings.Join(options, ","))
}

// unmount takes it away also while a process has a file in it open.
func (tmpfs) unmount(target string) error {
	err := unix.Unmount(target, unix.MNT_DETACH)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		return nil // none is there
	}
	return err
}
