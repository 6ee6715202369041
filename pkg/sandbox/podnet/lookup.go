package podnet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
)

// DNSServer is the address that resolv.conf names, the ClusterIP of the cluster's DNS.
func DNSServer() netip.Addr { return netip.AddrFrom4([4]byte{10, 96, 0, 10}) }

// Lookup asks the cluster's DNS: typ is A, AAAA, CNAME, PTR or SRV, the name is completed as
// resolv.conf has it. What Resolver.Lookup says about answers holds. A name that does not exist is a
// *net.DNSError with IsNotFound. The files of the container are not looked at; DialContext does.
func (s *Stack) Lookup(ctx context.Context, typ, name string) ([]string, error) {
	query := url.Values{"type": {strings.ToUpper(typ)}, "name": {name}}
	req := &http.Request{
		Method: http.MethodGet, Host: "podnet", Header: http.Header{},
		URL: &url.URL{Scheme: "http", Host: "podnet", Path: lookupPath, RawQuery: query.Encode()},
	}
	source := netip.AddrPort{}
	if s.ip.IsValid() {
		source = netip.AddrPortFrom(s.ip, ephemeralPort())
	}
	c, resp, _, err := s.ask(ctx, req, "udp", source)
	if err != nil {
		return nil, serverError(name, err)
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if resp.StatusCode != http.StatusOK {
		switch Reason(resp.Header.Get(ErrorHeader)) {
		case NoSuchHost:
			return nil, notFound(name)
		case Timeout:
			return nil, serverError(name, timeoutError{})
		}
		return nil, serverError(name, errors.New("server misbehaving"))
	}
	var answer lookupAnswer
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, serverError(name, errors.New("server misbehaving"))
	}
	return answer.Answers, nil
}

func serverError(name string, err error) error {
	var t interface{ Timeout() bool }
	return &net.DNSError{
		Err: err.Error(), UnwrapErr: err, Name: name,
		Server:    netip.AddrPortFrom(DNSServer(), 53).String(),
		IsTimeout: errors.As(err, &t) && t.Timeout(), IsTemporary: true,
	}
}

// addresses is where a host is: never empty without an error.
func (s *Stack) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if isLocalhost(host) { // which is IPv4 alone, however it is written
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	if ips := s.hosts(host); len(ips) > 0 {
		return ips, nil
	}
	if host == s.spec.Hostname && s.ip.IsValid() {
		return []netip.Addr{s.ip}, nil
	}
	answers, err := s.Lookup(ctx, "A", host)
	if err != nil {
		return nil, err
	}
	var ips []netip.Addr
	for _, a := range answers {
		if ip, err := netip.ParseAddr(a); err == nil {
			ips = append(ips, ip)
		}
	}
	if len(ips) == 0 {
		return nil, notFound(host)
	}
	return ips, nil
}

// hosts looks a name up in the container's /etc/hosts, where the kubelet puts hostAliases.
func (s *Stack) hosts(name string) []netip.Addr {
	f, err := s.openHosts()
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	var ips []netip.Addr
	lines := bufio.NewScanner(io.LimitReader(f, 1<<20))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) < 2 || !slices.ContainsFunc(fields[1:], func(h string) bool { return strings.EqualFold(h, name) }) {
			continue
		}
		if ip, err := netip.ParseAddr(fields[0]); err == nil && ip.Unmap().Is4() {
			ips = append(ips, ip.Unmap())
		}
	}
	return ips
}

func (s *Stack) openHosts() (*os.File, error) {
	for _, m := range s.spec.Mounts {
		if path.Clean(m.Path) == "/etc/hosts" {
			return os.Open(m.Source)
		}
	}
	if s.spec.Root == "" {
		return nil, os.ErrNotExist
	}
	return os.OpenInRoot(s.spec.Root, "etc/hosts")
}
