package stream

import (
	"context"
	"io"
	"sync"
	"syscall"
)

// Gate is a writer for a program that may be killed: nothing passes afterwards.
type Gate struct {
	ctx context.Context
	w   io.Writer
}

// NewGate returns w, open until ctx ends.
func NewGate(ctx context.Context, w io.Writer) io.Writer {
	if g, ok := w.(*Gate); ok && g.ctx == ctx {
		return w
	}
	return &Gate{ctx, w}
}

func (g *Gate) Write(b []byte) (int, error) {
	if g.ctx.Err() != nil {
		return 0, syscall.EPIPE
	}
	return g.w.Write(b)
}

// Locked lets several goroutines write whole pieces.
type Locked struct {
	mu sync.Mutex
	W  io.Writer
}

func (l *Locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.W.Write(b)
}

// Ungate returns the writer behind all gates.
func Ungate(w io.Writer) io.Writer {
	for {
		g, ok := w.(*Gate)
		if !ok {
			return w
		}
		w = g.w
	}
}
