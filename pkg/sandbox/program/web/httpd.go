package web

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const (
	apacheRoot = "/usr/local/apache2"
	apacheConf = apacheRoot + "/conf/httpd.conf"
)

// apache is one running httpd.
type apache struct {
	t       *task.Task
	version string
	ports   []int
	docs    string
	index   []string
	name    string
	headers []header
}

// Httpd is the program httpd of the Apache project.
func Httpd(ctx context.Context, t *task.Task) int {
	a := &apache{t: t, version: t.Binary.Version, docs: apacheRoot + "/htdocs", index: []string{"index.html"}}
	file, test := apacheConf, false
	args := t.Args[1:]
	for len(args) > 0 {
		o := args[0]
		args = args[1:]
		switch {
		case o == "-v" || o == "-V":
			t.Printf("Server version: Apache/%s (Unix)\n", a.version)
			return 0
		case o == "-t" || o == "configtest":
			test = true
		case o == "-f" && len(args) > 0:
			file, args = args[0], args[1:]
		case (o == "-D" || o == "-k" || o == "-c" || o == "-C" || o == "-e") && len(args) > 0:
			args = args[1:]
		case strings.HasPrefix(o, "-D"), o == "-X":
		default:
			fmt.Fprintf(t.Err, "Usage: httpd [-D name] [-f file] [-k start|restart|graceful|stop] [-v] [-t]\n")
			return 1
		}
	}
	if err := a.read(file); err != nil {
		fmt.Fprintln(t.Err, err)
		return 1
	}
	if a.name == "" {
		fmt.Fprintf(t.Err, "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using %s. Set the 'ServerName' directive globally to suppress this message\n", t.Spec.PodIP)
	}
	if test {
		fmt.Fprintln(t.Err, "Syntax OK")
		return 0
	}
	return a.serve(ctx)
}

// apacheIgnored are directives that change nothing that can be seen here.
const apacheIgnored = ` serverroot loadmodule user group serveradmin errorlog loglevel logformat customlog timeout keepalive keepalivetimeout maxkeepaliverequests
allowoverride require options order allow deny include includeoptional typesconfig addtype mimemagicfile pidfile startservers minsparethreads maxsparethreads
threadsperchild maxrequestworkers maxconnectionsperchild minspareservers maxspareservers serverlimit threadlimit enablesendfile enablemmap servertokens serversignature
usecanonicalname hostnamelookups scriptalias scriptsock adddefaultcharset requestheader protocols traceenable mutex accessfilename addencoding addhandler sslrandomseed sslsessioncache `

// read takes what it knows of httpd.conf.
func (a *apache) read(file string) error {
	b, err := a.t.FS.ReadFile(a.t.Path(file))
	if err != nil {
		return fmt.Errorf("httpd: Could not open configuration file %s: %s", file, strings.TrimLeft(errno(err), "0123456789: "))
	}
	for i, line := range strings.Split(string(b), "\n") {
		f := apacheFields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") || strings.HasPrefix(f[0], "<") {
			continue
		}
		if err := a.directive(f); err != nil {
			return fmt.Errorf("AH00526: Syntax error on line %d of %s:\n%w", i+1, file, err)
		}
	}
	if len(a.ports) == 0 {
		return errors.New("(22)Invalid argument: AH00072: make_sock: could not find a port to listen on\nno listening sockets available, shutting down")
	}
	return nil
}

// apacheFields splits a line at white space outside of quotes.
func apacheFields(line string) []string {
	var out []string
	for {
		line = strings.TrimSpace(line)
		if line == "" {
			return out
		}
		if line[0] == '"' {
			if end := strings.IndexByte(line[1:], '"'); end >= 0 {
				out = append(out, line[1:end+1])
				line = line[end+2:]
				continue
			}
		}
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		out = append(out, line[:end])
		line = line[end:]
	}
}

