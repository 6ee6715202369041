package render_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/creack/pty"

	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(k string) string { return m[k] }
}

func TestDetectInAPipe(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		name string
		env  func(string) string
		want render.Style
	}{
		{"UTF-8", env("LANG", "en_US.UTF-8"), render.Style{Width: 80}},
		{"LC_ALL wins", env("LC_ALL", "C", "LANG", "en_US.UTF-8"), render.Style{Width: 80, ASCII: true}},
		{"LC_CTYPE before LANG", env("LC_CTYPE", "C.utf8", "LANG", "C"), render.Style{Width: 80}},
		{"colour forced", env("LANG", "C.UTF-8", "CLICOLOR_FORCE", "1"), render.Style{Width: 80, Color: true}},
		{"colour not forced", env("LANG", "C.UTF-8", "CLICOLOR_FORCE", "0"), render.Style{Width: 80}},
		{"NO_COLOR wins", env("LANG", "C.UTF-8", "CLICOLOR_FORCE", "1", "NO_COLOR", "1"), render.Style{Width: 80}},
	} {
		if got := render.Detect(file, c.env); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if got := render.Detect(&bytes.Buffer{}, c.env); got != c.want {
			t.Errorf("%s, a buffer: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestDetectOnATerminal(t *testing.T) {
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	defer terminal.Close()
	defer tty.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 132}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  func(string) string
		want render.Style
	}{
		{"plain", env("LANG", "C.UTF-8", "TERM", "xterm"), render.Style{Width: 132, Height: 24, Color: true, Terminal: true}},
		{"NO_COLOR", env("LANG", "C.UTF-8", "TERM", "xterm", "NO_COLOR", "1"), render.Style{Width: 132, Height: 24, Terminal: true}},
		{"dumb", env("LANG", "C.UTF-8", "TERM", "dumb"), render.Style{Width: 132, Height: 24}},
	} {
		if got := render.Detect(tty, c.env); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
