package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// small is the httpd of busybox: it serves the files of a folder, and reads no configuration.
type small struct {
	t       *task.Task
	home    string
	listen  string
	verbose bool
	stay    bool // in the foreground
}

// BusyboxHttpd is the program httpd of busybox.
func BusyboxHttpd(ctx context.Context, t *task.Task) int {
	s := &small{t: t, home: t.Dir, listen: ":80"}
	if !s.options(t.Args[1:]) {
		fmt.Fprintf(t.Err, "BusyBox v%s multi-call binary.\n\nUsage: httpd [-ifv[v]] [-p [IP:]PORT] [-h HOME]\n", t.Binary.Version)
		return 1
	}
	if fi, err := t.FS.Stat(s.home); err != nil || !fi.IsDir() {
		fmt.Fprintf(t.Err, "httpd: can't change directory to '%s': No such file or directory\n", s.home)
		return 1
	}
	l, err := t.Net.Listen(ctx, "tcp", s.listen)
	if err != nil {
		why := err.Error()
		if inUse(err) {
			why = "Address already in use"
		}
		fmt.Fprintf(t.Err, "httpd: bind: %s\n", why)
		return 1
	}
	if s.stay {
		return s.serve(ctx, l)
	}
	// The daemon listens for itself: this listener ends with the command.
	_ = l.Close()
	if err := t.Daemon(func(ctx context.Context, t *task.Task) int {
		l, err := t.Net.Listen(ctx, "tcp", s.listen)
		if err != nil {
			return 1
		}
		return s.serve(ctx, l)
	}); err != nil {
		fmt.Fprintf(t.Err, "httpd: %v\n", err)
		return 1
	}
	return 0
}

// options reads -f, -v, -p [IP:]PORT and -h HOME, in one word or in two.
func (s *small) options(args []string) bool {
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		if len(word) < 2 || word[0] != '-' {
			return false
		}
		for i := 1; i < len(word); i++ {
			switch c := word[i]; c {
			case 'f':
				s.stay = true
			case 'v':
				s.verbose = true
			case 'p', 'h':
				value := word[i+1:]
				if value == "" {
					if len(args) == 0 {
						return false
					}
					value, args = args[0], args[1:]
				}
				s.set(c, value)
				i = len(word)
			default:
				return false
			}
		}
	}
	return true
}

func (s *small) set(option byte, value string) {
	if option == 'h' {
		s.home = s.t.Path(value)
		return
	}
	if s.listen = value; !strings.Contains(value, ":") {
		s.listen = ":" + value
	}
}

func (s *small) serve(ctx context.Context, l net.Listener) int {
	server := start(ctx, []net.Listener{l}, s)
	<-ctx.Done()
	server.stop()
	return task.CodeOf(ctx)
}

// ServeHTTP answers with a file of the folder.
func (s *small) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	code := s.answer(w, r)
	if code != http.StatusOK {
		text := http.StatusText(code)
		detail := map[int]string{http.StatusNotFound: "The requested URL was not found", http.StatusNotImplemented: "The requested method is not recognized"}[code]
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprintf(w, "<HTML><HEAD><TITLE>%d %s</TITLE></HEAD>\n<BODY><H1>%d %s</H1>\n%s\n</BODY></HTML>\n", code, text, code, text, detail)
	}
	if s.verbose {
		fmt.Fprintf(s.t.Err, "[::ffff:%s]: response:%d\n", clientOf(r), code)
	}
}

// answer writes the file, or returns another code than 200 and has written headers alone.
func (s *small) answer(w http.ResponseWriter, r *http.Request) int {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return http.StatusNotImplemented
	}
	name := path.Join(s.home, path.Clean("/"+r.URL.Path))
	fi, err := s.t.FS.Stat(name)
	if err == nil && fi.IsDir() {
		if !strings.HasSuffix(r.URL.Path, "/") {
			w.Header().Set("Location", r.URL.Path+"/")
			return http.StatusFound
		}
		name = path.Join(name, "index.html")
	}
	f, err := s.t.FS.Open(name)
	if err != nil {
		return http.StatusNotFound
	}
	defer f.Close()
	kind := map[string]string{".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".css": "text/css", ".js": "application/javascript"}[path.Ext(name)]
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, f)
	}
	return http.StatusOK
}
