package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// exchange is one request to nginx.
type exchange struct {
	n      *nginx
	w      *recorder
	r      *http.Request
	site   *site
	loc    *location
	uri    string // which internal redirects change
	number int64
	jumps  int
}

// maxJumps is how often a request may be redirected internally.
const maxJumps = 10

// ServeHTTP answers a request as the configuration says and logs it.
func (n *nginx) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	info := connOf(r.Context())
	if info.requests.Add(1) == 1 {
		n.accepted.Add(1)
	}
	n.requests.Add(1)
	n.active.Add(1)
	defer n.active.Add(-1)
	conf := n.conf.Load()
	host, _, _ := strings.Cut(r.Host, ":")
	x := &exchange{n: n, w: &recorder{ResponseWriter: w}, r: r, uri: path.Clean("/" + r.URL.Path), number: n.accepted.Load(), site: conf.siteFor(info.port, host)}
	if strings.HasSuffix(r.URL.Path, "/") && x.uri != "/" {
		x.uri += "/"
	}
	if x.site == nil {
		http.NotFound(w, r)
		return
	}
	x.loc = &location{settings: x.site.settings}
	w.Header().Set("Server", n.server(x.site.tokens))
	if x.site.ret != nil {
		x.answer(*x.site.ret)
	} else {
		x.route()
	}
	x.log()
}

func (n *nginx) server(tokens bool) string {
	if !tokens {
		return "nginx"
	}
	return "nginx/" + n.version
}

func (x *exchange) route() {
	x.loc = x.site.find(x.uri)
	l := x.loc
	switch {
	case l.internal && x.jumps == 0:
		x.fail(http.StatusNotFound)
	case l.ret != nil:
		x.answer(*l.ret)
	case l.stub:
		x.stub()
	case l.proxy != nil:
		x.forward()
	default:
		x.static()
	}
}

// jump continues with another path.
func (x *exchange) jump(to string) {
	if x.jumps++; x.jumps > maxJumps {
		x.errorLog("rewrite or internal redirection cycle while internally redirecting to %q", to)
		x.page(http.StatusInternalServerError)
		return
	}
	x.uri = to
	x.route()
}

func (x *exchange) answer(a answer) {
	text := x.expand(a.text)
	if a.code == 444 {
		// nginx closes the connection without an answer.
		if c, _, err := http.NewResponseController(x.w).Hijack(); err == nil {
			_ = c.Close()
		}
		x.w.status = a.code
		return
	}
	if a.code == 301 || a.code == 302 || a.code == 303 || a.code == 307 || a.code == 308 {
		x.redirect(a.code, text)
		return
	}
	if text == "" && a.code >= 300 {
		x.fail(a.code)
		return
	}
	kind := x.loc.defaultType
	if own := x.headerValue("Content-Type"); own != "" {
		kind = own
	}
	x.w.Header().Set("Content-Type", kind)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	x.addHeaders(a.code)
	x.w.WriteHeader(a.code)
	if x.r.Method != http.MethodHead {
		_, _ = io.WriteString(x.w, text)
	}
}

func (x *exchange) headerValue(name string) string {
	for _, h := range x.loc.headers {
		if strings.EqualFold(h.name, name) {
			return x.expand(h.value)
		}
	}
	return ""
}

func (x *exchange) redirect(code int, to string) {
	if strings.HasPrefix(to, "/") {
		to = "http://" + x.r.Host + to
	}
	x.w.Header().Set("Location", to)
	x.page(code)
}

// addHeaders adds what add_header says; without always only to answers that went well.
func (x *exchange) addHeaders(code int) {
	good := map[int]bool{200: true, 201: true, 204: true, 206: true, 301: true, 302: true, 303: true, 304: true, 307: true, 308: true}
	for _, h := range x.loc.headers {
		if (h.always || good[code]) && !strings.EqualFold(h.name, "Content-Type") {
			x.w.Header().Add(h.name, x.expand(h.value))
		}
	}
}

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

func (x *exchange) stub() {
	active := x.n.active.Load()
	text := fmt.Sprintf("Active connections: %d \nserver accepts handled requests\n %d %d %d \nReading: 0 Writing: %d Waiting: 0 \n", active, x.n.accepted.Load(), x.n.accepted.Load(), x.n.requests.Load(), active)
	x.answer(answer{http.StatusOK, strings.ReplaceAll(text, "$", "")})
}