func (a *apache) directive(f []string) error {
	name := strings.ToLower(f[0])
	if listed(apacheIgnored, name) {
		return nil
	}
	if len(f) < 2 {
		return fmt.Errorf("%s takes at least one argument", f[0])
	}
	switch name {
	case "listen":
		port, err := strconv.Atoi(f[1][strings.LastIndex(f[1], ":")+1:])
		if err != nil || port < 1 || port > 65535 {
			return errors.New("Port must be specified") //nolint:staticcheck // httpd's own words
		}
		a.ports = append(a.ports, port)
	case "documentroot":
		if fi, err := a.t.FS.Stat(f[1]); err != nil || !fi.IsDir() {
			return fmt.Errorf("DocumentRoot '%s' is not a directory, or is not readable", f[1])
		}
		a.docs = f[1]
	case "directoryindex":
		a.index = f[1:]
	case "servername":
		a.name = f[1]
	case "header":
		if len(f) == 4 && (strings.EqualFold(f[1], "set") || strings.EqualFold(f[1], "add")) {
			a.headers = append(a.headers, header{name: f[2], value: f[3]})
		}
	default:
		return fmt.Errorf("Invalid command '%s', perhaps misspelled or defined by a module not included in the server configuration", f[0]) //nolint:staticcheck // httpd's own words
	}
	return nil
}

func (a *apache) serve(ctx context.Context) int {
	ch := signals(a.t, process.TERM, process.INT, process.QUIT, process.HUP, process.USR1, process.WINCH)
	var open []net.Listener
	for _, p := range a.ports {
		l, err := a.t.Net.Listen(ctx, "tcp", fmt.Sprintf(":%d", p))
		if err != nil {
			why := fmt.Sprintf("(22)Invalid argument: AH00072: make_sock: could not bind to address 0.0.0.0:%d", p)
			if inUse(err) {
				why = fmt.Sprintf("(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:%d", p)
			}
			fmt.Fprintf(a.t.Err, "%s\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n", why)
			return 1
		}
		defer l.Close()
		open = append(open, l)
	}
	a.log("mpm_event", "notice", "AH00489: Apache/%s (Unix) configured -- resuming normal operations", a.version)
	a.log("core", "notice", "AH00094: Command line: 'httpd -D FOREGROUND'")
	_ = a.t.FS.WriteFile(apacheRoot+"/logs/httpd.pid", fmt.Appendf(nil, "%d\n", a.t.Proc.PID), 0o644)
	s := start(ctx, open, a)
	for {
		select {
		case <-ctx.Done():
			return task.CodeOf(ctx)
		case sig := <-ch:
			switch sig {
			case process.HUP, process.USR1:
				a.log("mpm_event", "notice", "AH00493: SIG%s received.  Doing graceful restart", sig)
				continue
			case process.WINCH, process.QUIT:
				a.log("mpm_event", "notice", "AH00492: caught SIGWINCH, shutting down gracefully")
				s.finish(ctx)
			default:
				s.stop()
				a.log("mpm_event", "notice", "AH00491: caught SIGTERM, shutting down")
			}
			return 0
		}
	}
}

func (a *apache) log(module, level, format string, args ...any) {
	fmt.Fprintf(a.t.Err, "[%s] [%s:%s] [pid %d:tid %d] %s\n", a.t.Now().UTC().Format("Mon Jan 02 15:04:05.000000 2006"), module, level, a.t.Proc.PID, a.t.Proc.PID, fmt.Sprintf(format, args...))
}

// ServeHTTP answers from the document root.
func (a *apache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	h := w.Header()
	h.Set("Server", fmt.Sprintf("Apache/%s (Unix)", a.version))
	for _, x := range a.headers {
		h.Set(x.name, x.value)
	}
	a.answer(rec, r)
	size := strconv.FormatInt(rec.bytes, 10)
	if rec.bytes == 0 {
		size = "-"
	}
	status := rec.status
	if status == 0 {
		status = http.StatusOK
	}
	user := "-"
	if u, _, ok := r.BasicAuth(); ok && u != "" {
		user = u
	}
	fmt.Fprintf(a.t.Out, "%s - %s [%s] \"%s %s %s\" %d %s\n", clientOf(r), user, a.t.Now().UTC().Format("02/Jan/2006:15:04:05 +0000"), r.Method, r.RequestURI, r.Proto, status, size)
}

