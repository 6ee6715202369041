// Package web has the servers of the images: nginx, httpd, http-echo and pause. nginx reads an honest
// part of its configuration language; what it cannot do is refused at the start, never ignored.
package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// idle is how long a connection without a request is kept.
const idle = 65 * time.Second

// server is one program's listeners and the way that they end.
type server struct {
	http http.Server
	wg   sync.WaitGroup
}

// start serves h on the listeners.
func start(ctx context.Context, listeners []net.Listener, h http.Handler) *server {
	s := &server{http: http.Server{
		Handler: h, IdleTimeout: idle, ReadHeaderTimeout: 60 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    quiet(),
		ConnContext: withConn,
	}}
	for _, l := range listeners {
		s.wg.Go(func() { _ = s.http.Serve(l) })
	}
	return s
}

// stop ends at once, cutting requests; finish lets those under way be answered.
func (s *server) stop() { _ = s.http.Close(); s.wg.Wait() }

func (s *server) finish(ctx context.Context) {
	_ = s.http.Shutdown(ctx)
	s.wg.Wait()
}

// signals passes what is sent to the task's program to a channel.
func signals(t *task.Task, which ...process.Signal) <-chan process.Signal {
	ch := make(chan process.Signal, 8)
	t.Proc.Handle(func(s process.Signal) bool {
		for _, w := range which {
			if s == w {
				select {
				case ch <- s:
				default:
				}
				return true
			}
		}
		return false
	})
	return ch
}

// inUse says whether a listen failed because another program of the Pod has the port.
func inUse(err error) bool { return err != nil && strings.Contains(err.Error(), "in use") }

// clientOf returns the address of the peer without the port.
func clientOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || host == "" {
		return "127.0.0.1"
	}
	return host
}

// recorder notes what a handler answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(code int) {
	if r.status == 0 {
		r.status = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Pause does nothing until it is told to end.
func Pause(ctx context.Context, t *task.Task) int {
	if len(t.Args) > 1 && t.Args[1] == "-v" {
		t.Printf("pause.c %s\n", t.Binary.Version)
		return 0
	}
	ch := signals(t, process.TERM, process.INT)
	select {
	case s := <-ch:
		t.Printf("Shutting down, got signal: %s\n", map[process.Signal]string{process.TERM: "Terminated", process.INT: "Interrupt"}[s])
		return 0
	case <-ctx.Done():
		return task.CodeOf(ctx)
	}
}

var errConfig = errors.New("configuration is wrong")
