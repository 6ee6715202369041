package runtime

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

// doorFile is the Pod's own way to the network.
func (p *pod) doorFile() string { return filepath.Join(p.dir, "p.sock") }

// openDoor lets the Pod's programs, and no others, out to the network in the Pod's name.
func (r *Runtime) openDoor(p *pod) error {
	if r.o.Proxy == nil {
		return nil
	}
	ip := p.ip
	if ip == "" {
		ip = r.o.Node.IP()
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return fmt.Errorf("open the Pod's way to the network: %w", err)
	}
	m := p.config.GetMetadata()
	p.door, err = r.o.Proxy.OpenDoor(context.Background(), p.doorFile(), podnet.Pod{
		Addr: addr, Namespace: m.GetNamespace(), Name: m.GetName(), UID: m.GetUid(), Labels: p.config.GetLabels(),
	}, func(pid int) bool { return r.groups.owns(p, pid) })
	return err
}

func (p *pod) closeDoor() error {
	if p.door == nil {
		return nil
	}
	return p.door.Close()
}

// nodeKey is what the Pod's containers check tickets with.
func (r *Runtime) nodeKey() string {
	if r.o.Network.Gate == nil {
		return ""
	}
	return r.o.Network.Gate.Key()
}
