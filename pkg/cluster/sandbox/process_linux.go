package sandbox

import (
	"bytes"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// namespacesEnv set to off has the sandbox do without namespaces, to see what that is like where they could be had.
const namespacesEnv = "KUBECTL_LEARN_NAMESPACES"

// ways are the ways to start a part, the best first: with mounts of its own, so that a volume in memory is
// one, where the kernel lets us; else without. Root needs no more than that. Others need a user namespace
// for the right to mount, in which they stay who they are.
func ways() []way {
	plain := way{attributes: detached()}
	if os.Getenv(namespacesEnv) == "off" {
		return []way{plain}
	}
	own := way{attributes: detached(), environment: []string{sandbox.OwnMounts + "=yes"}}
	own.attributes.Cloneflags = unix.CLONE_NEWNS
	if uid := os.Geteuid(); uid != 0 {
		if restricted() {
			return []way{plain}
		}
		own.attributes.Cloneflags |= unix.CLONE_NEWUSER
		own.attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		own.attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		own.attributes.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
	}
	return []way{own, plain}
}

// restricted says that AppArmor takes the rights in new user namespaces away, as Ubuntu has it: a process
// would start there, and be confined in more than its mounts.
func restricted() bool {
	b, err := os.ReadFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
	return err == nil && !bytes.Equal(bytes.TrimSpace(b), []byte("0"))
}
