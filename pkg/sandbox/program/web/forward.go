package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// forward is proxy_pass.
func (x *exchange) forward() {
	l := x.loc
	to := *l.proxy
	target := x.uri
	if x.jumps == 0 {
		target = x.r.URL.EscapedPath()
	}
	if l.proxyPath && l.re == nil {
		target = l.proxy.Path + strings.TrimPrefix(target, l.match)
	}
	if u, err := url.Parse(target); err == nil {
		to.Path, to.RawPath = u.Path, u.RawPath
	}
	to.RawQuery = x.r.URL.RawQuery
	addr := x.upstream(&to)
	req, err := http.NewRequestWithContext(x.r.Context(), x.r.Method, to.String(), x.r.Body)
	if err != nil {
		x.fail(http.StatusBadRequest)
		return
	}
	req.ContentLength = x.r.ContentLength
	req.Header = x.r.Header.Clone()
	req.Header.Del("Connection")
	req.Host = l.proxy.Host
	for _, h := range l.proxyHeader {
		v := x.expand(h.value)
		if strings.EqualFold(h.name, "Host") {
			req.Host = v
		} else if v != "" {
			req.Header.Set(h.name, v)
		}
	}
	tr := &http.Transport{DisableKeepAlives: true, DisableCompression: true, ResponseHeaderTimeout: 60 * time.Second,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
			defer cancel()
			return x.n.t.Net.DialContext(ctx, network, addr)
		}}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		x.upstreamFailed(err, addr, to.RequestURI())
		return
	}
	defer resp.Body.Close()
	h := x.w.Header()
	for k, v := range resp.Header {
		if k != "Server" && k != "Connection" && k != "Date" {
			h[k] = v
		}
	}
	if _, ok := l.errorPages[resp.StatusCode]; !ok || resp.StatusCode < 300 {
		x.addHeaders(resp.StatusCode)
	}
	x.w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(x.w, resp.Body)
}

// upstream picks the address to connect to.
func (x *exchange) upstream(to *url.URL) string {
	if list := x.n.conf.Load().upstreams[to.Host]; len(list) > 0 {
		return list[int(x.n.turn.Add(1)-1)%len(list)]
	}
	if to.Port() == "" {
		return net.JoinHostPort(to.Hostname(), "80")
	}
	return to.Host
}

func (x *exchange) upstreamFailed(err error, addr, uri string) {
	text, code := "no live upstreams while connecting to upstream", http.StatusBadGateway
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns):
		text = fmt.Sprintf("%s could not be resolved (3: Host not found)", dns.Name)
	case strings.Contains(err.Error(), "refused"):
		text = "connect() failed (111: Connection refused) while connecting to upstream"
	case errors.As(err, &timeout) && timeout.Timeout():
		text, code = "upstream timed out (110: Connection timed out) while connecting to upstream", http.StatusGatewayTimeout
	case errors.Is(err, io.EOF):
		text = "upstream prematurely closed connection while reading response header from upstream"
	}
	x.report("%s, client: %s, server: %s, request: \"%s\", upstream: \"http://%s%s\", host: \"%s\"", text, clientOf(x.r), x.name(), x.line(), addr, uri, x.r.Host)
	x.fail(code)
}
