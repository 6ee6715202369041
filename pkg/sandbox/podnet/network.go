package podnet

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Network is the Pod network in a folder. The value holds no state but the node's gate: any process
// that may read the folder can make one.
type Network struct {
	// Dir is the folder, an absolute and short path: a socket's path has at most 103 bytes.
	Dir string
	// Gate is that of the node that this process is. Without one the process is the control plane.
	Gate *Gate
}

// own is the address of the node that this process is.
func (n Network) own() netip.AddrPort {
	if n.Gate == nil {
		return netip.AddrPortFrom(NodeIP(0), ephemeralPort())
	}
	return netip.AddrPortFrom(NodeIP(n.Gate.Node), ephemeralPort())
}

// entry is what a connection of this node, or of a Pod of it, asks to be let in with.
func (n Network) entry(proto string, source, to netip.AddrPort) entry {
	e := entry{proto: proto, origin: source, source: sourceFor(source, to.Addr()), dest: to}
	if !source.Addr().IsValid() {
		e.origin = n.own()
	}
	return e
}

// Init makes the folders of an empty network. It leaves what is already there.
func (n Network) Init() error {
	for _, d := range []string{"nodes", "down"} {
		if err := os.MkdirAll(filepath.Join(n.Dir, d), 0o700); err != nil {
			return fmt.Errorf("make pod network: %w", err)
		}
	}
	return nil
}

// AddPod gives the Pod with an address its place on the network and returns the folder for its
// sockets (container.Spec's Net). Sockets that an earlier Pod left there are removed.
func (n Network) AddPod(ip string) (string, error) {
	dir, err := n.podDir(ip)
	if err != nil {
		return "", fmt.Errorf("add pod: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("add pod %s: %w", ip, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("add pod %s: %w", ip, err)
	}
	return dir, nil
}

// RemovePod takes the Pod with an address off the network: from now on there is no route to it.
func (n Network) RemovePod(ip string) error {
	dir, err := n.podDir(ip)
	if err != nil {
		return fmt.Errorf("remove pod: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove pod %s: %w", ip, err)
	}
	return nil
}

// AddNode gives a node its place on the network and returns the folder for the sockets of its
// hostNetwork Pods (container.Spec's Net, with the node's address as PodIP). It leaves what is
// already there.
func (n Network) AddNode(ip string) (string, error) {
	a, err := parseIn(NodeCIDR(), ip)
	if err != nil {
		return "", fmt.Errorf("add node: %w", err)
	}
	dir := n.hostDir(a)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("add node %s: %w", ip, err)
	}
	return dir, nil
}

// RemoveNode forgets a node's address and ports.
func (n Network) RemoveNode(ip string) error {
	a, err := parseIn(NodeCIDR(), ip)
	if err != nil {
		return fmt.Errorf("remove node: %w", err)
	}
	if err := errors.Join(os.RemoveAll(n.nodeFile(a)), os.RemoveAll(n.hostDir(a))); err != nil {
		return fmt.Errorf("remove node %s: %w", ip, err)
	}
	if number, ok := NodeNumber(a); ok {
		return n.MarkUp(number)
	}
	return nil
}

// SetNode says what answers at a node's TCP port: a real address on the machine's loopback
// (127.0.0.1:10250) or, for a hostPort, a Pod's (10.244.1.5:8080). Port 0 stands for the port that the
// address has. An empty address takes the answer away.
func (n Network) SetNode(ip string, port int, addr string) error {
	return n.setNode(ip, port, ".addr", addr)
}

// SetNodeUDP is SetNode for a UDP port; the address must be a Pod's.
func (n Network) SetNodeUDP(ip string, port int, addr string) error {
	return n.setNode(ip, port, ".udp.addr", addr)
}

// SetNodeLoopback says what answers at a port of a node's own 127.0.0.1, which the node's hostNetwork Pods
// reach: a hostPort of a Pod. Network is tcp or udp.
func (n Network) SetNodeLoopback(ip, network string, port int, addr string) error {
	return n.setNode(ip, port, loopbackSuffix(network), addr)
}

