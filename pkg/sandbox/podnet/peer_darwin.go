package podnet

import (
	"net"

	"golang.org/x/sys/unix"
)

// peerProcess is the process that dialed a unix socket, as the kernel noted it then.
func peerProcess(c net.Conn) (pid int, known bool) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return 0, false
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, true
	}
	_ = raw.Control(func(fd uintptr) {
		if p, err := unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID); err == nil {
			pid = p
		}
	})
	return pid, true
}
