package cmd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
)

// Asker reads answers line by line.
type Asker struct {
	in *bufio.Reader
}

// Asker reads from standard input. A command makes one and keeps it, since it may read ahead.
func (a *App) Asker() *Asker { return &Asker{in: bufio.NewReader(a.In)} }

// Line reads one line; ok is false at the end of the input. It gives up with ctx, which a read from
// a terminal does not do by itself.
func (k *Asker) Line(ctx context.Context) (line string, ok bool, err error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := k.in.ReadString('\n')
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", false, ctx.Err()
	case got := <-answers:
		if errors.Is(got.err, io.EOF) && got.line == "" {
			return "", false, nil
		}
		if got.err != nil && !errors.Is(got.err, io.EOF) {
			return "", false, got.err
		}
		return strings.TrimSpace(got.line), true, nil
	}
}

// Unanswered says that the learner broke off at a question. They stay at its step.
type Unanswered struct{ Cause error }

func (e *Unanswered) Error() string { return "wait for an answer: " + e.Cause.Error() }

// Unwrap gives what ended the waiting.
func (e *Unanswered) Unwrap() error { return e.Cause }

// leaving says that what was typed is how one leaves other programs, and no answer.
func leaving(typed string) bool {
	return slices.Contains([]string{"q", "quit", "exit", ":q"}, strings.ToLower(typed))
}

// choice reads an option from what was typed: its letter or its number, from 1.
func choice(typed string, options int) (int, bool) {
	typed = strings.ToLower(strings.Trim(typed, " .)"))
	if len(typed) != 1 {
		return 0, false
	}
	for i := range options {
		if typed[0] == byte('a'+i) || typed[0] == byte('1'+i) {
			return i, true
		}
	}
	return 0, false
}
