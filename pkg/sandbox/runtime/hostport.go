package runtime

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// openHostPorts makes the node answer for the Pod on the host ports that it asks for, or ends that.
func (r *Runtime) openHostPorts(p *pod, open bool) error {
	if p.ip == "" {
		return nil
	}
	for _, m := range p.config.GetPortMappings() {
		if m.GetHostPort() == 0 {
			continue
		}
		to := ""
		if open {
			to = net.JoinHostPort(p.ip, strconv.Itoa(int(m.GetContainerPort())))
		}
		if err := r.setHostPort(m, to); err != nil {
			return fmt.Errorf("host port %d: %w", m.GetHostPort(), err)
		}
	}
	return nil
}

// setHostPort opens or closes a port at the addresses of the node that hostIP names: its own one, its
// loopback, or both where there is none. Any other address is not of this node, so that nothing
// answers there.
func (r *Runtime) setHostPort(m *runtimeapi.PortMapping, to string) error {
	network, set := "tcp", r.o.Network.SetNode
	if m.GetProtocol() == runtimeapi.Protocol_UDP {
		network, set = "udp", r.o.Network.SetNodeUDP
	}
	all := m.GetHostIp() == ""
	ip, err := netip.ParseAddr(m.GetHostIp())
	if !all && err != nil {
		return err
	}
	all = all || ip.IsUnspecified()
	var errs []error
	if all || ip.String() == r.o.Node.IP() {
		errs = append(errs, set(r.o.Node.IP(), int(m.GetHostPort()), to))
	}
	if all || ip.IsLoopback() {
		errs = append(errs, r.o.Network.SetNodeLoopback(r.o.Node.IP(), network, int(m.GetHostPort()), to))
	}
	return errors.Join(errs...)
}
