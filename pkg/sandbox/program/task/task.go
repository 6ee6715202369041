// Package task is what a program in a practice container gets to work with: its arguments, environment
// and streams, the container's file system, network and process table. It also starts programs.
package task

import (
	"context"
	"fmt"
	"io"
	"net"
	"path"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/stream"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/terminal"
)

// Network is the Pod's network.
type Network interface {
	Listen(ctx context.Context, network, addr string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, addr string) (net.PacketConn, error)
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	// Lookup answers a DNS question; typ is A, AAAA, SRV, PTR, CNAME and so on.
	Lookup(ctx context.Context, typ, name string) ([]string, error)
}

// Program runs until it is done or ctx ends, and returns its exit code.
type Program func(ctx context.Context, t *Task) int

// System is what all programs of one container's process share.
type System struct {
	Spec  *container.Spec
	FS    *fsys.FS
	Net   Network
	Table *process.Table
	// Find returns the program that a binary is, called by name; nil if there is none.
	Find func(b Binary, name string) Program
	Now  func() time.Time
	// Terminal is nil if the process has none.
	Terminal *terminal.Terminal
	// Life is the context of the host process: what becomes a daemon lives as long.
	Life context.Context
}

// Task is one running program.
type Task struct {
	*System
	// Args is the command line, the program's name first.
	Args []string
	// Env holds KEY=value.
	Env []string
	// Dir is the working directory.
	Dir string
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// Proc is the program's entry in the process table.
	Proc *process.Process
	// Binary is the file that was started.
	Binary Binary
}

// Name is how the program was called, without the folder.
func (t *Task) Name() string { return path.Base(t.Args[0]) }

// Path makes p absolute.
func (t *Task) Path(p string) string {
	if p == "" || strings.HasPrefix(p, "/") {
		return p
	}
	// Not path.Join: that would resolve .. before links are followed.
	return strings.TrimSuffix(t.Dir, "/") + "/" + p
}

// Getenv returns the value of a variable of the environment, or "".
func (t *Task) Getenv(key string) string { return Getenv(t.Env, key) }

// Getenv returns the last value of key in env, or "".
func Getenv(env []string, key string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if k, v, _ := strings.Cut(env[i], "="); k == key {
			return v
		}
	}
	return ""
}

// Printf writes to standard output.
func (t *Task) Printf(format string, a ...any) { fmt.Fprintf(t.Out, format, a...) }

// Errorf writes a line that begins with the program's name to standard error.
func (t *Task) Errorf(format string, a ...any) {
	fmt.Fprintf(t.Err, "%s: %s\n", t.Name(), fmt.Sprintf(format, a...))
}

// TTY returns the terminal that standard input is, or nil.
func (t *Task) TTY() *terminal.Terminal {
	if t.Terminal != nil && stream.Unwrap(t.In) == io.Reader(t.Terminal) {
		return t.Terminal
	}
	return nil
}

// OutTTY returns the terminal that standard output is, or nil.
func (t *Task) OutTTY() *terminal.Terminal {
	if t.Terminal != nil && stream.Ungate(t.Out) == t.Terminal.Output() {
		return t.Terminal
	}
	return nil
}

// Sub returns a copy of t for a program that it starts.
func (t *Task) Sub(args ...string) *Task {
	c := *t
	c.Args = args
	return &c
}
