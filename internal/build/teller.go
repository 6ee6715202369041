package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// teller shows how far a build is: in one line, again and again, on a terminal; elsewhere in a line
// now and then.
type teller struct {
	w        io.Writer
	terminal bool
	total    int
	now      func() time.Time
	every    time.Duration

	began time.Time
	done  int
	shown bool
}

func newTeller(w io.Writer, terminal bool, total int, now func() time.Time) *teller {
	t := &teller{w: w, terminal: terminal, total: total, now: now, every: 30 * time.Second, began: now()}
	if terminal {
		t.every = time.Second
	}
	return t
}

// tell reads what `go build -v` prints until its end: a package a line, and whatever is wrong.
func (t *teller) tell(r io.Reader) {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			lines <- s.Text()
		}
		_, _ = io.Copy(io.Discard, r) // a line too long for the scanner must not stop the build
	}()
	tick := time.NewTicker(t.every)
	defer tick.Stop()
	for {
		select {
		case line, ok := <-lines:
			switch {
			case !ok:
				t.clear()
				return
			case isPackage(line):
				t.done++
				if t.terminal {
					t.show()
				}
			default:
				t.clear()
				fmt.Fprintln(t.w, line)
			}
		case <-tick.C:
			t.show()
		}
	}
}

// show says how far it is.
func (t *teller) show() {
	what := fmt.Sprintf("%d of %d packages compiled, %s", min(t.done, t.total), t.total, t.now().Sub(t.began).Round(time.Second))
	if t.done+1 >= t.total { // the main package comes last, and is told of before it is linked
		what = fmt.Sprintf("linking, %s", t.now().Sub(t.began).Round(time.Second))
	}
	if t.terminal {
		fmt.Fprintf(t.w, "\r\x1b[K  %s", what)
		t.shown = true
		return
	}
	fmt.Fprintf(t.w, "  %s\n", what)
}

// clear takes the line on the terminal away.
func (t *teller) clear() {
	if t.shown {
		fmt.Fprint(t.w, "\r\x1b[K")
		t.shown = false
	}
}

// isPackage tells the name of a package from an error or a note of the go command's. The line
// "# package" stands above a package's errors and is none.
func isPackage(line string) bool {
	return line != "" && !strings.ContainsAny(line, " \t:#")
}
