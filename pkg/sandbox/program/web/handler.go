package web

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
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

func (x *exchange) stub() {
	active := x.n.active.Load()
	text := fmt.Sprintf("Active connections: %d \nserver accepts handled requests\n %d %d %d \nReading: 0 Writing: %d Waiting: 0 \n", active, x.n.accepted.Load(), x.n.accepted.Load(), x.n.requests.Load(), active)
	x.answer(answer{http.StatusOK, strings.ReplaceAll(text, "$", "")})
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
