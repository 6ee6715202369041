package cmd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kubectl-learn/kubectl-learn/pkg/render"
)

// Lines that have left the screen can't be replaced: no more are drawn than fit.
func TestLive(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := &Live{out: &out, style: render.Style{Width: 80, Terminal: true}}
	l.Show("a\nb\n")
	l.Show("c\n")
	l.Clear()
	l.Clear()
	if want := "a\nb\n\x1b[2A\r\x1b[Jc\n\x1b[1A\r\x1b[J"; out.String() != want {
		t.Errorf("drew %q, want %q", out.String(), want)
	}
	out.Reset()
	l.Show(strings.Repeat("x\n", 50) + "last\n")
	if n := strings.Count(out.String(), "\n"); n != mostLive || !strings.HasSuffix(out.String(), "x\nlast\n") {
		t.Errorf("%d lines: %q", n, out.String())
	}
	out.Reset()
	l = &Live{out: &out, style: render.Style{Width: 80}}
	l.Wait("something")
	if out.Len() > 0 {
		t.Errorf("where nothing can be replaced it drew %q", out.String())
	}
}
