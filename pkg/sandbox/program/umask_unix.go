//go:build unix

package program

import "syscall"

// setUmask makes new files readable by others in the Pod, as a container's umask does.
func setUmask() { syscall.Umask(0o022) }
