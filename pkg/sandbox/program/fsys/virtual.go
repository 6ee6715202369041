package fsys

import (
	"bytes"
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

// node is a file, folder or link of /dev or /proc. It is its own FileInfo.
type node struct {
	name    string
	mode    fs.FileMode
	target  string // of a link
	content []byte
	entries []string
	device  string
	pipe    string // the host's path of another process's standard stream
	modTime time.Time
}

func (n *node) Name() string       { return n.name }
func (n *node) Size() int64        { return 0 }
func (n *node) Mode() fs.FileMode  { return n.mode }
func (n *node) ModTime() time.Time { return n.modTime }
func (n *node) IsDir() bool        { return n.mode.IsDir() }
func (n *node) Sys() any           { return nil }

var devices = [...]string{"fd", "full", "null", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}

// virtual returns what stands at p in /dev or /proc, or nil.
func (f *FS) virtual(p string) *node {
	switch {
	case strings.HasPrefix(p, "/dev/"):
		return device(strings.TrimPrefix(p, "/dev/"))
	case p == "/proc" || strings.HasPrefix(p, "/proc/"):
		return f.process(strings.TrimPrefix(strings.TrimPrefix(p, "/proc"), "/"))
	}
	return nil
}

func device(name string) *node {
	n := &node{name: name, mode: fs.ModeDevice | fs.ModeCharDevice | 0o666, device: name, modTime: time.Now()}
	switch name {
	case "null", "zero", "full", "random", "urandom", "tty":
		return n
	case "stdin":
		return &node{name: name, mode: fs.ModeSymlink | 0o777, target: "/dev/fd/0", modTime: n.modTime}
	case "stdout":
		return &node{name: name, mode: fs.ModeSymlink | 0o777, target: "/dev/fd/1", modTime: n.modTime}
	case "stderr":
		return &node{name: name, mode: fs.ModeSymlink | 0o777, target: "/dev/fd/2", modTime: n.modTime}
	case "fd":
		return &node{name: name, mode: fs.ModeDir | 0o555, entries: []string{"0", "1", "2"}, modTime: n.modTime}
	case "fd/0", "fd/1", "fd/2":
		n.name = path.Base(name)
		return n
	}
	return nil
}

func (f *FS) process(name string) *node {
	if f.proc == nil {
		if name == "" {
			return &node{name: "proc", mode: fs.ModeDir | 0o555, modTime: time.Now()}
		}
		return nil
	}
	if name == "self" || strings.HasPrefix(name, "self/") {
		if name == "self" {
			content, _, err := f.proc("self")
			if err != nil {
				return nil
			}
			return &node{name: name, mode: fs.ModeSymlink | 0o777, target: strings.TrimPrefix(string(content), linkMark), modTime: time.Now()}
		}
		return nil
	}
	content, entries, err := f.proc(name)
	if err != nil {
		return nil
	}
	n := &node{name: path.Base("/" + name), mode: 0o444, content: content, modTime: time.Now()}
	if name == "" {
		n.name = "proc"
	}
	if content == nil {
		n.mode, n.entries = fs.ModeDir|0o555, entries
	}
	if target, ok := strings.CutPrefix(string(content), linkMark); ok {
		n.mode, n.target = fs.ModeSymlink|0o777, target
	}
	if host, ok := strings.CutPrefix(string(content), pipeMark); ok {
		n.mode, n.device, n.pipe = fs.ModeNamedPipe|0o200, "pipe", host
	}
	return n
}

// pipeMark begins the content of what Proc wants to be a pipe that can be written to.
const pipeMark = "\x00|"

// Pipe is what Proc returns as content for the standard output of another process of the container:
// host is where the host has it.
func Pipe(host string) []byte { return []byte(pipeMark + host) }

// linkMark begins the content of what Proc wants to be a symbolic link.
const linkMark = "\x00->"

// Link is what Proc returns as content for a symbolic link to target.
func Link(target string) []byte { return []byte(linkMark + target) }

// virtualFile is an open node.
type virtualFile struct {
	n *node
	*bytes.Reader
}

func (n *node) open() (File, error) {
	if n.pipe != "" {
		return os.OpenFile(n.pipe, os.O_WRONLY, 0)
	}
	return &virtualFile{n: n, Reader: bytes.NewReader(n.content)}, nil
}

func (v *virtualFile) Stat() (fs.FileInfo, error) { return v.n, nil }
func (v *virtualFile) Close() error               { return nil }

func (v *virtualFile) Read(b []byte) (int, error) {
	switch v.n.device {
	case "":
		if v.n.IsDir() {
			return 0, syscall.EISDIR
		}
		return v.Reader.Read(b)
	case "zero", "full":
		clear(b)
		return len(b), nil
	case "random", "urandom":
		return rand.Read(b)
	}
	return 0, io.EOF
}

func (v *virtualFile) Write(b []byte) (int, error) {
	switch v.n.device {
	case "":
		return 0, syscall.EACCES
	case "full":
		return 0, syscall.ENOSPC
	}
	return len(b), nil
}
