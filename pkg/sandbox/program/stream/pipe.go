package stream

import (
	"context"
	"io"
	"sync"
	"syscall"
)

// pipeSize is the capacity of a pipe, as in Linux.
const pipeSize = 64 << 10

// Pipe is the pipe between two programs of a shell's pipeline.
type Pipe struct {
	mu      sync.Mutex
	buf     []byte
	changed chan struct{}
	wclosed bool
	rclosed bool
}

// NewPipe returns an empty pipe.
func NewPipe() *Pipe { return &Pipe{changed: make(chan struct{})} }

func (p *Pipe) signal() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// Read waits for data, and is io.EOF once the writing end is closed.
func (p *Pipe) Read(b []byte) (int, error) { return p.ReadContext(context.Background(), b) }

// ReadContext is Read that can be called off.
func (p *Pipe) ReadContext(ctx context.Context, b []byte) (int, error) {
	for {
		p.mu.Lock()
		if len(p.buf) > 0 {
			n := copy(b, p.buf)
			p.buf = p.buf[n:]
			p.signal()
			p.mu.Unlock()
			return n, nil
		}
		if p.wclosed {
			p.mu.Unlock()
			return 0, io.EOF
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// Write waits for room. It fails with EPIPE once the reading end is closed.
func (p *Pipe) Write(b []byte) (int, error) {
	done := 0
	for {
		p.mu.Lock()
		if p.rclosed {
			p.mu.Unlock()
			return done, syscall.EPIPE
		}
		n := min(pipeSize-len(p.buf), len(b)-done)
		p.buf = append(p.buf, b[done:done+n]...)
		done += n
		if n > 0 {
			p.signal()
		}
		changed := p.changed
		p.mu.Unlock()
		if done == len(b) {
			return done, nil
		}
		<-changed
	}
}

// CloseWrite ends the data.
func (p *Pipe) CloseWrite() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wclosed = true
	p.signal()
}

// CloseRead makes writers fail.
func (p *Pipe) CloseRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rclosed, p.buf = true, nil
	p.signal()
}
