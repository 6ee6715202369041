package terminal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"golang.org/x/term"
)

// ErrInterrupted is what ReadLine returns when Ctrl-C was typed.
var ErrInterrupted = errors.New("interrupted")

const historySize = 500

// history is the lines typed before, oldest first.
type history struct{ lines []string }

func (h *history) Add(entry string) {
	if strings.TrimSpace(entry) == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == entry {
		return
	}
	h.lines = append(h.lines, entry)
	if len(h.lines) > historySize {
		h.lines = h.lines[1:]
	}
}

func (h *history) Len() int { return len(h.lines) }

// At counts from the newest.
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }

// History returns the lines typed so far, oldest first.
func (t *Terminal) History() []string { return t.past.lines }

// Completer proposes what the word before the cursor may become. line is the whole line, pos the
// cursor. It returns the new line and cursor, or choices to show.
type Completer func(line string, pos int) (newLine string, newPos int, choices []string)

// ReadLine lets the person edit a line. It returns io.EOF for Ctrl-D and at the end of input, and
// ErrInterrupted for Ctrl-C.
func (t *Terminal) ReadLine(ctx context.Context, prompt string, complete Completer) (string, error) {
	restore := t.Raw()
	defer restore()
	e := &editor{ctx: ctx, t: t}
	ed := term.NewTerminal(e, prompt)
	w, h := t.Size()
	_ = ed.SetSize(w, h)
	ed.History = &t.past
	if complete != nil {
		ed.AutoCompleteCallback = func(line string, pos int, key rune) (string, int, bool) {
			if key != '\t' {
				return "", 0, false
			}
			newLine, newPos, choices := complete(line, pos)
			if len(choices) > 0 {
				_, _ = e.Write([]byte("\r\n" + strings.Join(choices, "  ") + "\r\n" + prompt + line + strings.Repeat("\b", len(line)-pos)))
			}
			return newLine, newPos, true
		}
	}
	line, err := ed.ReadLine()
	if errors.Is(err, term.ErrPasteIndicator) {
		err = nil
	}
	if e.interrupted {
		_, _ = e.Write([]byte("^C\r\n"))
		return "", ErrInterrupted
	}
	return line, err
}

// editor is the raw stream as the line editor sees it. It hands out one key stroke's line at most, so
// that what is typed ahead stays for the program that runs next.
type editor struct {
	ctx         context.Context
	t           *Terminal
	interrupted bool
	lastCR      bool
}

func (e *editor) Read(b []byte) (int, error) {
	for {
		n, err := e.t.takeLine(e.ctx, b)
		if err != nil {
			return 0, err
		}
		if e.lastCR && n == 1 && b[0] == '\n' {
			e.lastCR = false
			continue
		}
		for i, c := range b[:n] {
			if c == ctrlC {
				e.interrupted = true
				return 0, io.EOF
			}
			if c == '\n' {
				b[i] = '\r'
			}
		}
		e.lastCR = b[n-1] == '\r'
		return n, nil
	}
}

// takeLine reads raw bytes, up to the end of a line or a Ctrl-C.
func (t *Terminal) takeLine(ctx context.Context, b []byte) (int, error) {
	return t.await(ctx, func() (int, bool, error) {
		n := min(len(b), len(t.raw))
		if i := bytes.IndexAny(t.raw[:n], "\r\n\x03"); i >= 0 {
			n = i + 1
		}
		copy(b, t.raw[:n])
		t.raw = t.raw[n:]
		return n, n > 0, nil
	})
}

func (e *editor) Write(b []byte) (int, error) { return e.t.out.direct(b) }