// file returns the file for a path of the location.
func (x *exchange) file(uri string) string {
	if x.loc.alias != "" {
		return path.Join("/", x.loc.alias, strings.TrimPrefix(uri, x.loc.match))
	}
	root := x.expand(x.loc.root)
	if !path.IsAbs(root) {
		root = path.Join("/etc/nginx", root)
	}
	return path.Join(root, uri)
}

func (x *exchange) static() {
	if len(x.loc.tryFiles) > 0 && x.jumps < maxJumps {
		if done := x.try(); done {
			return
		}
	}
	switch x.r.Method {
	case http.MethodGet, http.MethodHead:
	default:
		x.fail(http.StatusMethodNotAllowed)
		return
	}
	name := x.file(x.uri)
	fi, err := x.n.t.FS.Stat(name)
	switch {
	case err != nil && strings.HasSuffix(x.uri, "/") && errors.Is(err, fs.ErrNotExist):
		x.errorLog("%q is not found (%s)", name+"/index.html", errno(err))
		x.fail(http.StatusNotFound)
	case err != nil:
		x.openFailed(name, err)
	case fi.IsDir() && !strings.HasSuffix(x.uri, "/"):
		x.redirect(http.StatusMovedPermanently, x.uri+"/"+query(x.r.URL))
	case fi.IsDir():
		x.folder(name)
	case strings.HasSuffix(x.uri, "/"):
		x.errorLog("%q is not a directory (20: Not a directory)", name+"/")
		x.fail(http.StatusNotFound)
	default:
		x.send(name)
	}
}

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}

// try does try_files: the first file that is there, else the last argument.
func (x *exchange) try() bool {
	list := x.loc.tryFiles
	for _, f := range list[:len(list)-1] {
		uri := x.expand(f)
		fi, err := x.n.t.FS.Stat(x.file(uri))
		if err != nil || fi.IsDir() != strings.HasSuffix(uri, "/") {
			continue
		}
		if fi.IsDir() {
			x.uri = uri
			x.folder(x.file(uri))
			return true
		}
		x.uri = uri
		x.send(x.file(uri))
		return true
	}
	last := x.expand(list[len(list)-1])
	if code, ok := strings.CutPrefix(last, "="); ok {
		n, _ := strconv.Atoi(code)
		x.fail(n)
		return true
	}
	last, _, _ = strings.Cut(last, "?")
	if last == x.uri {
		return false
	}
	x.jump(last)
	return true
}

func (x *exchange) folder(name string) {
	for _, i := range x.loc.index {
		i = x.expand(i)
		if path.IsAbs(i) {
			x.jump(i)
			return
		}
		if fi, err := x.n.t.FS.Stat(path.Join(name, i)); err == nil && !fi.IsDir() {
			// The index goes through the locations again: another one may match it.
			if next := x.site.find(path.Join(x.uri, i)); next != x.loc && x.jumps < maxJumps && next.match != "/" {
				x.jump(path.Join(x.uri, i))
				return
			}
			x.send(path.Join(name, i))
			return
		}
	}
	if x.loc.autoindex {
		x.listing(name)
		return
	}
	x.errorLog("directory index of %q is forbidden", name+"/")
	x.fail(http.StatusForbidden)
}

func (x *exchange) listing(name string) {
	entries, err := x.n.t.FS.ReadDir(name)
	if err != nil {
		x.openFailed(name, err)
		return
	}
	var b strings.Builder
	title := "Index of " + x.uri
	fmt.Fprintf(&b, "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<h1>%s</h1><hr><pre><a href=\"../\">../</a>\r\n", title, title)
	for _, e := range entries {
		n := e.Name()
		if e.IsDir() {
			n += "/"
		}
		fmt.Fprintf(&b, "<a href=\"%s\">%s</a>\r\n", url.PathEscape(n), n)
	}
	b.WriteString("</pre><hr></body>\r\n</html>\r\n")
	x.w.Header().Set("Content-Type", "text/html")
	x.addHeaders(http.StatusOK)
	_, _ = io.WriteString(x.w, b.String())
}

func (x *exchange) openFailed(name string, err error) {
	x.errorLog("open() %q failed (%s)", name, errno(err))
	if errors.Is(err, fs.ErrPermission) {
		x.fail(http.StatusForbidden)
		return
	}
	x.fail(http.StatusNotFound)
}

