package policy

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Pod is what policies see of one. A Pod on the network of its node counts as the node, and is none.
type Pod struct {
	Namespace       string
	Labels          labels.Set
	NamespaceLabels labels.Set
	Ports           []Port
}

// Port is one that a Pod's container gives a name to.
type Port struct {
	Name     string
	Protocol corev1.Protocol
	Number   uint16
}

// Peer is one end of a connection. Pod is nil for what is no Pod: a node, the world outside.
type Peer struct {
	Addr netip.Addr
	Pod  *Pod
}

// Connection is a new one, after a Service's address has become that of an endpoint. Port is To's.
type Connection struct {
	From, To Peer
	Protocol corev1.Protocol
	Port     uint16
}

// Allowed says whether policies let a connection pass in a direction. The policies are all those of the
// namespace of the Pod whose direction it is: To's for Ingress, From's for Egress. What is always
// allowed (a Pod's own node, the Pod itself) is for the caller to know.
func Allowed(policies []*Policy, d Direction, c Connection) bool {
	subject, other := c.To, c.From
	if d == Egress {
		subject, other = c.From, c.To
	}
	if subject.Pod == nil {
		return true
	}
	isolated := false
	for _, p := range policies {
		if !p.isolates[d] || !p.subject.Matches(subject.Pod.Labels) {
			continue
		}
		isolated = true
		for _, r := range p.rules[d] {
			if r.matchesPeer(other) && r.matchesPort(c) {
				return true
			}
		}
	}
	return !isolated
}

func (r rule) matchesPeer(other Peer) bool {
	for _, p := range r.peers {
		if p.matches(other) {
			return true
		}
	}
	return len(r.peers) == 0
}

func (p peer) matches(other Peer) bool {
	if p.block.IsValid() {
		return p.matchesAddr(other.Addr)
	}
	switch {
	case other.Pod == nil:
		return false
	case p.namespaces == nil && p.namespace != other.Pod.Namespace:
		return false
	case p.namespaces != nil && !p.namespaces.Matches(other.Pod.NamespaceLabels):
		return false
	}
	return p.pods.Matches(other.Pod.Labels)
}

func (p peer) matchesAddr(a netip.Addr) bool {
	for _, e := range p.except {
		if e.Contains(a) {
			return false
		}
	}
	return p.block.Contains(a)
}

// matchesPort looks at the port that is connected to, in both directions. A name is that of the Pod there.
func (r rule) matchesPort(c Connection) bool {
	for _, p := range r.ports {
		if p.protocol == c.Protocol && p.matches(c) {
			return true
		}
	}
	return len(r.ports) == 0
}

func (p port) matches(c Connection) bool {
	if p.name == "" {
		return p.last == 0 || p.first <= c.Port && c.Port <= p.last
	}
	if c.To.Pod == nil {
		return false
	}
	for _, named := range c.To.Pod.Ports {
		if named.Name == p.name && named.Protocol == p.protocol && named.Number == c.Port {
			return true
		}
	}
	return false
}
