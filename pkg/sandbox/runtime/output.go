package runtime

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// longestLine is how much of a line goes into one entry of a log, as in containerd.
const longestLine = 16 << 10

// output is what a container writes: a log in CRI's format (time, stream, F for a whole line or P
// for a part of one, the text), and whoever is attached just now.
type output struct {
	path string

	mu       sync.Mutex
	file     *os.File
	attached map[io.Writer]string // to the name of the stream
	streams  []*logStream
}

func newOutput(path string) *output {
	return &output{path: path, attached: map[io.Writer]string{}}
}

// open opens the log, anew when it is open: the kubelet has moved the old file away then.
func (o *output) open() error {
	f, err := os.OpenFile(o.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file != nil {
		_ = o.file.Close()
	}
	o.file = f
	return nil
}

// close writes what has no end of line yet, and closes the log.
func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.streams {
		if len(s.rest) > 0 {
			o.entry(s.name, "P", s.rest)
			s.rest = nil
		}
	}
	if o.file != nil {
		_ = o.file.Close()
		o.file = nil
	}
}

// stream is where the container writes its standard output or error.
func (o *output) stream(name string) io.Writer {
	s := &logStream{out: o, name: name}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.streams = append(o.streams, s)
	return s
}

// attach copies what comes on the streams to stdout and stderr, either of which may be nil.
func (o *output) attach(stdout, stderr io.Writer) (detach func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if stdout != nil {
		o.attached[stdout] = "stdout"
	}
	if stderr != nil {
		o.attached[stderr] = "stderr"
	}
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.attached, stdout)
		delete(o.attached, stderr)
	}
}

// entry writes one entry of the log; o.mu is held.
func (o *output) entry(stream, tag string, text []byte) {
	if o.file == nil {
		return
	}
	// A log that can't be written must not stop the container.
	_, _ = fmt.Fprintf(o.file, "%s %s %s %s\n", time.Now().Format(time.RFC3339Nano), stream, tag, text)
}

type logStream struct {
	out  *output
	name string
	rest []byte
}

func (s *logStream) Write(b []byte) (int, error) {
	o := s.out
	o.mu.Lock()
	defer o.mu.Unlock()
	for w, name := range o.attached {
		if name == s.name {
			if _, err := w.Write(b); err != nil {
				delete(o.attached, w)
			}
		}
	}
	s.rest = append(s.rest, b...)
	for {
		line, rest, whole := bytes.Cut(s.rest, []byte{'\n'})
		switch {
		case whole && len(line) <= longestLine:
			o.entry(s.name, "F", line)
			s.rest = rest
		case len(s.rest) > longestLine:
			o.entry(s.name, "P", s.rest[:longestLine])
			s.rest = s.rest[longestLine:]
		default:
			s.rest = append([]byte(nil), s.rest...)
			return len(b), nil
		}
	}
}