func (a *apache) answer(w *recorder, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	case http.MethodOptions:
		w.Header().Set("Allow", "HEAD,GET,POST,OPTIONS,TRACE")
		w.WriteHeader(http.StatusOK)
		return
	default:
		w.Header().Set("Allow", "HEAD,GET,POST,OPTIONS,TRACE")
		a.page(w, r, http.StatusMethodNotAllowed, "Method Not Allowed", fmt.Sprintf("The requested method %s is not allowed for this URL.", html.EscapeString(r.Method)))
		return
	}
	clean := path.Clean("/" + r.URL.Path)
	name := path.Join(a.docs, clean)
	fi, err := a.t.FS.Stat(name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		a.forbidden(w, r)
	case err != nil:
		a.page(w, r, http.StatusNotFound, "Not Found", "The requested URL was not found on this server.")
	case fi.IsDir() && !strings.HasSuffix(r.URL.Path, "/"):
		to := "http://" + r.Host + clean + "/"
		w.Header().Set("Location", to)
		a.page(w, r, http.StatusMovedPermanently, "Moved Permanently", fmt.Sprintf("The document has moved <a href=\"%s\">here</a>.", html.EscapeString(to)))
	case fi.IsDir():
		for _, i := range a.index {
			if x, err := a.t.FS.Stat(path.Join(name, i)); err == nil && !x.IsDir() {
				a.send(w, r, path.Join(name, i))
				return
			}
		}
		a.listing(w, r, name, clean)
	default:
		a.send(w, r, name)
	}
}

func (a *apache) forbidden(w *recorder, r *http.Request) {
	a.log("core", "error", "[client %s] AH00132: file permissions deny server access: %s", r.RemoteAddr, path.Join(a.docs, r.URL.Path))
	a.page(w, r, http.StatusForbidden, "Forbidden", "You don't have permission to access this resource.")
}

func (a *apache) send(w *recorder, r *http.Request, name string) {
	f, err := a.t.FS.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		a.forbidden(w, r)
		return
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		a.forbidden(w, r)
		return
	}
	h := w.Header()
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	if k := apacheType(ext); k != "" {
		h.Set("Content-Type", k)
	} else {
		// Apache sends no type for what it does not know; a nil value keeps package http from guessing.
		h["Content-Type"] = nil
	}
	h.Set("ETag", fmt.Sprintf("\"%x-%x\"", fi.Size(), fi.ModTime().UnixMicro()))
	http.ServeContent(w, r, "", fi.ModTime().Truncate(time.Second), f)
}

func apacheType(ext string) string {
	return map[string]string{"html": "text/html", "htm": "text/html", "css": "text/css", "txt": "text/plain", "xml": "application/xml", "js": "text/javascript", "json": "application/json",
		"png": "image/png", "gif": "image/gif", "jpg": "image/jpeg", "jpeg": "image/jpeg", "svg": "image/svg+xml", "ico": "image/x-icon", "pdf": "application/pdf", "zip": "application/zip"}[ext]
}

func (a *apache) listing(w *recorder, r *http.Request, name, clean string) {
	entries, err := a.t.FS.ReadDir(name)
	if err != nil {
		a.forbidden(w, r)
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html>\n <head>\n  <title>Index of %s</title>\n </head>\n <body>\n<h1>Index of %s</h1>\n<ul>", html.EscapeString(clean), html.EscapeString(clean))
	for _, e := range entries {
		n := e.Name()
		if strings.HasPrefix(n, ".") {
			continue
		}
		if e.IsDir() {
			n += "/"
		}
		fmt.Fprintf(&b, "<li><a href=\"%s\"> %s</a></li>\n", html.EscapeString(n), html.EscapeString(n))
	}
	b.WriteString("</ul>\n</body></html>\n")
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	_, _ = io.WriteString(w, b.String())
}

// page is Apache's own answer for a status.
func (a *apache) page(w *recorder, r *http.Request, code int, title, text string) {
	body := fmt.Sprintf("<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>%d %s</title>\n</head><body>\n<h1>%s</h1>\n<p>%s</p>\n</body></html>\n", code, title, title, text)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=iso-8859-1")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, body)
	}
}