func loopbackSuffix(network string) string { return "." + network + ".lo" }

func (n Network) setNode(ip string, port int, suffix, addr string) error {
	a, err := parseIn(NodeCIDR(), ip)
	if err != nil {
		return fmt.Errorf("set node: %w", err)
	}
	file := n.nodeFile(a)
	if port != 0 || suffix != ".addr" {
		file = filepath.Join(n.hostDir(a), strconv.Itoa(port)+suffix)
	}
	if addr == "" {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("set node %s: %w", ip, err)
		}
		return nil
	}
	if to, err := netip.ParseAddrPort(addr); err != nil || !to.Addr().IsLoopback() && !PodCIDR().Contains(to.Addr()) {
		return fmt.Errorf("set node %s port %d to %q: want ip:port on loopback or of a Pod", ip, port, addr)
	}
	if _, err := n.AddNode(ip); err != nil {
		return err
	}
	return writeFile(file, addr)
}

// MarkDown says that node number is dead: what is sent to it and to its Pods is lost, as from a
// machine that has lost its power, and not refused, as dead processes on a living machine would.
func (n Network) MarkDown(number int) error {
	if err := os.MkdirAll(filepath.Join(n.Dir, "down"), 0o700); err != nil {
		return fmt.Errorf("mark node %d down: %w", number, err)
	}
	return writeFile(n.downFile(number), "")
}

// MarkUp takes MarkDown back. It may be called for a node that was never down.
func (n Network) MarkUp(number int) error {
	if err := os.Remove(n.downFile(number)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("mark node %d up: %w", number, err)
	}
	return nil
}

// IsDown says whether node number is marked down.
func (n Network) IsDown(number int) bool {
	_, err := os.Lstat(n.downFile(number))
	return err == nil
}

func (n Network) podDir(ip string) (string, error) {
	a, err := parseIn(PodCIDR(), ip)
	return filepath.Join(n.Dir, a.String()), err
}

func (n Network) nodeFile(ip netip.Addr) string { return filepath.Join(n.Dir, "nodes", ip.String()) }
func (n Network) hostDir(ip netip.Addr) string {
	return filepath.Join(n.Dir, "nodes", ip.String()+".d")
}
func (n Network) downFile(number int) string {
	return filepath.Join(n.Dir, "down", strconv.Itoa(number))
}

// nodeAnswer reads what SetNode wrote for a port.
func (n Network) nodeAnswer(proto string, to netip.AddrPort) (netip.AddrPort, bool) {
	suffix := ".addr"
	if proto == "udp" {
		suffix = ".udp.addr"
	}
	b, err := os.ReadFile(filepath.Join(n.hostDir(to.Addr()), strconv.Itoa(int(to.Port()))+suffix))
	if err == nil || proto != "tcp" {
		return parseAnswer(b, err)
	}
	b, err = os.ReadFile(n.nodeFile(to.Addr()))
	a, ok := parseAnswer(b, err)
	return a, ok && a.Port() == to.Port()
}

// loopbackAnswer reads what SetNodeLoopback wrote for a port of a node.
func (n Network) loopbackAnswer(node netip.Addr, proto string, port uint16) (netip.AddrPort, bool) {
	b, err := os.ReadFile(filepath.Join(n.hostDir(node), strconv.Itoa(int(port))+loopbackSuffix(proto)))
	return parseAnswer(b, err)
}

func parseAnswer(b []byte, err error) (netip.AddrPort, bool) {
	if err != nil {
		return netip.AddrPort{}, false
	}
	a, err := netip.ParseAddrPort(strings.TrimSpace(string(b)))
	return a, err == nil
}

// parseIn reads an address that must be of a prefix. It also keeps "../" out of paths.
func parseIn(p netip.Prefix, ip string) (netip.Addr, error) {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Addr{}, err
	}
	if a = a.Unmap(); !p.Contains(a) {
		return netip.Addr{}, fmt.Errorf("address %s is not in %s", ip, p)
	}
	return a, nil
}

// writeFile replaces a file at once, since other processes read it at any moment.
func writeFile(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
