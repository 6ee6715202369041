package podnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Proxy is the way out of a Pod: kube-proxy and the cluster's DNS in one. Each Pod of the node has a
// Door to it. It also serves the API server, whose egress selector asks it for Pods and nodes. It is an
// http.Handler:
//
//	CONNECT host:port            a stream to a Pod, a node, a Service or a name
//	GET http://host:port/path    a plain HTTP request, forwarded
//	GET /dns?type=A&name=web     a question to the DNS; the answer is {"answers": [...]}
//
// What cannot be reached has the status 502 (504 for a timeout), a Reason in the header ErrorHeader
// and a sentence in the body. An endpoint of a Service that does not answer is exchanged for another,
// three times: here a Pod goes in milliseconds, faster than the news of it, where a real one takes
// long enough for kube-proxy to hear of it first.
type Proxy struct {
	Network  Network
	Resolver Resolver
	// Policy may be nil: Pods may connect to everything.
	Policy Policy
	// Trusted says which processes Serve answers; without it, all.
	Trusted func(pid int) bool

	pods pods
}

// Serve answers on a listener until the context ends, which also ends the streams. It closes the
// listener, and returns nil when the context was why it ended.
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           p,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(knownPeers(l, p.Trusted))
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve pod network proxy: %w", err)
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, proto := readSource(r.Header)
	p.serve(w, r, from, proto)
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, from Source, proto string) {
	switch {
	case r.Method == http.MethodConnect:
		p.serveConnect(w, r, from, proto)
	case r.URL.Host != "":
		p.forward(w, r, from)
	case r.URL.Path == lookupPath:
		p.serveLookup(w, r, from)
	default:
		http.Error(w, "this is a proxy: ask it for http://HOST:PORT/PATH", http.StatusBadRequest)
	}
}

func (p *Proxy) serveConnect(w http.ResponseWriter, r *http.Request, from Source, proto string) {
	far, err := p.dial(r.Context(), from, proto, r.RequestURI)
	if err != nil {
		writeError(w, err)
		return
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		_ = far.Close()
		http.Error(w, "CONNECT needs HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	near, buffered, err := hijacker.Hijack()
	if err != nil {
		_ = far.Close()
		return
	}
	_ = near.SetDeadline(time.Time{}) // the server's limits are for requests
	_, err = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	if n := buffered.Reader.Buffered(); err == nil && n > 0 {
		_, err = io.CopyN(far, buffered, int64(n))
	}
	if err != nil {
		_ = near.Close()
		_ = far.Close()
		return
	}
	splice(r.Context(), near, far)
}

// endpointTries is how many endpoints of a Service are tried for one connection.
const endpointTries = 3

// dial opens the stream to what a client asked for.
func (p *Proxy) dial(ctx context.Context, from Source, proto, hostport string) (net.Conn, error) {
	host, port, err := splitHostPort(ctx, proto, hostport)
	if err != nil {
		return nil, err
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() && NodeCIDR().Contains(from.Addr.Addr()) {
		return p.dialLoopback(ctx, from, proto, netip.AddrPortFrom(ip, port))
	}
	for try := 1; ; try++ {
		to, err := p.resolve(ctx, from, proto, host, port)
		if err != nil {
			return nil, err
		}
		if err := p.egress(ctx, proto, from, to); err != nil {
			return nil, dialError(proto, to, err)
		}
		if isDNS(to) {
			return p.dialDNS(ctx, from, proto), nil
		}
		c, err := p.Network.stream(ctx, p.Network.entry(proto, from.Addr, to))
		reason := reasonOf(err)
		if reason != Refused && reason != Unreachable || to.Addr().String() == host || try == endpointTries {
			return c, err
		}
		if poll(ctx, func() bool { return true }) != nil {
			return nil, err
		}
	}
}

// dialLoopback connects a Pod that is on the network of its node to a hostPort at the node's 127.0.0.1.
func (p *Proxy) dialLoopback(ctx context.Context, from Source, proto string, to netip.AddrPort) (net.Conn, error) {
	answer, ok := p.Network.loopbackAnswer(from.Addr.Addr(), proto, to.Port())
	if !ok {
		return nil, dialError(proto, to, Refused)
	}
	return p.Network.stream(ctx, p.Network.entry(proto, netip.AddrPort{}, answer))
}

// egress asks whether a Pod's own policies let it connect. Others have none.
func (p *Proxy) egress(ctx context.Context, proto string, from Source, to netip.AddrPort) error {
	if p.Policy == nil || !from.Addr.IsValid() {
		return nil
	}
	return persist(ctx, proto, func() error { return p.Policy.Egress(ctx, proto, from.Addr, to) })
}

// resolve finds the endpoint. What is lost on the way is tried again until the client gives up, as
// TCP sends its SYN again.
func (p *Proxy) resolve(ctx context.Context, from Source, proto, host string, port uint16) (netip.AddrPort, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		if to := netip.AddrPortFrom(ip.Unmap(), port); isDNS(to) {
			return to, nil
		}
		if NodeCIDR().Contains(ip.Unmap()) {
			if err := p.Network.waitUp(ctx, ip); err != nil {
				return netip.AddrPort{}, err
			}
		}
	}
	addr, err := p.Resolver.Resolve(ctx, from, proto, host, int(port))
	if errors.Is(err, Timeout) {
		lost := poll(ctx, func() bool {
			addr, err = p.Resolver.Resolve(ctx, from, proto, host, int(port))
			return !errors.Is(err, Timeout)
		})
		if lost != nil {
			return netip.AddrPort{}, err
		}
	}
	if err != nil {
		return netip.AddrPort{}, err
	}
	to, err := netip.ParseAddrPort(addr)
	return netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), err
}

func (p *Proxy) serveLookup(w http.ResponseWriter, r *http.Request, from Source) {
	query := r.URL.Query()
	if err := p.mayLookup(r.Context(), from); err != nil {
		writeError(w, err)
		return
	}
	answers, err := p.Resolver.Lookup(r.Context(), from, query.Get("type"), query.Get("name"))
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(lookupAnswer{Answers: answers}) // fails when the client has left
}

// dnsPatience is how long a resolver waits for its DNS: 5 s, twice (resolv.conf's timeout and attempts).
const dnsPatience = 10 * time.Second

// mayLookup asks for a query by UDP, which resolvers send again.
func (p *Proxy) mayLookup(ctx context.Context, from Source) error {
	if p.Policy == nil || !from.Addr.IsValid() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dnsPatience)
	defer cancel()
	return persist(ctx, "tcp", func() error {
		return p.Policy.Egress(ctx, "udp", from.Addr, netip.AddrPortFrom(DNSServer(), dnsPort))
	})
}

func writeError(w http.ResponseWriter, err error) {
	reason, status := reasonOf(err), http.StatusBadGateway
	if reason == Timeout {
		status = http.StatusGatewayTimeout
	}
	if reason != "" {
		w.Header().Set(ErrorHeader, string(reason))
	}
	http.Error(w, err.Error(), status)
}
