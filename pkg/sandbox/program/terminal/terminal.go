// Package terminal is the terminal of a program that was started with one: the far end (kubectl exec
// -it) is in raw mode, there is no pseudo-terminal in between, and so the line discipline that a kernel
// has is here: echo, erasing, line ends, Ctrl-C and Ctrl-D.
package terminal

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/process"
)

const (
	ctrlC  = 0x03
	ctrlD  = 0x04
	ctrlU  = 0x15
	ctrlW  = 0x17
	ctrlBS = 0x1c // ctrl-backslash
	del    = 0x7f
)

// Terminal is a terminal over two raw streams.
type Terminal struct {
	out *output

	mu      sync.Mutex
	changed chan struct{}
	raw     []byte   // bytes for the line editor or for a program in raw mode
	lines   [][]byte // complete lines for programs that read; an empty one is a Ctrl-D, an end of file
	line    []byte   // the line under way
	isRaw   bool
	closed  bool
	lastCR  bool
	width   int
	height  int
	signal  func(process.Signal)
	early   []process.Signal // typed before anybody was there to get them
	hangup  func()

	past history
}

// New returns a terminal and starts to read from in.
func New(in io.Reader, out io.Writer) *Terminal {
	t := &Terminal{out: &output{w: out}, changed: make(chan struct{}), width: 80, height: 24}
	go t.pump(in)
	return t
}

// Output is where programs write: line feeds become carriage return and line feed.
func (t *Terminal) Output() io.Writer { return t.out }

// SetSize says how big the far end is, in characters.
func (t *Terminal) SetSize(width, height int) {
	if width < 1 || height < 1 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.width, t.height = width, height
}

// Size returns columns and lines.
func (t *Terminal) Size() (width, height int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.width, t.height
}

// OnSignal sets who gets the signals that keys send, and returns who got them before.
func (t *Terminal) OnSignal(f func(process.Signal)) (before func(process.Signal)) {
	t.mu.Lock()
	before, t.signal = t.signal, f
	early := t.early
	t.early = nil
	t.mu.Unlock()
	for _, s := range early {
		f(s)
	}
	return before
}

// OnHangup sets what is done when the far end goes away.
func (t *Terminal) OnHangup(f func()) {
	t.mu.Lock()
	t.hangup = f
	closed := t.closed
	t.mu.Unlock()
	if closed {
		f()
	}
}

func (t *Terminal) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *Terminal) pump(in io.Reader) {
	b := make([]byte, 4096)
	for {
		n, err := in.Read(b)
		t.receive(b[:n])
		if err != nil {
			t.mu.Lock()
			t.closed = true
			hangup := t.hangup
			t.wake()
			t.mu.Unlock()
			if hangup != nil {
				hangup()
			}
			return
		}
	}
}

// receive takes bytes as the far end typed them.
func (t *Terminal) receive(b []byte) {
	t.mu.Lock()
	var echo bytes.Buffer
	var signals []process.Signal
	if t.isRaw {
		t.raw = append(t.raw, b...)
	} else {
		signals = t.discipline(b, &echo)
	}
	send := t.signal
	if send == nil {
		t.early = append(t.early, signals...)
	}
	t.wake()
	t.mu.Unlock()
	if echo.Len() > 0 {
		_, _ = t.out.Write(echo.Bytes())
	}
	for _, s := range signals {
		if send != nil {
			send(s)
		}
	}
}

// discipline is what a kernel does with the keys of a terminal that is not in raw mode.
func (t *Terminal) discipline(b []byte, echo *bytes.Buffer) (signals []process.Signal) {
	for _, c := range b {
		if c == '\n' && t.lastCR {
			t.lastCR = false
			continue
		}
		t.lastCR = c == '\r'
		switch c {
		case '\r', '\n':
			t.lines = append(t.lines, append(t.line, '\n'))
			t.line = nil
			echo.WriteString("\n")
		case ctrlC, ctrlBS:
			t.line = nil
			if c == ctrlC {
				echo.WriteString("^C\n")
				signals = append(signals, process.INT)
			} else {
				echo.WriteString("^\\\n")
				signals = append(signals, process.QUIT)
			}
		case ctrlD:
			t.lines = append(t.lines, t.line)
			t.line = nil
		case del, '\b':
			if len(t.line) > 0 {
				t.line = t.line[:len(t.line)-1]
				echo.WriteString("\b \b")
			}
		case ctrlU:
			for range t.line {
				echo.WriteString("\b \b")
			}
			t.line = nil
		default:
			t.line = append(t.line, c)
			if c < ' ' && c != '\t' {
				echo.WriteByte('^')
				c += '@'
			}
			echo.WriteByte(c)
		}
	}
	return signals
}

// Read reads lines as a program that knows nothing of terminals does.
func (t *Terminal) Read(b []byte) (int, error) { return t.ReadContext(context.Background(), b) }

// ReadContext is Read that can be called off.
func (t *Terminal) ReadContext(ctx context.Context, b []byte) (int, error) {
	return t.await(ctx, func() (int, bool, error) {
		if len(t.lines) == 0 {
			return 0, false, nil
		}
		n := copy(b, t.lines[0])
		if rest := t.lines[0][n:]; len(rest) > 0 {
			t.lines[0] = rest
			return n, true, nil
		}
		t.lines = t.lines[1:]
		if n == 0 && len(b) > 0 {
			return 0, true, io.EOF
		}
		return n, true, nil
	})
}

// await calls take under the lock until it has something, the far end is gone, or ctx ends.
func (t *Terminal) await(ctx context.Context, take func() (n int, ok bool, err error)) (int, error) {
	for {
		t.mu.Lock()
		n, ok, err := take()
		closed, changed := t.closed, t.changed
		t.mu.Unlock()
		switch {
		case ok:
			return n, err
		case closed:
			return 0, io.EOF
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// Raw puts the terminal into raw mode and returns what ends it. What was typed ahead goes along.
func (t *Terminal) Raw() (restore func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.isRaw = true
	ahead := append(bytes.Join(t.lines, nil), t.line...)
	t.raw = append(bytes.ReplaceAll(ahead, []byte("\n"), []byte("\r")), t.raw...)
	t.lines, t.line = nil, nil
	return func() {
		t.mu.Lock()
		t.isRaw = false
		ahead := t.raw
		t.raw = nil
		t.mu.Unlock()
		if len(ahead) > 0 {
			t.receive(ahead)
		}
	}
}

// ReadRaw reads bytes in raw mode.
func (t *Terminal) ReadRaw(ctx context.Context, b []byte) (int, error) {
	return t.await(ctx, func() (int, bool, error) {
		n := copy(b, t.raw)
		t.raw = t.raw[n:]
		return n, n > 0, nil
	})
}

// output turns line feeds into what a terminal in raw mode needs.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.w.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// direct writes bytes as they are.
func (o *output) direct(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(b)
}
