package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// retryTaken is how often a port is tried again that another program of the machine has.
const retryTaken = 2 * time.Second

// NodePorts answers on the machine's loopback, 127.0.0.1, at the TCP node ports of Services of type
// NodePort and LoadBalancer. A Service without endpoints accepts connections and resets them, since
// the port is held all the same. UDP node ports are for Pods alone.
type NodePorts struct {
	table    *Table
	network  podnet.Network
	problem  func(svc *corev1.Service, port int32, err error)
	changed  chan struct{}
	open     map[int32]net.Listener
	reported map[int32]types.UID
}

// NewNodePorts serves the node ports that a table knows. Problem is told of each port that cannot be
// opened, once until it can.
func NewNodePorts(table *Table, network podnet.Network, problem func(svc *corev1.Service, port int32, err error)) *NodePorts {
	return &NodePorts{
		table: table, network: network, problem: problem, changed: make(chan struct{}, 1),
		open: map[int32]net.Listener{}, reported: map[int32]types.UID{},
	}
}

// Run serves until the context ends. The table's Run must be running.
func (p *NodePorts) Run(ctx context.Context) {
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { p.wake() },
		UpdateFunc: func(any, any) { p.wake() },
		DeleteFunc: func(any) { p.wake() },
	}
	registration, err := p.table.services.AddEventHandler(handler)
	if err != nil {
		return // the table has ended
	}
	defer func() { _ = p.table.services.RemoveEventHandler(registration) }()
	var serving sync.WaitGroup
	defer serving.Wait()
	defer p.closeAllBut(nil)
	retry := time.NewTicker(retryTaken)
	defer retry.Stop()
	if p.table.WaitForSync(ctx) != nil {
		return
	}
	for {
		p.reconcile(ctx, &serving)
		again := retry.C
		if len(p.reported) == 0 {
			again = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-p.changed:
		case <-again:
		}
	}
}

func (p *NodePorts) wake() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// reconcile opens what is wanted and closes what is not.
func (p *NodePorts) reconcile(ctx context.Context, serving *sync.WaitGroup) {
	wanted := p.wanted()
	p.closeAllBut(wanted)
	for port, svc := range wanted {
		if p.open[port] != nil {
			continue
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			p.report(svc, port, err)
			continue
		}
		delete(p.reported, port)
		p.open[port] = l
		serving.Go(func() { p.serve(ctx, l, port) })
	}
}

func (p *NodePorts) wanted() map[int32]*corev1.Service {
	wanted := map[int32]*corev1.Service{}
	for _, obj := range p.table.services.GetStore().List() {
		svc, ok := obj.(*corev1.Service)
		if !ok || svc.Spec.Type != corev1.ServiceTypeNodePort && svc.Spec.Type != corev1.ServiceTypeLoadBalancer {
			continue
		}
		for _, sp := range svc.Spec.Ports {
			if sp.NodePort != 0 && protocolOf(sp.Protocol) == "tcp" {
				wanted[sp.NodePort] = svc
			}
		}
	}
	return wanted
}

func (p *NodePorts) closeAllBut(wanted map[int32]*corev1.Service) {
	for port, l := range p.open {
		if wanted[port] == nil {
			_ = l.Close()
			delete(p.open, port)
		}
	}
	for port := range p.reported {
		if wanted[port] == nil {
			delete(p.reported, port)
		}
	}
}

func (p *NodePorts) report(svc *corev1.Service, port int32, err error) {
	if uid, ok := p.reported[port]; ok && uid == svc.UID {
		return
	}
	p.reported[port] = svc.UID
	p.problem(svc, port, err)
}

// serve ends when the listener is closed. Connections go on until their ends or the context do: a
// Service that is deleted does not cut them, in life neither.
func (p *NodePorts) serve(ctx context.Context, l net.Listener, port int32) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no file descriptor is free, most likely: what closes others makes room
			select {
			case <-ctx.Done():
				return
			case <-time.After(5 * time.Millisecond):
			}
			continue
		}
		go p.forward(ctx, c, port)
	}
}

func (p *NodePorts) forward(ctx context.Context, c net.Conn, port int32) {
	from := podnet.Source{Addr: netip.AddrPortFrom(podnet.Machine(), 0)}
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		from.Addr = netip.AddrPortFrom(podnet.Machine(), uint16(a.Port))
	}
	addr, err := p.table.Resolve(ctx, from, "tcp", podnet.NodeIP(0).String(), int(port))
	if err == nil {
		err = p.network.Forward(ctx, c, from.Addr, !p.keepsClient(port), addr)
	}
	if err != nil {
		reset(c)
	}
}

// keepsClient says whether Pods see who calls at a port: externalTrafficPolicy Local. Otherwise a node
// puts its own address in the place of the client's.
func (p *NodePorts) keepsClient(port int32) bool {
	svc := p.wanted()[port]
	return svc != nil && svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}

// reset closes a connection so that its client reads an error, and not an empty answer.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
