package web

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

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
