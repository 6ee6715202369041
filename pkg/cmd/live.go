package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// Live is a few lines at the end of a terminal that show how something goes on: each showing replaces the one
// before. Where lines can't be replaced it shows nothing.
type Live struct {
	out   io.Writer
	style render.Style
	drawn int
}

// mostLive is how many lines are replaced at most: those of the smallest screen, less what stands above them. A line that
// has left the screen can't be replaced.
const mostLive = 20

// Live shows on standard error.
func (a *App) Live() *Live { return &Live{out: a.ErrOut, style: a.ErrStyle()} }

// Style is what it can show.
func (l *Live) Style() render.Style { return l.style }

// Show replaces what stands there by other lines.
func (l *Live) Show(text string) {
	if !l.style.Terminal {
		return
	}
	l.Clear()
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if extra := len(lines) - mostLive; extra > 0 {
		lines = lines[extra:]
	}
	fmt.Fprintln(l.out, strings.Join(lines, "\n"))
	l.drawn = len(lines)
}

// Wait shows what is waited for, in one line.
func (l *Live) Wait(text string) { l.Show(render.Waiting(text, l.style)) }

// Clear takes away what stands there.
func (l *Live) Clear() {
	if l.drawn > 0 {
		fmt.Fprintf(l.out, "\x1b[%dA\r\x1b[J", l.drawn)
		l.drawn = 0
	}
}
