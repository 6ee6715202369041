package service

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

const (
	clusterDomain = "cluster.local"
	serviceZone   = ".svc." + clusterDomain
	podZone       = ".pod." + clusterDomain

	// ndots is the kubelet's setting for Pods: a name with fewer dots is tried with the search list first.
	ndots = 5
	// maxAliases ends a chain of ExternalName Services that name each other.
	maxAliases = 8
)

// Lookup answers a question to the cluster's DNS (podnet.Resolver). Several answers come in random
// order, as from CoreDNS with its loadbalance plugin. Names outside of the cluster do not exist.
func (t *Table) Lookup(ctx context.Context, from podnet.Source, typ, name string) ([]string, error) {
	if err := t.WaitForSync(ctx); err != nil {
		return nil, fmt.Errorf("lookup %s: Services are not known yet: %w", name, podnet.Timeout)
	}
	typ, name = strings.ToUpper(typ), strings.ToLower(name)
	candidates := searchList(name, from.Namespace)
	if typ == "PTR" {
		candidates = []string{strings.TrimSuffix(name, ".")}
	}
	var exists bool
	for _, fqdn := range candidates {
		records, ok := t.records(typ, fqdn, 0)
		exists = exists || ok
		if len(records) > 0 {
			return t.shuffle(records), nil
		}
	}
	if !exists {
		return nil, fmt.Errorf("lookup %s: %w", name, podnet.NoSuchHost)
	}
	return nil, nil
}

// searchList completes a name as resolv.conf in a Pod of the namespace has it.
func searchList(name, namespace string) []string {
	if absolute, ok := strings.CutSuffix(name, "."); ok {
		return []string{absolute}
	}
	list := []string{
		name + "." + namespace + serviceZone,
		name + serviceZone,
		name + "." + clusterDomain,
	}
	if strings.Count(name, ".") >= ndots {
		return append([]string{name}, list...)
	}
	return append(list, name)
}

// records are those of one complete name; ok says whether the name exists.
func (t *Table) records(typ, fqdn string, aliases int) (records []string, ok bool) {
	if typ == "PTR" {
		return t.pointers(fqdn)
	}
	if ip, err := netip.ParseAddr(fqdn); err == nil {
		return onlyIf(typ == "A" && ip.Is4(), fqdn), true
	}
	if h, ok := strings.CutSuffix(fqdn, podZone); ok {
		return podRecords(typ, h)
	}
	h, ok := strings.CutSuffix(fqdn, serviceZone)
	if !ok {
		return nil, false
	}
	labels := strings.Split(h, ".")
	if len(labels) < 2 || len(labels) > 4 {
		return nil, false
	}
	n := len(labels)
	svc := t.service(labels[n-1], labels[n-2])
	switch {
	case svc == nil:
		return nil, false
	case svc.Spec.Type == corev1.ServiceTypeExternalName:
		if n != 2 {
			return nil, false
		}
		return t.alias(typ, svc.Spec.ExternalName, aliases), true
	}
	return t.serviceRecords(typ, svc, labels[:n-2])
}

// alias answers for an ExternalName Service.
func (t *Table) alias(typ, target string, aliases int) []string {
	target = strings.ToLower(strings.TrimSuffix(target, "."))
	if typ == "CNAME" {
		return []string{target + "."}
	}
	if aliases >= maxAliases {
		return nil
	}
	records, _ := t.records(typ, target, aliases+1)
	return records
}

// podRecords answers for a Pod's name made of its address, 10-244-1-5.default.pod.cluster.local.
// Whether there is such a Pod is not asked (CoreDNS: "pods insecure", kubeadm's setting).
func podRecords(typ, name string) ([]string, bool) {
	dashed, namespace, ok := strings.Cut(name, ".")
	ip, err := netip.ParseAddr(strings.ReplaceAll(dashed, "-", "."))
	if !ok || strings.Contains(namespace, ".") || err != nil || !ip.Is4() {
		return nil, false
	}
	return onlyIf(typ == "A", ip.String()), true
}

// serviceRecords answers for what stands before SERVICE.NAMESPACE: nothing, an endpoint's name, or
// _port._protocol.
func (t *Table) serviceRecords(typ string, svc *corev1.Service, prefix []string) ([]string, bool) {
	var want recordFilter
	switch len(prefix) {
	case 1:
		want.endpoint = prefix[0]
	case 2:
		port, okPort := strings.CutPrefix(prefix[0], "_")
		proto, okProto := strings.CutPrefix(prefix[1], "_")
		if !okPort || !okProto {
			return nil, false
		}
		want.port, want.proto = port, proto
	}
	var found []target
	if hasClusterIP(svc) && want.endpoint == "" {
		found = serviceTargets(svc, want)
	} else {
		found = t.endpointTargets(svc, want)
	}
	if len(found) == 0 {
		return nil, false
	}
	return recordsOf(typ, found), true
}

