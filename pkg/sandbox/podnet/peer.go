package podnet

import "net"

// knownPeers accepts connections of those processes alone that ok knows. Where the operating system
// does not tell who is at the other end (Windows), all are accepted.
func knownPeers(l net.Listener, ok func(pid int) bool) net.Listener {
	if ok == nil {
		return l
	}
	return &peerListener{Listener: l, ok: ok}
}

type peerListener struct {
	net.Listener
	ok func(pid int) bool
}

func (l *peerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if pid, known := peerProcess(c); !known || l.ok(pid) {
			return c, nil
		}
		_ = c.Close()
	}
}
