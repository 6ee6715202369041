package web

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// TestWebserver is the program of the images kitten and nautilus: it serves the container's files.
func TestWebserver(ctx context.Context, t *task.Task) int {
	flags := flag.NewFlagSet("test-webserver", flag.ContinueOnError)
	flags.SetOutput(t.Err)
	port := flags.Int("port", 80, "port number")
	args := t.Args[1:]
	if len(args) == 0 || args[0] != "test-webserver" {
		t.Errorf("the sandbox's image has the command test-webserver and no other")
		return 1
	}
	if flags.Parse(args[1:]) != nil {
		return 1
	}
	return App{Addr: fmt.Sprintf(":%d", *port), Code: codeGoSignalled, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Clean("/" + r.URL.Path)
		fi, err := t.FS.Stat(name)
		if err != nil || fi.IsDir() {
			http.NotFound(w, r)
			return
		}
		f, err := t.FS.Open(name)
		if err != nil {
			http.Error(w, "403 Forbidden", http.StatusForbidden)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Type", typeByName(name))
		_, _ = io.Copy(w, f)
	})}.Run(ctx, t)
}

// typeByName is the type of a file by its ending. The host's own tables are not asked.
func typeByName(name string) string {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".htm", ".html":
		return "text/html"
	case ".txt", ".md", ".py", ".sh", ".c", ".go", ".yaml", ".yml":
		return "text/plain"
	case ".json":
		return "application/json"
	case ".js":
		return "text/javascript"
	case ".css":
		return "text/css"
	case ".png", ".gif", ".webp":
		return "image/" + ext[1:]
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".svg":
		return "image/svg+xml"
	case ".gz":
		return "application/gzip"
	case ".tar":
		return "application/x-tar"
	}
	return "application/octet-stream"
}