// recordFilter is what a question narrows a Service to; empty fields stand for everything.
type recordFilter struct{ endpoint, port, proto string }

func (f recordFilter) matchesPort(name, proto string) bool {
	return (f.port == "" || f.port == strings.ToLower(name)) && (f.proto == "" || f.proto == proto)
}

// target is an address with a name and a port, from which A and SRV records are made. Port 0 is none.
type target struct {
	ip   string
	name string
	port int32
}

func serviceTargets(svc *corev1.Service, want recordFilter) []target {
	var found []target
	name := svc.Name + "." + svc.Namespace + serviceZone + "."
	for _, p := range svc.Spec.Ports {
		if want.matchesPort(p.Name, protocolOf(p.Protocol)) {
			found = append(found, target{ip: svc.Spec.ClusterIP, name: name, port: p.Port})
		}
	}
	return found
}

// endpointTargets are those of a headless Service, or of single endpoints of any.
func (t *Table) endpointTargets(svc *corev1.Service, want recordFilter) []target {
	var found []target
	suffix := "." + svc.Name + "." + svc.Namespace + serviceZone + "."
	for _, s := range t.slicesBy(byService, svc.Namespace+"/"+svc.Name) {
		for i := range s.Endpoints {
			e := &s.Endpoints[i]
			if !isReady(e) || len(e.Addresses) == 0 {
				continue
			}
			host := hostnameOf(e.Hostname, e.Addresses[0])
			if want.endpoint != "" && want.endpoint != host {
				continue
			}
			base := target{ip: e.Addresses[0], name: host + suffix}
			if len(s.Ports) == 0 && want.port == "" { // a headless Service needs no ports
				found = append(found, base)
			}
			for _, p := range s.Ports {
				var name string
				var proto corev1.Protocol
				if p.Name != nil {
					name = *p.Name
				}
				if p.Protocol != nil {
					proto = *p.Protocol
				}
				if p.Port != nil && want.matchesPort(name, protocolOf(proto)) {
					found = append(found, target{ip: base.ip, name: base.name, port: *p.Port})
				}
			}
		}
	}
	return found
}

// hostnameOf is an endpoint's own name: what the Pod's hostname and subdomain gave it, else its address.
func hostnameOf(hostname *string, ip string) string {
	if hostname != nil && *hostname != "" {
		return strings.ToLower(*hostname)
	}
	return strings.ReplaceAll(ip, ".", "-")
}

func recordsOf(typ string, found []target) []string {
	var out []string
	for _, f := range found {
		switch {
		case typ == "A":
			out = append(out, f.ip)
		case typ == "SRV" && f.port != 0:
			out = append(out, fmt.Sprintf("0 %d %d %s", max(1, 100/len(found)), f.port, f.name))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pointers answers who has an address: a Service, else the endpoints at it.
func (t *Table) pointers(name string) ([]string, bool) {
	ip, err := netip.ParseAddr(reversed(name))
	if err != nil {
		return nil, false
	}
	var out []string
	for _, svc := range t.servicesBy(byIP, ip.String()) {
		if svc.Spec.ClusterIP == ip.String() {
			out = append(out, svc.Name+"."+svc.Namespace+serviceZone+".")
		}
	}
	if len(out) == 0 {
		out = t.endpointNames(ip.String())
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out, len(out) > 0
}

func (t *Table) endpointNames(ip string) []string {
	var out []string
	for _, s := range t.slicesBy(byEndpoint, ip) {
		for i := range s.Endpoints {
			e := &s.Endpoints[i]
			if !isReady(e) || !slices.Contains(e.Addresses, ip) {
				continue
			}
			svc, _ := sliceService(s)
			namespace, name, _ := strings.Cut(svc[0], "/")
			if name != "" {
				out = append(out, hostnameOf(e.Hostname, ip)+"."+name+"."+namespace+serviceZone+".")
			}
		}
	}
	return out
}

// reversed turns 5.1.244.10.in-addr.arpa into 10.244.1.5; an address passes as it is.
func reversed(name string) string {
	digits, ok := strings.CutSuffix(name, ".in-addr.arpa")
	if !ok {
		return name
	}
	parts := strings.Split(digits, ".")
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}

func (t *Table) shuffle(records []string) []string {
	for i := len(records) - 1; i > 0; i-- {
		j := t.pick(i + 1)
		records[i], records[j] = records[j], records[i]
	}
	return records
}

func onlyIf(ok bool, record string) []string {
	if !ok {
		return nil
	}
	return []string{record}
}
