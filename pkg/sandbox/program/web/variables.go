package web

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// expand replaces the variables of nginx that there are here.
func (x *exchange) expand(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' {
			out.WriteByte(text[i])
			continue
		}
		j := i + 1
		braced := j < len(text) && text[j] == '{'
		if braced {
			j++
		}
		start := j
		for j < len(text) && (text[j] == '_' || text[j] >= 'a' && text[j] <= 'z' || text[j] >= '0' && text[j] <= '9') {
			j++
		}
		v, ok := x.variable(text[start:j])
		if !ok {
			out.WriteByte('$')
			continue
		}
		out.WriteString(v)
		if braced && j < len(text) {
			j++
		}
		i = j - 1
	}
	return out.String()
}

func (x *exchange) variable(name string) (string, bool) {
	r := x.r
	host, _, _ := strings.Cut(r.Host, ":")
	switch name {
	case "host":
		return host, true
	case "http_host":
		return r.Host, true
	case "hostname":
		return x.n.t.Spec.Hostname, true
	case "uri", "document_uri":
		return x.uri, true
	case "request_uri":
		return r.RequestURI, true
	case "request_method":
		return r.Method, true
	case "request":
		return r.Method + " " + r.RequestURI + " " + r.Proto, true
	case "args", "query_string":
		return r.URL.RawQuery, true
	case "is_args":
		if r.URL.RawQuery != "" {
			return "?", true
		}
		return "", true
	case "remote_addr":
		return clientOf(r), true
	case "remote_port":
		_, port, _ := net.SplitHostPort(r.RemoteAddr)
		return port, true
	case "server_addr":
		return x.n.t.Spec.PodIP, true
	case "server_port":
		return strconv.Itoa(connOf(r.Context()).port), true
	case "server_name":
		if len(x.site.names) > 0 {
			return x.site.names[0], true
		}
		return "", true
	case "server_protocol":
		return r.Proto, true
	case "scheme":
		return "http", true
	case "nginx_version":
		return x.n.version, true
	case "pid":
		return strconv.Itoa(x.n.log.worker), true
	case "msec":
		return fmt.Sprintf("%.3f", float64(x.n.t.Now().UnixMilli())/1000), true
	case "time_iso8601":
		return x.n.t.Now().UTC().Format("2006-01-02T15:04:05+00:00"), true
	case "time_local":
		return x.n.t.Now().UTC().Format("02/Jan/2006:15:04:05 +0000"), true
	case "status":
		return strconv.Itoa(x.w.status), true
	case "document_root":
		return x.loc.root, true
	case "connection":
		return strconv.FormatInt(x.number, 10), true
	case "proxy_add_x_forwarded_for":
		if f := r.Header.Get("X-Forwarded-For"); f != "" {
			return f + ", " + clientOf(r), true
		}
		return clientOf(r), true
	case "proxy_host":
		if x.loc.proxy != nil {
			return x.loc.proxy.Host, true
		}
		return "", true
	}
	if h, ok := strings.CutPrefix(name, "http_"); ok {
		return r.Header.Get(strings.ReplaceAll(h, "_", "-")), true
	}
	if a, ok := strings.CutPrefix(name, "arg_"); ok {
		return r.URL.Query().Get(a), true
	}
	return "", false
}
