package runtime

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// startWithout starts a container's process without the rights that the node may have been given for its mounts.
// They pass on from the thread that starts it: so this one gives them up meanwhile.
func startWithout(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	held, err := unix.PrctlRetInt(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, unix.CAP_SYS_ADMIN, 0, 0)
	if err != nil || held == 0 {
		runtime.UnlockOSThread()
		return cmd.Start()
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_LOWER, unix.CAP_SYS_ADMIN, 0, 0); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	err = cmd.Start()
	// A thread that is still locked ends with its goroutine: better that than one that differs from the others.
	if unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, unix.CAP_SYS_ADMIN, 0, 0) == nil {
		runtime.UnlockOSThread()
	}
	return err
}
