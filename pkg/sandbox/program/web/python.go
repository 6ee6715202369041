package web

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

const pythonOnly = "this python can do -m http.server only: the sandbox has no Python. For an image that runs your own code make a cluster of another kind: " + plugin.Command + " cluster create --provider kind"

// pyServer is http.server of Python.
type pyServer struct {
	t    *task.Task
	dir  string
	bind string
	port int
}

// Python is the program python3, of which there is python3 -m http.server.
func Python(ctx context.Context, t *task.Task) int {
	args := t.Args[1:]
	for len(args) > 0 && (args[0] == "-u" || args[0] == "-B" || args[0] == "-I") {
		args = args[1:]
	}
	switch {
	case len(args) == 1 && (args[0] == "-V" || args[0] == "--version"):
		t.Printf("Python %s\n", t.Binary.Version)
		return 0
	case len(args) < 2 || args[0] != "-m" || args[1] != "http.server":
		t.Errorf("%s", pythonOnly)
		return 1
	}
	s := &pyServer{t: t, dir: t.Dir, bind: "0.0.0.0", port: 8000}
	if !s.options(args[2:]) {
		return 2
	}
	return App{
		Addr: s.bind + ":" + strconv.Itoa(s.port), Handler: s, Code: 143,
		Hello: func() {
			t.Printf("Serving HTTP on %s port %d (http://%s:%d/) ...\n", s.bind, s.port, s.bind, s.port)
		},
	}.Run(ctx, t)
}

// options reads [-b ADDRESS] [-d DIRECTORY] [port].
func (s *pyServer) options(args []string) bool {
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		name, value, has := strings.Cut(word, "=")
		switch name {
		case "-b", "--bind", "-d", "--directory", "-p", "--protocol":
			if !has {
				if len(args) == 0 {
					return s.usage("argument %s: expected one argument", name)
				}
				value, args = args[0], args[1:]
			}
			switch strings.TrimLeft(name, "-")[0] {
			case 'b':
				s.bind = value
			case 'd':
				s.dir = s.t.Path(value)
			}
		default:
			n, err := strconv.Atoi(word)
			if strings.HasPrefix(word, "-") {
				return s.usage("unrecognized arguments: %s", word)
			}
			if err != nil || n < 1 || n > 65535 {
				return s.usage("argument port: invalid int value: '%s'", word)
			}
			s.port = n
		}
	}
	return true
}

func (s *pyServer) usage(format string, a ...any) bool {
	fmt.Fprintf(s.t.Err, "usage: server.py [-h] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]\nserver.py: error: %s\n", fmt.Sprintf(format, a...))
	return false
}

func (s *pyServer) log(r *http.Request, format string, a ...any) {
	fmt.Fprintf(s.t.Err, "%s - - [%s] %s\n", clientOf(r), s.t.Now().UTC().Format("02/Jan/2006 15:04:05"), fmt.Sprintf(format, a...))
}

// ServeHTTP answers with a file, a folder's index.html or a list of the folder.
func (s *pyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "SimpleHTTP/0.6 Python/"+s.t.Binary.Version)
	code := s.answer(w, r)
	if code >= http.StatusBadRequest {
		text := map[int]string{http.StatusNotFound: "File not found", http.StatusNotImplemented: "Unsupported method ('" + r.Method + "')"}[code]
		s.log(r, "code %d, message %s", code, text)
		w.Header().Set("Content-Type", "text/html;charset=utf-8")
		w.WriteHeader(code)
		fmt.Fprintf(w, "<!DOCTYPE HTML>\n<html lang=\"en\">\n<head><title>Error response</title></head>\n<body>\n<h1>Error response</h1>\n<p>Error code: %d</p>\n<p>Message: %s.</p>\n</body>\n</html>\n", code, text)
	}
	s.log(r, "\"%s %s %s\" %d -", r.Method, r.RequestURI, r.Proto, code)
}

// answer writes what there is, or returns the code of an error and has written nothing.
func (s *pyServer) answer(w http.ResponseWriter, r *http.Request) int {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return http.StatusNotImplemented
	}
	name := path.Join(s.dir, path.Clean("/"+r.URL.Path))
	fi, err := s.t.FS.Stat(name)
	if err != nil {
		return http.StatusNotFound
	}
	if fi.IsDir() {
		if !strings.HasSuffix(r.URL.Path, "/") {
			w.Header().Set("Location", r.URL.Path+"/")
			w.WriteHeader(http.StatusMovedPermanently)
			return http.StatusMovedPermanently
		}
		index := path.Join(name, "index.html")
		if _, err := s.t.FS.Stat(index); err != nil {
			return s.list(w, r, name)
		}
		name = index
	}
	f, err := s.t.FS.Open(name)
	if err != nil {
		return http.StatusNotFound
	}
	defer f.Close()
	w.Header().Set("Content-Type", typeByName(name))
	_, _ = io.Copy(w, f)
	return http.StatusOK
}

func (s *pyServer) list(w http.ResponseWriter, r *http.Request, dir string) int {
	entries, err := s.t.FS.ReadDir(dir)
	if err != nil {
		return http.StatusNotFound
	}
	var names []string
	for _, e := range entries {
		n := e.Name()
		if e.IsDir() {
			n += "/"
		}
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	title := "Directory listing for " + html.EscapeString(r.URL.Path)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!DOCTYPE HTML>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n</head>\n<body>\n<h1>%s</h1>\n<hr>\n<ul>\n", title, title)
	for _, n := range names {
		fmt.Fprintf(w, "<li><a href=\"%s\">%s</a></li>\n", (&url.URL{Path: n}).String(), html.EscapeString(n))
	}
	fmt.Fprint(w, "</ul>\n<hr>\n</body>\n</html>\n")
	return http.StatusOK
}
