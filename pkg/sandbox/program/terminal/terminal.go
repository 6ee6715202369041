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
	raw     []byte // bytes for the line editor or for a program in raw mode
	lines   []byte // complete lines for programs that read
	line    []byte // the line under way
	isRaw   bool
	eofs    int // Ctrl-D on an empty line, each read as one end of file
	closed  bool
	lastCR  bool
	width   int
	height  int
	signal  func(process.Signal)

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
	defer t.mu.Unlock()
	before, t.signal = t.signal, f
	return before
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
			t.wake()
			t.mu.Unlock()
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
			t.lines = append(append(t.lines, t.line...), '\n')
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
			if len(t.line) == 0 {
				t.eofs++
			}
			t.lines = append(t.lines, t.line...)
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
	return t.take(ctx, b, false)
}

func (t *Terminal) take(ctx context.Context, b []byte, raw bool) (int, error) {
	for {
		t.mu.Lock()
		from := &t.lines
		if raw {
			from = &t.raw
		}
		if len(*from) > 0 {
			n := copy(b, *from)
			if i := bytes.IndexByte((*from)[:n], '\n'); !raw && i >= 0 {
				n = i + 1
			}
			*from = (*from)[n:]
			t.mu.Unlock()
			return n, nil
		}
		if t.eofs > 0 && !raw {
			t.eofs--
			t.mu.Unlock()
			return 0, io.EOF
		}
		if t.closed {
			t.mu.Unlock()
			return 0, io.EOF
		}
		changed := t.changed
		t.mu.Unlock()
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
	ahead := bytes.ReplaceAll(append(t.lines, t.line...), []byte("\n"), []byte("\r"))
	t.raw = append(ahead, t.raw...)
	t.lines, t.line, t.eofs = nil, nil, 0
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
func (t *Terminal) ReadRaw(ctx context.Context, b []byte) (int, error) { return t.take(ctx, b, true) }

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
