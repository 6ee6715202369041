package runtime

import (
	"fmt"
	"net"
	"sync"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

const windowRequest = "window "

// windows tell processes how big the terminal at the far end is. A process says the window's name, which stands in its
// description, on the connection that it holds.
type windows struct {
	mu  sync.Mutex
	all map[string]window
}

type window struct {
	size remotecommand.TerminalSize
	conn net.Conn // of the process, or nil
}

// change changes what is known of a window, and tells its process the size if both are known.
func (w *windows) change(name string, change func(*window)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[string]window{}
	}
	at := w.all[name]
	change(&at)
	w.all[name] = at
	if at.conn != nil && at.size.Width > 0 {
		_ = at.conn.SetWriteDeadline(time.Now().Add(time.Second)) // who reads nothing is not told
		fmt.Fprintf(at.conn, "SIZE %d %d\n", at.size.Width, at.size.Height)
	}
}

// follow hands sizes on until there are no more.
func (w *windows) follow(name string, sizes <-chan remotecommand.TerminalSize) {
	for size := range sizes {
		w.change(name, func(at *window) { at.size = size })
	}
}

func (w *windows) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, name)
}
