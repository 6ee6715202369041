package podnet

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

// passPath is what a Stack asks for before it connects to its own Pod; see TicketHeader.
const passPath = "/pass"

// Door is a Pod's own socket of its node's Proxy. Who comes through it is that Pod: what a program says
// about its address and namespace counts for nothing, and a process that is none of the Pod's is not
// let through.
type Door struct {
	proxy *Proxy
	pod   Pod
}

// OpenDoor makes a door at a path and answers at it until it is closed or the context ends. Owns says
// whether a process is one of the Pod's containers.
func (p *Proxy) OpenDoor(ctx context.Context, path string, pod Pod, owns func(pid int) bool) (io.Closer, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the Pod's way to the network: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("open the Pod's way to the network: %w", err)
	}
	d := &Door{proxy: p, pod: pod}
	ctx, cancel := context.WithCancel(ctx)
	server := &http.Server{
		Handler:           d,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	p.pods.add(pod)
	go func() { _ = server.Serve(knownPeers(l, owns)) }()
	var once sync.Once
	return closer(func() (err error) {
		once.Do(func() {
			p.pods.remove(pod)
			cancel()
			err = server.Close()
		})
		return err
	}), nil
}

type closer func() error

func (c closer) Close() error { return c() }

func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	claimed, proto := readSource(r.Header)
	from := Source{Namespace: d.pod.Namespace, Addr: netip.AddrPortFrom(d.pod.Addr, claimed.Addr.Port())}
	if r.Method == http.MethodPost && r.URL.Host == "" && r.URL.Path == passPath {
		d.servePass(w, r, claimed.Addr, proto)
		return
	}
	d.proxy.serve(w, r, from, proto)
}

func (d *Door) servePass(w http.ResponseWriter, r *http.Request, source netip.AddrPort, proto string) {
	gate := d.proxy.Network.Gate
	if gate == nil {
		return
	}
	dest, err := netip.ParseAddrPort(r.URL.Query().Get("to"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ticket, err := gate.signOwn(d.pod.Addr, proto, source, dest)
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set(TicketHeader, base64.StdEncoding.EncodeToString(ticket))
}

// Pod finds the Pod of this node that has an address. One on the network of the node is not found.
func (p *Proxy) Pod(addr netip.Addr) (Pod, bool) { return p.pods.find(addr) }

// pods are those that have a door.
type pods struct {
	mu     sync.RWMutex
	byAddr map[netip.Addr]Pod
}

func (p *pods) add(pod Pod) {
	if pod.OnHostNetwork() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byAddr == nil {
		p.byAddr = map[netip.Addr]Pod{}
	}
	p.byAddr[pod.Addr] = pod
}

func (p *pods) remove(pod Pod) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byAddr[pod.Addr].UID == pod.UID {
		delete(p.byAddr, pod.Addr)
	}
}

func (p *pods) find(addr netip.Addr) (Pod, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	pod, ok := p.byAddr[addr]
	return pod, ok
}
