package draw

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/explain"
	"github.com/kubectl-learn/kubectl-learn/pkg/observe"
	"github.com/kubectl-learn/kubectl-learn/pkg/render"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

const (
	// frame is how long a drawing stands at least: eyes follow no faster.
	frame = 200 * time.Millisecond
	// pulse is how often the parts of the control plane are asked how they are; nothing tells of that by itself.
	pulse = 2 * time.Second
)

// watch draws the map anew whenever something that it shows has changed.
func (o *Options) watch(ctx context.Context, s *cmd.Sight) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen, err := observe.Of(s.Client.In(s.Scope(ctx)), s.Now).Watch(ctx, queries("pods"))
	if err != nil {
		return err
	}
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	canvas := o.canvas()
	defer canvas.close()
	asked := make(chan parts, 1)
	ask := func() { go func() { asked <- readParts(ctx, s) }() }
	ask()
	var now *snapshot.Snapshot
	var known *parts
	asking, due := true, time.NewTimer(0)
	defer due.Stop()
	waiting := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case fresh, open := <-seen:
			if !open {
				return nil
			}
			now = fresh
		case p := <-asked:
			known, asking = &p, false
		case <-beat.C:
			if !asking {
				asking = true
				ask()
			}
			continue
		case <-due.C:
			waiting = false
		}
		if now == nil || known == nil || waiting {
			continue
		}
		if err := canvas.draw(o.picture(now, *known, s.Namespace, canvas.rows())); err != nil {
			return err
		}
		waiting = true
		due.Reset(frame)
	}
}

// picture is the map of a snapshot, as it is printed. Where that is higher than so many rows it is told in fewer; 0 is any height.
func (o *Options) picture(now *snapshot.Snapshot, p parts, namespace string, rows int) ([]byte, error) {
	sketch := explain.NewSketch(namespace)
	sketch.AddAll(now)
	e := finish(sketch.Map(now), p, now)
	var b bytes.Buffer
	err := o.show(&b, o.Style(), e)
	if err == nil && rows > 0 && bytes.Count(b.Bytes(), []byte("\n")) > rows {
		b.Reset()
		err = render.ShortMap(&b, e, o.Style())
	}
	return b.Bytes(), err
}

// canvas is where pictures are drawn one over the other: the whole terminal, which is given back as it was. Elsewhere
// each picture that differs from the one before is printed.
type canvas struct {
	out      io.Writer
	terminal *os.File
	last     []byte
}

func (o *Options) canvas() *canvas {
	c := &canvas{out: o.Out}
	if f, ok := o.Out.(*os.File); ok && o.Style().Terminal && o.Output.ForPeople() {
		c.terminal = f
		fmt.Fprint(f, "\x1b[?1049h\x1b[?25l")
	}
	return c
}

func (c *canvas) close() {
	if c.terminal != nil {
		fmt.Fprint(c.terminal, "\x1b[?25h\x1b[?1049l")
		_, _ = c.terminal.Write(c.last) // the last picture stays
	}
}

func (c *canvas) draw(picture []byte, err error) error {
	if err != nil || bytes.Equal(picture, c.last) {
		return err
	}
	first := c.last == nil
	c.last = picture
	if c.terminal == nil {
		if !first {
			fmt.Fprintln(c.out)
		}
		_, err := c.out.Write(picture)
		return err
	}
	rows := c.rows()
	var b strings.Builder
	b.WriteString("\x1b[H")
	lines := strings.Split(strings.TrimRight(string(picture), "\n"), "\n")
	for i, l := range lines {
		if i == rows-1 && len(lines) > rows {
			fmt.Fprintf(&b, "  and %d more lines; a higher window shows them\x1b[K", len(lines)-i)
			break
		}
		b.WriteString(l + "\x1b[K")
		if i < len(lines)-1 {
			b.WriteString("\r\n")
		}
	}
	b.WriteString("\x1b[J")
	_, err = io.WriteString(c.terminal, b.String())
	return err
}

// rows is the height of the terminal; 0 where there is none.
func (c *canvas) rows() int {
	if c.terminal == nil {
		return 0
	}
	if _, rows, err := term.GetSize(int(c.terminal.Fd())); err == nil {
		return rows
	}
	return 24
}
