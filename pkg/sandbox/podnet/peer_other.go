//go:build !linux && !darwin

package podnet

import "net"

func peerProcess(net.Conn) (pid int, known bool) { return 0, false }
