package podnet

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
)

// forward answers a plain HTTP request to a proxy. Each has a connection of its own, so that
// requests spread over the endpoints of a Service.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, from Source) {
	if r.URL.Scheme != "http" {
		http.Error(w, "only http:// is forwarded; use CONNECT for the rest", http.StatusBadRequest)
		return
	}
	transport := &http.Transport{
		DisableKeepAlives:  true,
		DisableCompression: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return p.dial(ctx, from, network, addr)
		},
	}
	proxy := httputil.ReverseProxy{
		Rewrite:      func(*httputil.ProxyRequest) {},
		Transport:    transport,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { writeError(w, err) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	proxy.ServeHTTP(w, r)
}