// send answers with a file: its type, age and tag, whole or the range asked for.
func (x *exchange) send(name string) {
	f, err := x.n.t.FS.Open(name)
	if err != nil {
		x.openFailed(name, err)
		return
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		x.openFailed(name, err)
		return
	}
	h := x.w.Header()
	h.Set("Content-Type", x.kind(name))
	h.Set("ETag", fmt.Sprintf("\"%x-%x\"", fi.ModTime().Unix(), fi.Size()))
	x.addHeaders(http.StatusOK)
	http.ServeContent(x.w, x.r, "", fi.ModTime().Truncate(time.Second), f)
}

func (x *exchange) kind(name string) string {
	ext := strings.TrimPrefix(path.Ext(name), ".")
	if k, ok := x.loc.types[strings.ToLower(ext)]; ok && ext != "" {
		return k
	}
	return x.loc.defaultType
}

// fail answers with an error, by error_page if there is one for it.
func (x *exchange) fail(code int) {
	page, ok := x.loc.errorPages[code]
	if !ok || x.jumps > 0 {
		x.page(code)
		return
	}
	if strings.HasPrefix(page.to, "http") {
		x.redirect(http.StatusFound, page.to)
		return
	}
	if !strings.HasPrefix(page.to, "/") {
		x.page(code)
		return
	}
	l := x.site.find(page.to)
	x.loc, x.uri = l, page.to
	x.jumps++
	status := code
	if page.status != 0 {
		status = page.status
	}
	if l.ret != nil || l.proxy != nil {
		x.route()
		return
	}
	b, err := x.n.t.FS.ReadFile(x.file(page.to))
	if err != nil {
		x.errorLog("open() %q failed (%s)", x.file(page.to), errno(err))
		x.page(http.StatusNotFound)
		return
	}
	x.w.Header().Set("Content-Type", x.kind(page.to))
	x.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	x.addHeaders(status)
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(b)
	}
}

// page is nginx's own answer for a status.
func (x *exchange) page(code int) {
	text := fmt.Sprintf("%d %s", code, statusText(code))
	body := fmt.Sprintf("<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n<hr><center>%s</center>\r\n</body>\r\n</html>\r\n", text, text, x.n.server(x.site.tokens))
	h := x.w.Header()
	h.Del("ETag")
	h.Set("Content-Type", "text/html")
	if code == http.StatusNoContent || code == http.StatusNotModified {
		body = ""
		h.Del("Content-Type")
	} else {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	x.addHeaders(code)
	x.w.WriteHeader(code)
	if x.r.Method != http.MethodHead && body != "" {
		_, _ = io.WriteString(x.w, body)
	}
}

func statusText(code int) string {
	switch code {
	case 405:
		return "Not Allowed"
	case 503:
		return "Service Temporarily Unavailable"
	case 504:
		return "Gateway Time-out"
	case 408:
		return "Request Time-out"
	case 302:
		return "Found"
	}
	return http.StatusText(code)
}

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

func (x *exchange) name() string {
	if len(x.site.names) > 0 {
		return x.site.names[0]
	}
	return ""
}

func (x *exchange) line() string { return x.r.Method + " " + x.r.RequestURI + " " + x.r.Proto }

func (x *exchange) report(format string, a ...any) {
	x.n.log.from(x.n.log.worker, "error", "*%d "+format, append([]any{x.number}, a...)...)
}

func (x *exchange) errorLog(format string, a ...any) {
	x.report("%s, client: %s, server: %s, request: \"%s\", host: \"%s\"", fmt.Sprintf(format, a...), clientOf(x.r), x.name(), x.line(), x.r.Host)
}

// log writes the access log in the combined format and what the image adds to it.
func (x *exchange) log() {
	if !x.loc.accessLog {
		return
	}
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	user, _, _ := x.r.BasicAuth()
	status := x.w.status
	if status == 0 {
		status = http.StatusOK
	}
	line := fmt.Sprintf("%s - %s [%s] \"%s\" %d %d \"%s\" \"%s\" \"%s\"\n", clientOf(x.r), dash(user), x.n.t.Now().UTC().Format("02/Jan/2006:15:04:05 +0000"), x.line(), status, x.w.bytes,
		dash(x.r.Referer()), dash(x.r.UserAgent()), dash(x.r.Header.Get("X-Forwarded-For")))
	f, err := x.n.t.OpenFile("/var/log/nginx/access.log", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		_, _ = io.WriteString(x.n.t.Out, line)
		return
	}
	_, _ = f.Write([]byte(line))
	_ = f.Close()
}
