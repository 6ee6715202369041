// Package stream has the readers and writers that the programs of one process share: each read and
// write can be called off, since a program that is killed must not go on eating the input of the next.
package stream

import (
	"context"
	"io"
	"sync"
)

// ContextReader is a reader whose reads can be called off.
type ContextReader interface {
	io.Reader
	ReadContext(ctx context.Context, b []byte) (int, error)
}

// Bind returns r with its reads bound to ctx, where r can do that.
func Bind(ctx context.Context, r io.Reader) io.Reader {
	if b, ok := r.(bound); ok {
		r = b.ContextReader
	}
	if c, ok := r.(ContextReader); ok {
		return bound{c, ctx}
	}
	return r
}

type bound struct {
	ContextReader
	ctx context.Context
}

func (b bound) Read(p []byte) (int, error) { return b.ReadContext(b.ctx, p) }

// Unwrap returns what Bind was given.
func Unwrap(r io.Reader) io.Reader {
	if b, ok := r.(bound); ok {
		return b.ContextReader
	}
	return r
}

// Input makes the reads of a host file cancellable: a goroutine reads ahead, one chunk at a time and
// only when somebody wants something.
type Input struct {
	src  io.Reader
	once sync.Once

	mu    sync.Mutex
	buf   []byte
	err   error
	want  chan struct{}
	ready chan struct{}
}

// NewInput returns an Input over src.
func NewInput(src io.Reader) *Input {
	return &Input{src: src, want: make(chan struct{}, 1), ready: make(chan struct{})}
}

func (i *Input) pump() {
	chunk := make([]byte, 16<<10)
	for range i.want {
		i.mu.Lock()
		full := len(i.buf) > 0 || i.err != nil
		i.mu.Unlock()
		if full {
			continue
		}
		n, err := i.src.Read(chunk)
		i.mu.Lock()
		i.buf = append(i.buf, chunk[:n]...)
		i.err = err
		close(i.ready)
		i.ready = make(chan struct{})
		i.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Read reads without a way to call it off.
func (i *Input) Read(b []byte) (int, error) { return i.ReadContext(context.Background(), b) }

// ReadContext reads what there is, waiting for at least one byte.
func (i *Input) ReadContext(ctx context.Context, b []byte) (int, error) {
	i.once.Do(func() { go i.pump() })
	for {
		i.mu.Lock()
		if len(i.buf) > 0 {
			n := copy(b, i.buf)
			i.buf = i.buf[n:]
			i.mu.Unlock()
			return n, nil
		}
		if i.err != nil {
			defer i.mu.Unlock()
			return 0, i.err
		}
		ready := i.ready
		i.mu.Unlock()
		select {
		case i.want <- struct{}{}:
		default:
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}
