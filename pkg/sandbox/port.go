package sandbox

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// ports is how many ports FreePort chooses from.
const ports = 10000

// FreePort picks a port of the 10000 from lowest on, on 127.0.0.1: one below those that systems give to
// outgoing connections, of which a cluster makes many, so that it is still free when it is used. Where
// a hundred tries find none there, any will do.
func FreePort(lowest int) (int, error) {
	for range 100 {
		if port := lowest + rand.IntN(ports); PortIsFree(port) {
			return port, nil
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// PortIsFree says that nobody listens on a port of 127.0.0.1.
func PortIsFree(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
