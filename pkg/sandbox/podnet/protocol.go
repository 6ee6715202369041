package podnet

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
)

// The language between a Stack and its node's Proxy is that of an HTTP proxy, with these headers.
// The API server's egress selector (HTTPConnect) and curl --proxy speak it without them.
const (
	// NamespaceHeader is the namespace of the Pod that asks. Instead of it, the user name of basic
	// proxy authorization is taken, so that a URL can hold it: http://NAMESPACE@127.0.0.1:8080.
	NamespaceHeader = "Podnet-Namespace"
	// SourceHeader is the Pod's address and port.
	SourceHeader = "Podnet-Source"
	// NetworkHeader is udp where the stream carries frames of datagrams.
	NetworkHeader = "Podnet-Network"
	// TicketHeader is the ticket for a connection of a Pod with itself.
	TicketHeader = "Podnet-Ticket"
	// ErrorHeader is the Reason, in an answer that is not 200.
	ErrorHeader = "Podnet-Error"

	lookupPath = "/dns"
)

// lookupAnswer is the body of an answer to GET /dns?type=&name=.
type lookupAnswer struct {
	Answers []string `json:"answers"`
}

func writeSource(h http.Header, from Source, proto string) {
	h.Set(NamespaceHeader, from.Namespace)
	h.Set(NetworkHeader, proto)
	if from.Addr.IsValid() {
		h.Set(SourceHeader, from.Addr.String())
	}
}

// readSource reads the headers, and takes them away: they are for the proxy.
func readSource(h http.Header) (from Source, proto string) {
	from.Namespace = h.Get(NamespaceHeader)
	if from.Namespace == "" {
		from.Namespace = basicUser(h.Get("Proxy-Authorization"))
	}
	if from.Namespace == "" {
		from.Namespace = "default"
	}
	from.Addr, _ = netip.ParseAddrPort(h.Get(SourceHeader))
	proto = "tcp"
	if h.Get(NetworkHeader) == "udp" {
		proto = "udp"
	}
	for _, name := range []string{NamespaceHeader, SourceHeader, NetworkHeader, "Proxy-Authorization"} {
		h.Del(name)
	}
	return from, proto
}

func basicUser(authorization string) string {
	coded, ok := strings.CutPrefix(authorization, "Basic ")
	if !ok {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return ""
	}
	user, _, _ := strings.Cut(string(b), ":")
	return user
}
