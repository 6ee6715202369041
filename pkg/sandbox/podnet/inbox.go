package podnet

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// inboxSize is how many datagrams wait for a program to read them; more are lost, as in life.
const inboxSize = 256

// letter is a datagram that came in, or an error that the network reported about one that went out.
type letter struct {
	from    netip.AddrPort
	payload []byte
	err     error
}

// inbox is the receive queue of a datagram socket.
type inbox struct {
	letters chan letter
	closed  chan struct{}

	mu      sync.Mutex
	expired chan struct{} // closed when the deadline passes
	timer   *time.Timer
}

func newInbox() *inbox {
	return &inbox{
		letters: make(chan letter, inboxSize),
		closed:  make(chan struct{}),
		expired: make(chan struct{}),
	}
}

func (q *inbox) put(l letter) {
	select {
	case q.letters <- l:
	default:
	}
}

func (q *inbox) take() (letter, error) {
	expired := q.deadline()
	select {
	case <-q.closed:
		return letter{}, net.ErrClosed
	case <-expired:
		return letter{}, timeoutError{}
	default:
	}
	select {
	case l := <-q.letters:
		return l, l.err
	case <-q.closed:
		return letter{}, net.ErrClosed
	case <-expired:
		return letter{}, timeoutError{}
	}
}

func (q *inbox) deadline() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.expired
}

// setDeadline also reaches a take that waits already.
func (q *inbox) setDeadline(t time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.timer != nil && !q.timer.Stop() {
		q.expired = make(chan struct{}) // the old one is closed, or about to be
	}
	q.timer = nil
	if t.IsZero() {
		return
	}
	expired := q.expired
	q.timer = time.AfterFunc(time.Until(t), func() { close(expired) })
}
