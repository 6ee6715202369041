package applet

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// oldStyle turns head -5 into head -n 5.
func oldStyle(t *task.Task) *task.Task {
	if len(t.Args) > 1 && len(t.Args[1]) > 1 && t.Args[1][0] == '-' && t.Args[1][1] >= '0' && t.Args[1][1] <= '9' {
		c := *t
		c.Args = append([]string{t.Args[0], "-n", t.Args[1][1:]}, t.Args[2:]...)
		return &c
	}
	return t
}

func head(t *task.Task) int {
	t = oldStyle(t)
	o, names, ok := options(t, "n:c:qv", "lines=n", "bytes=c")
	if !ok {
		return 1
	}
	bytes := o.has('c')
	limit, err := strconv.Atoi(o.value('n', "10"))
	if bytes {
		limit, err = count(o.value('c', ""))
	}
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('n', o.value('c', "")))
		return 1
	}
	first := true
	return eachInput(t, names, func(name string, r io.Reader) error {
		title(t, o, names, name, &first)
		if bytes {
			_, err := io.CopyN(t.Out, r, int64(limit))
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
		return headLines(t, r, limit)
	})
}

// headLines writes the first lines, or for a negative limit all but the last.
func headLines(t *task.Task, r io.Reader, limit int) error {
	var kept []string
	n := 0
	err := errDone
	if limit != 0 {
		err = lines(r, func(line string) error {
			if limit < 0 {
				if kept = append(kept, line); len(kept) > -limit {
					line, kept = kept[0], kept[1:]
				} else {
					return nil
				}
			}
			if _, err := io.WriteString(t.Out, line); err != nil {
				return err
			}
			if n++; n == limit {
				return errDone
			}
			return nil
		})
	}
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// errDone ends a loop over lines early.
var errDone = errors.New("done")

// title prints the heading of one of several files.
func title(t *task.Task, o opts, names []string, name string, first *bool) {
	if len(names) < 2 && !o.has('v') || o.has('q') {
		return
	}
	if !*first {
		t.Printf("\n")
	}
	*first = false
	if name == "-" {
		name = "standard input"
	}
	t.Printf("==> %s <==\n", name)
}

// followEvery is how often tail -f looks again.
const followEvery = 200 * time.Millisecond

func tail(ctx context.Context, t *task.Task) int {
	t = oldStyle(t)
	o, names, ok := options(t, "n:c:fFqvs:", "lines=n", "follow=f")
	if !ok {
		return 1
	}
	spec := o.value('n', o.value('c', "10"))
	n, err := count(strings.TrimPrefix(spec, "+"))
	if err != nil {
		t.Errorf("invalid number '%s'", spec)
		return 1
	}
	n = max(n, -n)
	first, seen := true, map[string]int64{}
	code := eachInput(t, names, func(name string, r io.Reader) error {
		title(t, o, names, name, &first)
		counted := &counter{Reader: r}
		defer func() { seen[name] = counted.n }()
		return tailOf(t, counted, n, strings.HasPrefix(spec, "+"), o.has('c'))
	})
	if o.has('f') || o.has('F') {
		return follow(ctx, t, names, seen, o.has('F'))
	}
	return code
}

// counter counts the bytes that were read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

func tailOf(t *task.Task, r io.Reader, n int, fromStart, bytes bool) error {
	if bytes {
		b, err := io.ReadAll(r)
		if fromStart {
			b = b[min(max(n-1, 0), len(b)):]
		} else {
			b = b[max(len(b)-n, 0):]
		}
		_, _ = t.Out.Write(b)
		return err
	}
	var kept []string
	at := 0
	err := lines(r, func(line string) error {
		at++
		if fromStart {
			if at >= n {
				_, err := io.WriteString(t.Out, line)
				return err
			}
			return nil
		}
		if kept = append(kept, line); len(kept) > n {
			kept = kept[1:]
		}
		return nil
	})
	for _, l := range kept {
		_, _ = io.WriteString(t.Out, l)
	}
	return err
}

// follow prints what is added to files until ctx ends. Seen is how much of each was read already.
func follow(ctx context.Context, t *task.Task, names []string, seen map[string]int64, byName bool) int {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return task.CodeOf(ctx)
		case <-tick.C:
		}
		for _, n := range names {
			more(t, n, seen, byName)
		}
	}
}

func more(t *task.Task, name string, seen map[string]int64, byName bool) {
	fi, err := t.FS.Stat(t.Path(name))
	if err != nil || fi.IsDir() {
		if byName {
			seen[name] = 0
		}
		return
	}
	if fi.Size() < seen[name] {
		seen[name] = 0
	}
	if fi.Size() == seen[name] {
		return
	}
	f, err := t.FS.Open(t.Path(name))
	if err != nil {
		return
	}
	defer f.Close()
	if _, err := f.Seek(seen[name], io.SeekStart); err == nil {
		n, _ := io.Copy(t.Out, f)
		seen[name] += n
	}
}

// count reads a number with one of the suffixes b, k, m and so on.
func count(s string) (int, error) {
	mult := 1
	if s != "" {
		switch s[len(s)-1] {
		case 'b':
			mult = 512
		case 'k', 'K':
			mult = 1 << 10
		case 'm', 'M':
			mult = 1 << 20
		case 'g', 'G':
			mult = 1 << 30
		}
	}
	if mult > 1 {
		s = s[:len(s)-1]
	}
	n, err := strconv.Atoi(s)
	return n * mult, err
}
